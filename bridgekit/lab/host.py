"""One lab host: its namespaces, how to run programs in it, and how to end it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from select import POLLIN, poll
from typing import IO, Any

from msgspec import Struct

import bridgekit
from bridgekit.errors import BridgekitError
from bridgekit.lab.kernel import inside, new_pid_namespace
from bridgekit.system.process import run

HOLDER = Path(__file__).with_name("holder.py")
Process = subprocess.Popen[Any]

# -P: a directory named bridgekit in the working directory is not imported in place of this code
PYTHON = (sys.executable, "-P")
BRIDGEKIT = (*PYTHON, "-m", "bridgekit")

CONFIG = Path("/etc/netns")  # `ip netns exec` lays these over /etc as well


class LabError(BridgekitError):
    """The lab could not be made or did not do what was asked of it."""


class Result(Struct, frozen=True):
    """How a program ended."""

    code: int
    stdout: str
    stderr: str


class Host(Struct, frozen=True):
    """A machine made of namespaces; `namespace` is its name for `ip netns`, `pid` its PID 1."""

    name: str
    namespace: str
    pid: int

    @property
    def netns(self) -> str:
        """The file of its network namespace."""
        return f"/run/netns/{self.namespace}"

    @property
    def config(self) -> Path:
        """The directory whose entries cover those of /etc in this host."""
        return CONFIG / self.namespace

    def popen(self, *argv: str, env: Mapping[str, str] | None = None, **how: Any) -> Process:
        """Start a program in all of the host's namespaces; the rest is as for subprocess.Popen."""
        with inside("pid", self.pid):
            enter = ("nsenter", f"--target={self.pid}", "--net", "--mount", "--uts", "--ipc")
            return subprocess.Popen((*enter, "--", *argv), env=_environment(env), **how)

    def run(
        self,
        *argv: str,
        check: bool = True,
        stdin: str | None = None,
        timeout: float = 240,
        env: Mapping[str, str] | None = None,
    ) -> Result:
        """Run a program to its end; with `check`, raise LabError unless it ended with 0."""
        pipe = subprocess.PIPE
        source = subprocess.DEVNULL if stdin is None else pipe
        with self.popen(
            *argv, env=env, stdin=source, stdout=pipe, stderr=pipe, errors="surrogateescape"
        ) as process:
            out, err = _communicate(process, stdin, timeout)
        if check and process.returncode:
            words = (err or out).strip()[-2000:]
            raise LabError(f"{self.name}: {' '.join(argv)}: {process.returncode}: {words}")
        return Result(process.returncode, out, err)

    def ip(self, lines: Sequence[str]) -> None:
        """Run lines of `ip` arguments, one batch for each stretch of the same family option."""
        for option, batch in _stretches(lines):
            run("ip", *option, "-n", self.namespace, "-batch", "-", stdin="\n".join(batch))

    def sysctl(self, key: str, value: str | None = None) -> str:
        """Return a net.* setting of the host, after writing `value` if there is one."""
        file = Path("/proc/sys") / key.replace(".", "/")
        with inside("net", self.pid):
            if value is not None:
                file.write_text(value)
            return file.read_text().strip()

    def settle(self, timeout: float = 10) -> None:
        """Wait until no address of a NIC that is up is tentative; LabError after `timeout` s."""
        question = ("-6", "-o", "address", "show", "up", "tentative")
        self.wait_while("address", lambda: bool(self._ask(*question)), timeout)

    def wait_for_carrier(self, nic: str, timeout: float = 10) -> None:
        """Wait until a NIC that is up has a carrier; LabError after `timeout` seconds.

        The kernel notices a carrier up to a second later (net/core/link_watch.c).
        """
        self.wait_while("link", lambda: "NO-CARRIER" in self._ask("link", "show", nic), timeout)

    def _ask(self, *words: str) -> str:
        return run("ip", "-n", self.namespace, *words)

    def wait_while(self, what: str, holds: Callable[[], bool], timeout: float = 10) -> None:
        """Ask again after each notification of `ip monitor WHAT`; LabError after `timeout` s."""
        if not holds():
            return
        deadline = time.monotonic() + timeout
        quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
        argv = ("ip", "-n", self.namespace, "monitor", what)
        with subprocess.Popen(argv, stdout=pipe, stderr=quiet) as monitor:
            assert monitor.stdout
            try:
                while holds():
                    if time.monotonic() > deadline:
                        raise LabError(f"{self.name}: `ip monitor {what}` brings no end")
                    if readable(monitor.stdout, 0.02):  # it may have begun too late
                        os.read(monitor.stdout.fileno(), 65536)
            finally:
                monitor.kill()

    def alive(self) -> bool:
        """Tell whether the holder process is there and is still a lab holder."""
        try:
            command = Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return False
        return str(self.config).encode() in command

    def end(self, timeout: float = 10) -> None:
        """End every process of the host and wait until they are gone; LabError after `timeout`."""
        if not self.alive():
            return
        with _handle(self.pid) as handle:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            if not readable(handle, timeout):
                raise LabError(f"{self.name}: process {self.pid} does not end")


def hold(name: str, namespace: str, settings: Sequence[str], follow: bool) -> tuple[Host, Process]:
    """Start a host whose /etc files are in CONFIG; with `follow` it ends with this process.

    Not ready yet: call `wait_ready` before using it, so that several can start at once.
    """
    life = "follow" if follow else "stay"
    argv = [sys.executable, "-I", "-S", str(HOLDER), life, name, str(CONFIG / namespace), *settings]
    with new_pid_namespace():
        process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if follow else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    return Host(name, namespace, process.pid), process


def wait_ready(host: Host, process: Process) -> None:
    """Wait until the holder has made the host; then give its network namespace its name."""
    assert process.stdout and process.stderr
    if process.stdout.readline() != b"ready\n":
        reason = process.stderr.read().decode().strip()
        raise LabError(f"lab host {host.name} could not be made: {reason or 'no reason given'}")
    run("ip", "netns", "attach", host.namespace, str(host.pid))


def readable(file: IO[Any] | int, timeout: float) -> bool:
    """Wait for something to read (or the end) for at most `timeout` seconds; tell if there is."""
    waiter = poll()
    waiter.register(file, POLLIN)
    return bool(waiter.poll(timeout * 1000))


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """Return the caller's environment, in which this bridgekit and its scripts come first."""
    here = str(Path(bridgekit.__file__).parents[1])
    path = f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return {**os.environ, "PYTHONPATH": here, "PATH": path, **(extra or {})}


def _communicate(process: Process, stdin: str | None, timeout: float) -> tuple[str, str]:
    try:
        return process.communicate(stdin, timeout=timeout)
    except BaseException as error:
        process.kill()
        if isinstance(error, subprocess.TimeoutExpired):
            raise LabError(f"{process.args!r}: no end after {timeout} s") from error
        raise


def _stretches(lines: Sequence[str]) -> Iterator[tuple[list[str], list[str]]]:
    option: list[str] = []
    batch: list[str] = []
    for line in lines:
        wanted = ["-6"] if line.startswith("-6 ") else []
        if wanted != option and batch:
            yield option, batch
            batch = []
        option = wanted
        batch.append(line.removeprefix("-6 "))
    if batch:
        yield option, batch


@contextmanager
def _handle(pid: int) -> Iterator[int]:
    handle = os.pidfd_open(pid)
    try:
        yield handle
    finally:
        os.close(handle)
