"""The lab: a gateway, a wire, and the host whose eth0 is on that wire.

The gateway routes for both NICs of the host. The wire is a switch: eth0's cable, the gateway's and
every client's end in it. Nothing here touches an interface of the machine that the lab runs on.
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bridgekit.lab import kernel, layout, registry
from bridgekit.lab.host import BRIDGEKIT, CONFIG, Host, Process, Result, hold, wait_ready

DEFAULT_NAME: Final = "bridgekit"
SCRIPTS: Final = Path("/etc/network")

_QUIET: Final = ("net.ipv6.conf.default.accept_dad=0",)
REAP_SECONDS = 1.0
SYSCTLS: Final[Mapping[str, Sequence[str]]] = {
    "host": (
        "net.ipv4.ip_forward=0",
        "net.ipv4.conf.all.rp_filter=2",
        "net.ipv4.conf.default.rp_filter=2",
        "net.ipv4.conf.default.promote_secondaries=0",
        "net.ipv6.conf.default.accept_ra=0",
        "net.ipv6.conf.default.autoconf=0",
        *_QUIET,
    ),
    "gateway": (
        "net.ipv4.ip_forward=1",
        "net.ipv4.conf.all.rp_filter=0",
        "net.ipv4.conf.default.rp_filter=0",
        "net.ipv6.conf.all.forwarding=1",
        *_QUIET,
    ),
    "wire": ("net.ipv6.conf.default.disable_ipv6=1",),
}

_WIRING: Final = (
    "link add wire type bridge stp_state 0 forward_delay 0 mcast_snooping 0",
    f"link add host type veth peer name eth0 address {layout.HOST_MAC} netns {{host}}",
    f"link add gateway type veth peer name eth0 address {layout.GATEWAY_MAC} netns {{gateway}}",
    f"link add second type veth peer name eth1 address {layout.SECOND_MAC} netns {{host}}",
    "link set second netns {gateway} name eth1",
    "link set host master wire up",
    "link set gateway master wire up",
    "link set wire up",
)


class Lab:
    """A lab that is up between `up` and `down`, or inside a `with` block.

    `host` are the `ip` argument lines that make the host's state, `interfaces` the text of its
    /etc/network/interfaces, `sysctls` more settings of the host ("key=value") made before its NICs
    appear. With `stay` it outlives this process, until `down`.
    """

    def __init__(
        self,
        name: str = DEFAULT_NAME,
        *,
        host: Sequence[str] = layout.FULL,
        interfaces: str = layout.INTERFACES,
        sysctls: Sequence[str] = (),
        stay: bool = False,
    ) -> None:
        registry.check_name(name)
        self.name = name
        self.hosts: dict[str, Host] = {}
        self._lines = host
        self._interfaces = interfaces
        self._sysctls = {**SYSCTLS, "host": (*SYSCTLS["host"], *sysctls)}
        self._stay = stay
        self._processes: list[Process] = []

    def up(self) -> None:
        """Make the lab; if that fails, nothing of it is left."""
        registry.claim(self.name)
        try:
            self._hold()
            self._wire()
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """End every process of the lab and remove all of it."""
        kernel.children_at_home()
        for process in self._processes:
            process.kill()
            _await_end(process)
        registry.remove(self.name)

    def __enter__(self) -> "Lab":
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.down()

    def run(self, where: str, *argv: str, **how: Any) -> Result:
        """Run a program in a host to its end; see Host.run."""
        return self.hosts[where].run(*argv, **how)

    def popen(self, where: str, *argv: str, **how: Any) -> Process:
        """Start a program in a host; `down` ends it."""
        process = self.hosts[where].popen(*argv, **how)
        self._processes.insert(0, process)
        return process

    def bridgekit(self, *arguments: str, where: str = "host", **how: Any) -> Result:
        """Run the command under test in a host; any exit code is a result."""
        how = {"check": False, **how}
        return self.run(where, *BRIDGEKIT, *arguments, **how)

    def ip(self, where: str, *lines: str) -> None:
        """Run lines of `ip` arguments in a host."""
        self.hosts[where].ip(lines)

    def unplug(self, nic: str = "eth0") -> None:
        """Take away the carrier of one of the host's NICs."""
        self.ip(*self._cable(nic, "down"))

    def plug(self, nic: str = "eth0") -> None:
        """Give the carrier back."""
        self.ip(*self._cable(nic, "up"))

    def write_interfaces(self, text: str, name: str = "interfaces") -> None:
        """Write a file below the host's /etc/network."""
        (self.hosts["host"].config / "network" / name).write_text(text)

    def read_interfaces(self, name: str = "interfaces") -> str:
        """Read a file below the host's /etc/network."""
        return (self.hosts["host"].config / "network" / name).read_text()

    def _cable(self, nic: str, state: str) -> tuple[str, str]:
        if nic == "eth0":
            return "wire", f"link set host {state}"
        return "gateway", f"link set {nic} {state}"

    def _hold(self) -> None:
        started = []
        for name in registry.NAMES:
            namespace = registry.namespace(self.name, name)
            _write_config(CONFIG / namespace, self._interfaces if name == "host" else "")
            host, process = hold(name, namespace, self._sysctls[name], follow=not self._stay)
            self.hosts[name] = host
            self._processes.append(process)
            registry.add(self.name, host)
            started.append((host, process))
        for host, process in started:
            wait_ready(host, process)

    def _wire(self) -> None:
        names = {name: host.namespace for name, host in self.hosts.items()}
        self.ip("wire", *(line.format_map(names) for line in _WIRING))
        self.ip("gateway", *layout.GATEWAY)
        self.ip("host", *self._lines)
        self.hosts["host"].settle()
        for nic in ("default", "eth0", "eth1"):  # addresses of a test's own are then checked
            self.hosts["host"].sysctl(f"net.ipv6.conf.{nic}.accept_dad", "1")


def _write_config(directory: Path, interfaces: str) -> None:
    """Make what covers /etc in one host: its own /etc/network with bridge-utils' scripts only."""
    registry.make_directory(directory)
    network = directory / "network"
    (network / "interfaces.d").mkdir(parents=True)
    (network / "interfaces").write_text(interfaces)
    for moment in ("if-pre-up.d", "if-up.d", "if-down.d", "if-post-down.d"):
        (network / moment).mkdir()
        script = SCRIPTS / moment / "bridge"
        if script.exists():
            (network / moment / script.name).symlink_to(script.resolve())
    (directory / "resolv.conf").write_text("nameserver 192.168.1.1\n")


def _await_end(holder: Process) -> None:
    """PID 1 of a namespace ends when all others there are reaped (zap_pid_ns_processes).

    A program whose start was interrupted is a child of ours that nobody waits for.
    """
    while True:
        try:
            holder.wait(REAP_SECONDS)
        except subprocess.TimeoutExpired:
            _reap_the_forgotten()
        else:
            return


def _reap_the_forgotten() -> None:
    for path in Path("/proc/self/task").glob("*/children"):
        for child in path.read_text().split():
            with contextlib.suppress(OSError):  # it has ended, and was reaped
                status = Path("/proc", child, "status").read_text()
                inside = re.search(r"^NSpid:\s+\d+\s+\d+", status, re.MULTILINE)
                if inside and "\nState:\tZ" in status:
                    os.waitpid(int(child), os.WNOHANG)
