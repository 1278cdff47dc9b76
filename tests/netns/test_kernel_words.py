"""What the kernel refuses is said with the object's name, its reason, and the sysctl behind it."""

import errno
import os

import pytest

from bridgekit.errors import BridgekitError
from bridgekit.host import machine
from bridgekit.lab.kernel import inside
from bridgekit.lab.topology import Lab
from bridgekit.netlink.socket import Request
from bridgekit.planning.operations import AddAddresses, Operation, SetController
from bridgekit.state.address import IPV6, Address
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.rtnetlink import RTM_NEWNEIGH
from bridgekit.uapi.socket import AF_INET, AF_INET6

NEW = Address(link="eth0", family=IPV6, ip="2001:db8:7::1", prefixlen=64)


def refused(lab: Lab, operation: Operation) -> str:
    with inside("net", lab.hosts["host"].pid), pytest.raises(BridgekitError) as caught:
        machine.execute(operation)
    return str(caught.value)


def test_an_address_where_ipv6_is_disabled(lab: Lab) -> None:
    lab.hosts["host"].sysctl("net.ipv6.conf.eth0.disable_ipv6", "1")
    said = refused(lab, AddAddresses("eth0", (NEW,), RouteSet()))
    assert "net.ipv6.conf.*.disable_ipv6 (address 2001:db8:7::1/64 dev eth0)" in said


def test_the_kernels_own_words(lab: Lab) -> None:
    """An errno alone does not say why a bridge is no port (br_add_if in net/bridge/br_if.c)."""
    lab.ip("host", "link add name loop0 type bridge", "link add name loop1 type bridge")
    said = refused(lab, SetController("loop0", None, "loop1"))
    theirs = lab.run("host", "ip", "link", "set", "loop0", "master", "loop1", check=False).stderr
    reason = theirs.split("Error: ")[1].splitlines()[0].rstrip(".")
    assert f"{os.strerror(errno.ELOOP)}: {reason}" in said
    assert said.endswith("(loop0 as a port of loop1)")


@pytest.mark.parametrize(("family", "name"), [(AF_INET, "ipv4"), (AF_INET6, "ipv6")])
def test_a_full_neighbour_table(family: int, name: str) -> None:
    """It cannot be filled here: there is one for the whole machine."""
    said = str(Request(RTM_NEWNEIGH, bytes([family]), "neighbour N").refused(errno.ENOBUFS, ""))
    limit = f"net.{name}.neigh.default.gc_thresh3"
    assert said == f"the kernel refused: the neighbour table is full: {limit} (neighbour N)"
