"""A host whose IPv6 comes from router advertisements: addresses and routes with lifetimes."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bridgekit.lab import layout
from bridgekit.lab.topology import Lab

PREFIX = "2001:db8:5:"
ROUTER = (
    *("dnsmasq", "--no-daemon", "--port=0", "--user=root", "--conf-file=/dev/null"),
    *("--leasefile-ro", "--interface=eth0", "--bind-interfaces", "--enable-ra"),
    *("--dhcp-range=2001:db8:5::,ra-only,64,3600", "--ra-param=eth0,4,1800"),
)


@contextmanager
def advertised(lab: Lab) -> Iterator[None]:
    """The gateway advertises a prefix; within, the host has an address of it."""
    lab.ip("gateway", "address add 2001:db8:5::1/64 dev eth0 nodad")
    with lines_of(lab, "ip", "monitor", "address") as lines:
        router = lab.popen("gateway", *ROUTER)
        try:
            assert any(PREFIX in line and "tentative" not in line for line in lines)
            yield
        finally:
            router.kill()
            router.wait(10)


def addresses(lab: Lab, link: str) -> list[tuple[str, bool]]:
    shown = json.loads(lab.run("host", "ip", "-6", "-j", "address", "show", link).stdout)
    return [(a["local"], bool(a.get("dynamic"))) for one in shown for a in one.get("addr_info", [])]


def test_advertised_state_moves_and_goes_on(make_lab: Callable[..., Lab]) -> None:
    settings = [
        f"net.ipv6.conf.{scope}.{name}=1"
        for scope in ("all", "default")
        for name in ("accept_ra", "autoconf")
    ]
    lab = make_lab(host=layout.SIMPLE, sysctls=[*settings, "net.ipv6.conf.all.forwarding=0"])
    with advertised(lab):
        before = addresses(lab, "eth0")
        assert any(ip.startswith(PREFIX) and dynamic for ip, dynamic in before)
        assert lab.bridgekit("apply", "eth0", "--yes").code == 0
        assert (addresses(lab, "br0"), addresses(lab, "eth0")) == (before, [])
        assert "iface br0 inet6 auto" in lab.bridgekit("interfaces").stdout
        routes = lab.run("host", "ip", "-6", "route").stdout
        assert "dev br0 proto ra" in routes and "dev eth0" not in routes
        assert lab.bridgekit("rollback").code == 0
        assert addresses(lab, "eth0") == before


@contextmanager
def lines_of(lab: Lab, *argv: str) -> Iterator[Iterator[str]]:
    """The lines that a program in the host prints while it runs."""
    process = lab.popen("host", *argv, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield iter(process.stdout)
    finally:
        process.kill()
        process.wait(10)
