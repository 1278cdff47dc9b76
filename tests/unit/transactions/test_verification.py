"""What differs after the move, whoever did it, ends the transaction."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from bridgekit.errors import BridgekitError, RollbackIncompleteError
from bridgekit.state.routes.format import format_route
from bridgekit.transaction.rollback import AS_BEFORE
from bridgekit.uapi.if_addr import IFA_F_NOPREFIXROUTE, IFA_F_PERMANENT
from tests.support.fake_kernel import FakeKernel
from tests.support.fake_machine import Interference
from tests.support.trial import plan_of, trial
from tests.unit.transactions.cases import IP, change_link


def drop_route(to: str) -> Interference:
    def act(kernel: FakeKernel) -> None:
        found = kernel.snapshot().routes
        kernel.delete_route(next(m for m in found.messages if to in text_of(kernel, m)))

    return act


def text_of(kernel: FakeKernel, message: bytes) -> str:
    return f"{format_route(message, kernel.snapshot().routes.name)} "


def change_address(ip: str, **values: object) -> Interference:
    def act(kernel: FakeKernel) -> None:
        changed = (replace(x, **values) if x.ip == ip else x for x in kernel.state.addresses)
        kernel.state = replace(kernel.state, addresses=tuple(changed))

    return act


def turn(field: str) -> Interference:
    """Turn the order of what the kernel lists."""

    def act(kernel: FakeKernel) -> None:
        kernel.state = replace(kernel.state, **{field: getattr(kernel.state, field)[::-1]})

    return act


def drop_last(field: str) -> Interference:
    def act(kernel: FakeKernel) -> None:
        kernel.state = replace(kernel.state, **{field: getattr(kernel.state, field)[:-1]})

    return act


def delete_address(ip: str, link: str = "br0") -> Interference:
    def act(kernel: FakeKernel) -> None:
        found = (one for one in kernel.state.addresses_on(link) if one.ip == ip)
        kernel.delete_address(next(found))

    return act


NO_PREFIX = IFA_F_PERMANENT | IFA_F_NOPREFIXROUTE
MEDDLING: dict[str, tuple[str, Interference, str]] = {
    "route": ("both-families", drop_route("default via 192.168.1.1"), "missing: route default via"),
    "IPv6 route": ("both-families", drop_route("2001:db8:1::1"), "missing: route default via 2001"),
    "connected route": ("single-address", drop_route("192.168.1.0/24"), "missing: route 192.168"),
    "address": ("single-address", delete_address(IP), f"missing: address {IP}/24"),
    "IPv6 address": ("both-families", delete_address("2001:db8:1::4"), "missing: address 2001"),
    "address's flags": (
        "single-address",
        change_address(IP, flags=NO_PREFIX),
        f"missing: address {IP}/24 brd 192.168.1.255 dev br0",
    ),
    "address's lifetime": (
        "single-address",
        change_address(IP, valid=77),
        f"unexpected: address {IP}/24 brd 192.168.1.255 valid_lft 77 dev br0",
    ),
    "order of addresses": ("ipv6-order", turn("addresses"), "the order of the addresses of br0"),
    "order of rules": (
        "rules-of-equal-priority",
        turn("rules"),
        "changed: the order of the policy rules",
    ),
    "rule": ("rules", drop_last("rules"), "missing: rule priority"),
    "nexthop object": ("nexthop-objects", drop_last("nexthops"), "missing: nexthop id"),
    "permanent neighbour": (
        "neighbours",
        drop_last("neighbours"),
        "missing: neighbour 2001:db",
    ),
    "MAC address": ("static-mac", drop_last("static_macs"), "missing: MAC address"),
    "DHCP client": ("dhcp-client", drop_last("clients"), "missing: dhclient on br0"),
    "MTU": ("both-families", change_link("br0", mtu=1400), "link br0: mtu 1500 became 1400"),
    "NIC's MTU": ("both-families", change_link("eth0", mtu=1400), "link eth0: mtu 1500"),
    "MAC of the bridge": (
        "both-families",
        change_link("br0", mac="02:00:00:00:00:01"),
        "link br0: mac 52:54:00:b1:00:04 became 02:00:00:00:00:01",
    ),
    "queue length": ("both-families", change_link("br0", qlen=5), "link br0: qlen 1000 became 5"),
    "alias": ("alias", change_link("br0", alias=None), "link br0: alias office became None"),
    "group": ("both-families", change_link("br0", group=3), "link br0: group 0 became 3"),
    "addrgenmode": ("both-families", change_link("br0", addrgenmode=1), "addrgenmode 0 became 1"),
    "ARP": ("both-families", change_link("br0", arp=False), "link br0: arp True became False"),
    "port": (
        "both-families",
        lambda kernel: kernel.set_controller("eth0", None, plan_of("bare").intent.spec.port),
        "link eth0: controller br0 became None",
    ),
    "bridge that is down": (
        "both-families",
        lambda kernel: kernel.set_up("br0", False),
        "link br0: up True became False",
    ),
    "bridge that is gone": (
        "both-families",
        lambda kernel: kernel.delete_link("br0"),
        "missing: link br0",
    ),
    "setting": (
        "settings",
        lambda kernel: kernel.set_sysctl("net/ipv4/conf/br0/arp_ignore", "0"),
        "changed: net/ipv4/conf/br0/arp_ignore is 0, not 1",
    ),
    "NIC's setting": (
        "settings",
        lambda kernel: kernel.set_sysctl("net/ipv6/conf/eth0/accept_ra", "1"),
        "changed: net/ipv6/conf/eth0/accept_ra is 1, not 0",
    ),
    "address of another link": (
        "competing-between",
        delete_address("192.168.2.4", "eth1"),
        "missing: address 192.168.2.4/24",
    ),
}
THEIRS = {"NIC's MTU", "nexthop object", "address of another link"}
"""What this change did not do, and so is not put right by its rollback."""


@pytest.mark.parametrize("what", MEDDLING)
def test_what_differs_after_the_move_ends_it(tmp_path: Path, what: str) -> None:
    """The verification sees it and says what differs; the rollback leads to the state before."""
    name, act, text = MEDDLING[what]
    case = trial(tmp_path, name)
    case.machine.interference = {len(case.operations): act}
    with pytest.raises(BridgekitError) as caught:
        case.execute()
    first, *lines = str(caught.value).splitlines()
    assert first == "the host is not as expected:"
    assert any(text in line for line in lines), lines
    assert case.events() == []
    if what not in THEIRS:
        assert case.roll_back().startswith(AS_BEFORE)
        assert case.differs_from_before() == []


def test_what_another_program_did_to_another_link_stays_lost_and_is_listed(tmp_path: Path) -> None:
    case = trial(tmp_path, "competing-between")
    case.machine.interference = {len(case.operations): delete_address("192.168.2.4", "eth1")}
    with pytest.raises(BridgekitError):
        case.execute()
    with pytest.raises(RollbackIncompleteError) as caught:
        case.roll_back()
    assert "  missing: address 192.168.2.4/24" in str(caught.value)
    assert "  ip address add 192.168.2.4/24" in str(caught.value).partition("by hand:")[2]
    assert case.events() == ["undoing", "incomplete"]
