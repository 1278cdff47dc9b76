"""The lab: a gateway, a segment, and the host whose eth0 is on that segment.

The gateway routes for both NICs of the host. The segment is a switch: eth0's cable, the gateway's
and every client's end in it. Nothing here touches an interface of the machine that the lab runs on.
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
from bridgekit.netlink.iproute import IpRoute
from bridgekit.system.netns import inside

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
    "segment": ("net.ipv6.conf.default.disable_ipv6=1",),
}

_CABLES: Final = (
    ("host", "host", "eth0", layout.HOST_MAC),
    ("gateway", "gateway", "eth0", layout.GATEWAY_MAC),
    ("second", "host", "eth1", layout.SECOND_MAC),
)
"""Each one's end in the segment's namespace.

Then the host, the NIC and the MAC of its other end.
"""


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
            self._make_segment()
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
        """Give the carrier back, and wait until the host has it."""
        self.ip(*self._cable(nic, "up"))
        self.hosts["host"].wait_for_carrier(nic)

    def write_interfaces(self, text: str, name: str = "interfaces") -> None:
        """Write a file below the host's /etc/network."""
        (self.hosts["host"].config / "network" / name).write_text(text)

    def read_interfaces(self, name: str = "interfaces") -> str:
        """Read a file below the host's /etc/network."""
        return (self.hosts["host"].config / "network" / name).read_text()

    def _cable(self, nic: str, state: str) -> tuple[str, str]:
        if nic == "eth0":
            return "segment", f"link set host {state}"
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

    def _make_segment(self) -> None:
        with inside(self.hosts["segment"].netns), IpRoute() as ip:
            self._plug_cables(ip)
        self.ip("gateway", *layout.GATEWAY)
        self.ip("host", *self._lines)
        self.hosts["host"].settle()
        for nic in ("default", "eth0", "eth1"):  # addresses of a test's own are then checked
            self.hosts["host"].sysctl(f"net.ipv6.conf.{nic}.accept_dad", "1")

    def _plug_cables(self, ip: IpRoute) -> None:
        """Make the segment, a bridge, and the cables.

        The second one goes to the gateway directly.
        """
        ip.add_link("segment", "bridge", br_stp_state=0, br_forward_delay=0, br_mcast_snooping=0)
        for end, host, nic, mac in _CABLES:
            ip.add_veth(end, {"ifname": nic, "address": mac}, self.hosts[host].netns)
        ip.move("second", self.hosts["gateway"].netns, "eth1")
        for port in ("host", "gateway"):
            ip.set_controller(port, "segment")
            ip.set_up(port)
        ip.set_up("segment")


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
