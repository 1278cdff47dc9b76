"""The words of dnsmasq and nginx for a subnet. dnsmasq(8), nginx.org/en/docs/dirindex.html"""

from dataclasses import dataclass
from pathlib import Path

from .machines import MachineEntry
from .settings import TREE, Settings
from .subnet import Subnet
from .templating import TEMPLATES, rendered

RUN = Path("/run/pxe")
"""What the service writes while it runs: menus, configurations, sockets."""
KEPT = Path("/var/lib/pxe")
"""What outlives a restart: the leases, and how far clients have come."""
LEASES = KEPT / "leases"
CLIENTS = KEPT / "clients.sqlite"
HOSTS = RUN / "hosts"
PRETENDED = RUN / "pretended"
"""The MAC address that `pxe check` takes: known, never counted, and another with each start."""
SILENT = RUN / "silent"
"""There while nothing is offered; says which other server answers instead."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program that is kept running, and its configuration's file and text."""

    name: str
    argv: tuple[str, ...]
    file: Path
    text: str


def daemons(subnet: Subnet, settings: Settings) -> tuple[Daemon, ...]:
    """DHCP, TFTP and DNS by dnsmasq, HTTP by nginx."""
    dns, http = RUN / "dnsmasq.conf", RUN / "nginx.conf"
    nic = settings.interface
    return (
        Daemon(
            "dnsmasq",
            ("dnsmasq", "--keep-in-foreground", f"--conf-file={dns}"),
            dns,
            _text("dnsmasq.conf", subnet, settings=settings, nic=nic),
        ),
        Daemon(
            "nginx",
            ("nginx", "-e", "stderr", "-c", str(http), "-p", str(RUN)),
            http,
            _text("nginx.conf", subnet, settings=settings),
        ),
    )


def hosts(machines: tuple[MachineEntry, ...], pretended: str) -> str:
    """What dnsmasq is told of single machines, and of the one that is only pretended."""
    return rendered("hosts.j2", TEMPLATES, machines=(MachineEntry(pretended), *machines))


def _text(name: str, subnet: Subnet, **values: object) -> str:
    places = {"tree": TREE, "run": RUN, "leases": LEASES}
    return rendered(f"{name}.j2", TEMPLATES, subnet=subnet, **places, **values)
