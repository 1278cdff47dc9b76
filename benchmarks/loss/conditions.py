"""The conditions of a run: the host's state, its rp_filter, and its load."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bridgekit.lab import layout
from bridgekit.lab.host import PYTHON, LabError
from bridgekit.lab.topology import Lab
from bridgekit.lab.traffic import LINK_LOCAL, ON_LINK, ROUTED
from loss import configurations

Pairs = Mapping[str, tuple[str, str]]

KINDS: Final = ("IPv4", "IPv6", "IPv4 routed", "IPv6 routed", "link-local")
FULL: Final = tuple(line for line in layout.FULL if "eth1" not in line or line in layout.UP)
"""Five addresses of both families and a dozen routes; eth1 has no routes to the same places."""
SLAAC: Final = (
    ("192.168.1.4", "192.168.1.1"),
    ("2001:db8:5::5054:ff:feb1:4", "2001:db8:5::1"),
    ("192.168.1.4", "203.0.113.1"),
    ("2001:db8:5::5054:ff:feb1:4", "2001:db8:ffff::1"),
)
ROUTER: Final = (
    *("dnsmasq", "--no-daemon", "--port=0", "--user=root", "--conf-file=/dev/null"),
    *("--leasefile-ro", "--interface=eth0", "--bind-interfaces", "--enable-ra"),
    *("--dhcp-range=2001:db8:5::,ra-only,64,3600", "--ra-param=eth0,4,1800"),
)
ADVERTISED: Final = tuple(
    f"net.ipv6.conf.{scope}.{name}=1"
    for scope in ("all", "default")
    for name in ("accept_ra", "autoconf")
)
ENTRIES: Final = 1000
WANTED: Final = 100_000
SENDER: Final = Path(__file__).with_name("sender.py")
BRIDGE_MAC: Final = "52:54:00:b3:00:00"
MACS: Final = ("52:54:00:b3:00:01", "52:54:00:b3:00:02")


@dataclass(frozen=True, slots=True)
class Conditions:
    """One set of conditions."""

    rp_filter: int = 2
    slaac: bool = False
    load: bool = False

    def __str__(self) -> str:
        words = ["SLAAC"] * self.slaac + ["under load"] * self.load
        return ", ".join((f"rp_filter {self.rp_filter}", *words))

    @property
    def pairs(self) -> Pairs:
        """Return the addresses between which traffic flows, by the name of the kind."""
        pairs = (*SLAAC, *LINK_LOCAL) if self.slaac else (*ON_LINK, *ROUTED, *LINK_LOCAL)
        return dict(zip(KINDS, pairs, strict=True))

    def bridged(self, lab: Lab) -> int:
        """Return how many packets the bridge has forwarded between its ports so far."""
        counter = "/sys/class/net/end1/statistics/rx_packets"
        return int(lab.run("segment", "cat", counter).stdout) if self.load else 0

    @contextmanager
    def lab(self, name: str) -> Iterator[Lab]:
        """Yield a lab whose host is in this state."""
        lines = layout.SIMPLE if self.slaac else FULL
        interfaces = configurations.interfaces("eth0")
        with Lab(name, host=lines, interfaces=interfaces, sysctls=self._settings()) as lab:
            if self.slaac:
                _advertise(lab)
            if self.load:
                _fill_bridge(lab)
                _busy(lab)
            yield lab

    def _settings(self) -> list[str]:
        settings = [f"net.ipv4.conf.{x}.rp_filter={self.rp_filter}" for x in ("all", "default")]
        return [*settings, *ADVERTISED] if self.slaac else settings


def _advertise(lab: Lab) -> None:
    """Send router advertisements; return when the host has received one."""
    lab.ip("gateway", "address add 2001:db8:5::1/64 dev eth0 nodad")
    quiet = subprocess.DEVNULL
    lab.popen("gateway", *ROUTER, stdout=quiet, stderr=quiet)
    end = time.monotonic() + 20
    while "default" not in lab.run("host", "ip", "-6", "route").stdout:
        if time.monotonic() > end:
            raise LabError("no router advertisement came")
        time.sleep(0.1)


def _fill_bridge(lab: Lab) -> None:
    """Create a bridge with two ports and many MAC addresses."""
    lab.ip("host", f"link add br0 address {BRIDGE_MAC} type bridge", "link set br0 up")
    segment = lab.hosts["segment"].namespace
    for number, mac in enumerate(MACS):
        peer = f"peer name end{number} address {mac} netns {segment}"
        lab.ip("host", f"link add vm{number} type veth {peer}")
        lab.ip("host", f"link set vm{number} up master br0")
        lab.ip("segment", f"link set end{number} up")
    entries = (f"52:54:00:b4:{number >> 8:02x}:{number & 255:02x}" for number in range(ENTRIES))
    batch = "\n".join(f"fdb add {mac} dev vm0 master static" for mac in entries)
    lab.run("host", "bridge", "-batch", "-", stdin=batch)


def _busy(lab: Lab) -> None:
    """Keep every core busy, and send packets through the bridge."""
    for _ in range(os.cpu_count() or 1):
        lab.popen("host", *PYTHON, "-c", "while True: pass")
    lab.popen("segment", *PYTHON, str(SENDER), "end0", str(WANTED), *MACS)
