"""The daemons and their configurations. dnsmasq(8), nginx.org/en/docs/dirindex.html."""

from dataclasses import dataclass
from pathlib import Path

from .machines import MachineEntry
from .settings import TREE, Settings
from .subnet import Subnet
from .templating import TEMPLATES, render

RUN = Path("/run/pxe")
"""What the service writes while it runs: menus, configurations, sockets."""
PERSISTENT = Path("/var/lib/pxe")
"""What survives a restart: the leases and the clients' progress."""
LEASES = PERSISTENT / "leases"
CLIENTS = PERSISTENT / "clients.sqlite"
HOSTS = RUN / "hosts"
SIMULATED_CLIENT = RUN / "simulated-client"
"""The MAC address that `pxe check` uses: served, never counted, and a new one at each start."""
OFFERS_PAUSED = RUN / "silent"
"""Exists while nothing is offered; names the other server that answers."""


@dataclass(frozen=True, slots=True)
class Daemon:
    """A program that is kept running, and the file and text of its configuration."""

    name: str
    argv: tuple[str, ...]
    file: Path
    text: str


def plan_daemons(subnet: Subnet, settings: Settings) -> tuple[Daemon, ...]:
    """Return dnsmasq for DHCP, TFTP and DNS, and nginx for HTTP."""
    dns, http = RUN / "dnsmasq.conf", RUN / "nginx.conf"
    nic = settings.interface
    return (
        Daemon(
            "dnsmasq",
            ("dnsmasq", "--keep-in-foreground", f"--conf-file={dns}"),
            dns,
            _render_config("dnsmasq.conf", subnet, settings=settings, nic=nic),
        ),
        Daemon(
            "nginx",
            ("nginx", "-e", "stderr", "-c", str(http), "-p", str(RUN)),
            http,
            _render_config("nginx.conf", subnet, settings=settings),
        ),
    )


def dhcp_hosts(machines: tuple[MachineEntry, ...], simulated_mac: str) -> str:
    """Return dnsmasq's hosts file: the machines of machines.toml and the simulated client."""
    return render("hosts.j2", TEMPLATES, machines=(MachineEntry(simulated_mac), *machines))


def _render_config(name: str, subnet: Subnet, **values: object) -> str:
    places = {"tree": TREE, "run": RUN, "leases": LEASES}
    return render(f"{name}.j2", TEMPLATES, subnet=subnet, **places, **values)
