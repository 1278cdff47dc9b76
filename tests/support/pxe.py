"""The PXE service in a lab: a host with br0, a client on its segment, and what they ask."""

import pytest

from bridgekit.lab import layout
from bridgekit.lab.topology import Lab
from bridgekit.pxe import lifecycle
from bridgekit.pxe.spec import PxeSpec
from tests.support import dockerd

CACHE = dockerd.data_root().parent
WORLD = "203.0.113.1"
IN_CLIENT = ("ip", "netns", "exec", "client")


def ensure_root() -> None:
    """Make the root file system outside of any lab: only there Debian's archive can be reached."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRIDGEKIT_CACHE_DIR", str(CACHE))
        lifecycle.build(PxeSpec(engine="native"), CACHE)


def bridged(lab: Lab) -> Lab:
    lab.ip(
        "host",
        f"link add br0 address {layout.HOST_MAC} type bridge forward_delay 0",
        "link set br0 up",
        "link set eth0 master br0",
        "address flush dev eth0",
        "address add 192.168.1.4/24 brd + dev br0",
        "route replace default via 192.168.1.1 dev br0",
    )
    lab.run("host", "sh", "-c", "until ip link show br0 | grep -q 'state UP'; do :; done")
    lab.hosts["host"].settle()
    return lab


def up(lab: Lab, *options: str) -> None:
    """Start it without looking for other DHCP servers, which takes seconds."""
    done = lab.bridgekit("pxe", "up", "br0", "--engine", "native", "--beside-dhcp", *options)
    assert done.code == 0, done.stderr


def client(lab: Lab) -> None:
    """A machine on eth0's segment, with an address as the service would give it."""
    lab.run("segment", "ip", "netns", "add", "client")
    lab.run("segment", "ip", "link", "add", "c0", "type", "veth", "peer", "eth0", "netns", "client")
    lab.ip("segment", "link set c0 master segment up")
    for words in ("address add 192.168.242.120/24 dev eth0", "link set eth0 up"):
        lab.run("segment", "ip", "-n", "client", *words.split())
    lab.run("segment", "ip", "-n", "client", "route", "add", "default", "via", "192.168.242.1")
