"""A host whose IPv6 comes from router advertisements: addresses and routes with lifetimes."""

import json
from collections.abc import Callable

from bridgekit.lab import layout
from bridgekit.lab.topology import Lab
from tests.support.router_advertisements import PREFIX, advertised


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
