"""Docker's engine for the tests: one of our own, apart from any that the machine has."""

import os
import select
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bridgekit.lab.topology import Lab
from bridgekit.pxe import lifecycle
from bridgekit.pxe.spec import PxeSpec

START_SECONDS = 60
STOP_SECONDS = 60
# Nothing of the machine's own network or firewall may change
NO_NETWORK = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false")

# Made by dockerd wherever its options point; what was not there before goes again
STRAYS = [
    Path(name) for name in ("/etc/docker", "/opt/containerd", "/run/docker", "/run/containerd")
]

Start = Callable[..., "subprocess.Popen[Any]"]


def data_root() -> Path:
    """Where images are kept from one run to the next."""
    cache = os.environ.get("BRIDGEKIT_CACHE_DIR") or Path(__file__).parents[2] / ".cache"
    return Path(cache).absolute() / "docker"


@contextmanager
def beside_the_machine(data: Path) -> Iterator[str]:
    """Run an engine that can build and touches no network; yield its DOCKER_HOST.

    What an earlier, failed test has left goes first: the engine would start it again.
    """
    with _running(data, subprocess.Popen, *NO_NETWORK) as address:
        for kind in (("container", "--all"), ("volume",)):
            _remove_all(address, *kind)
        yield address


def ensure_image() -> Path:
    """Build the service's image if it is missing, outside of any lab; return the images' place.

    Only there Debian's archive can be reached.
    """
    data = data_root()
    with beside_the_machine(data) as address:
        build_image(address)
    return data


def build_image(address: str) -> None:
    """The same with an engine that runs."""
    cache = data_root().parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", address)
        patch.setenv("BRIDGEKIT_CACHE_DIR", str(cache))
        lifecycle.build(PxeSpec(engine="docker", nat=False), cache)


def _remove_all(address: str, kind: str, *all: str) -> None:
    docker = ("docker", "--host", address, kind)
    listed = subprocess.run(
        (*docker, "ls", *all, "--quiet"), check=True, capture_output=True, text=True
    )
    if names := listed.stdout.split():
        subprocess.run((*docker, "rm", "--force", *names), check=True, stdout=subprocess.DEVNULL)


@contextmanager
def inside(lab: Lab, data: Path, address: str | None = None) -> Iterator[str]:
    """Run an engine with its own bridge and iptables in a lab host; yield its DOCKER_HOST.

    With an `address` it is that, as for the same engine after a restart.
    """
    with _running(data, lambda argv, **how: lab.popen("host", *argv, **how), at=address) as known:
        yield known


@contextmanager
def _running(data: Path, start: Start, *options: str, at: str | None = None) -> Iterator[str]:
    place = Path(tempfile.mkdtemp(prefix="bk-docker-"))
    strays = [path for path in STRAYS if not path.exists()]
    address = at or f"unix://{place}/docker.sock"
    argv = (
        *("dockerd", f"--host={address}", f"--data-root={data}", f"--exec-root={place}/run"),
        *(f"--pidfile={place}/docker.pid", "--log-level=warn", *options),
    )
    log = (place / "log").open("w")
    with log, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        ready.bind(str(place / "ready"))
        environment = {**os.environ, "NOTIFY_SOCKET": str(place / "ready")}
        process = start(argv, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            _wait_until_ready(ready, process, place / "log")
            yield address
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)
            _unmount_below(place)
            shutil.rmtree(place)
            for path in strays:
                shutil.rmtree(path, ignore_errors=True)


def _unmount_below(place: Path) -> None:
    """Unmount what the engine leaves mounted: the network namespace that it starts in."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        if line.split()[1].startswith(f"{place}/"):
            subprocess.run(("umount", line.split()[1]), check=True)


def _wait_until_ready(ready: socket.socket, process: "subprocess.Popen[Any]", log: Path) -> None:
    """Wait for the engine's notice, as systemd would: see sd_notify(3)."""
    deadline = time.monotonic() + START_SECONDS
    ended = os.pidfd_open(process.pid)
    try:
        while time.monotonic() < deadline:
            left = deadline - time.monotonic()
            readable, _, _ = select.select([ready.fileno(), ended], [], [], left)
            if ready.fileno() in readable and b"READY=1" in ready.recv(4096):
                return
            if ended in readable:
                break
    finally:
        os.close(ended)
    raise AssertionError(f"dockerd did not start: {log.read_text()[-2000:]}")
