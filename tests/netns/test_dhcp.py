"""A host whose address is a lease: moved, and asked for again at boot."""

import json
import os
from collections.abc import Callable

from bridgekit.lab.topology import Lab
from tests.support.dhcp import FILE, leased, routes, served


def test_a_lease_moves_and_stays_at_boot(make_lab: Callable[..., Lab]) -> None:
    lab = served(make_lab(host=("link set lo up",), interfaces=FILE))
    before, way = leased(lab, "eth0"), routes(lab)
    plan = json.loads(lab.bridgekit("plan", "eth0", "--json").stdout)
    assert plan["findings"] == []
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert "iface br0 inet dhcp" in lab.read_interfaces()
    assert (leased(lab, "br0"), leased(lab, "eth0")) == (before, [])
    with Lab(f"boot{os.getpid()}", host=(), interfaces=lab.read_interfaces()) as booted:
        served(booted)
        assert leased(booted, "br0") == before
        assert routes(booted) == way.replace("eth0", "br0")


HIDDEN = """
for name in dhclient dhcpcd udhcpc pump; do
    file=$(command -v $name) && mount --bind /dev/null "$file"
done
true
"""


def test_a_lease_needs_a_client_at_boot(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(
        host=(
            *("link set lo up", "link set eth0 up"),
            "address add 192.168.1.8/24 brd + dev eth0 valid_lft 900 preferred_lft 900",
        ),
        interfaces=FILE,
    )
    lab.run("host", "sh", "-c", HIDDEN)
    refused = lab.bridgekit("plan", "eth0")
    assert refused.code == 3 and "[no-dhcp-client]" in refused.stdout, refused
    assert lab.bridgekit("plan", "eth0", "--no-persist").code == 0


def test_a_lease_beside_a_static_address(make_lab: Callable[..., Lab]) -> None:
    """The static one comes up first: it must be there even if no server answers."""
    lab = make_lab(
        host=(
            *("link set lo up", "link set eth0 up", "address add 192.168.1.4/24 brd + dev eth0"),
            "address add 192.168.1.8/24 brd + dev eth0 valid_lft 900 preferred_lft 900",
        ),
        interfaces="iface eth0 inet static\n  address 192.168.1.4/24\niface eth0 inet dhcp\n",
    )
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    text = lab.read_interfaces()
    assert 0 < text.index("iface br0 inet static") < text.index("\niface br0 inet dhcp")


def test_an_address_that_ends_is_no_lease_where_another_stays(make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(
        host=(
            *("link set lo up", "link set eth0 up", "address add 192.168.1.4/24 brd + dev eth0"),
            "address add 192.168.1.8/24 brd + dev eth0 valid_lft 900 preferred_lft 900",
        ),
        interfaces="iface eth0 inet static\n  address 192.168.1.4/24\n",
    )
    result = lab.bridgekit("apply", "eth0", "--yes")
    assert result.code == 0 and "[address-with-lifetime]" in result.stderr, result
    assert "inet dhcp" not in lab.read_interfaces()
