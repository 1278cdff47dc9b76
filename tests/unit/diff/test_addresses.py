"""Addresses, their flags and their order."""

import pytest
from msgspec.structs import replace

from bridgekit.planning.diff import COMPARED_FLAGS, differences
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.network_state import NetworkState
from bridgekit.uapi import if_addr
from tests.unit.diff.states import (
    LINKS,
    STATE,
    V4,
    V6,
    fields,
    found,
)

OF_AN_ADDRESS: dict[str, object] = {
    "link": "eth0",
    "ip": "192.168.1.77",
    "prefixlen": 25,
    "peer": "10.0.0.1",
    "broadcast": "192.168.1.0",
    "label": "br0:1",
    "scope": 253,
    "preferred": 0,
    "valid": 0xFFFFFFFF,
    "metric": 7,
    "protocol": 3,
}
FLAGS = {
    name: value
    for name, value in vars(if_addr).items()
    if name.startswith("IFA_F_") and isinstance(value, int)
}
IGNORED_FLAGS: dict[int, dict[str, str]] = {
    IPV4: {
        "IFA_F_NODAD": "IPv4 has no duplicate address detection",
        "IFA_F_HOMEADDRESS": "of Mobile IPv6",
        "IFA_F_TENTATIVE": "of IPv6's duplicate address detection",
        "IFA_F_DADFAILED": "of IPv6's duplicate address detection",
        "IFA_F_DEPRECATED": "follows from the preferred lifetime",
        "IFA_F_MANAGETEMPADDR": "IPv4 has no temporary addresses",
    },
    IPV6: {
        "IFA_F_SECONDARY": "for IPv6 it is IFA_F_TEMPORARY, which only the kernel can set",
        "IFA_F_TEMPORARY": "only the kernel can set it",
        "IFA_F_TENTATIVE": "of the moment",
        "IFA_F_DADFAILED": "of the moment; a plan for such an address is refused",
        "IFA_F_DEPRECATED": "follows from the preferred lifetime",
    },
}


def with_address(old: Address, new: Address) -> NetworkState:
    return replace(STATE, addresses=tuple(new if x == old else x for x in STATE.addresses))


def test_every_field_of_an_address_has_a_row() -> None:
    assert OF_AN_ADDRESS.keys() | {"family", "flags"} == fields(Address)
    assert all(ignored.keys() <= FLAGS.keys() for ignored in IGNORED_FLAGS.values())


@pytest.mark.parametrize("old", [V4, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("name", OF_AN_ADDRESS)
def test_a_field_of_an_address(old: Address, name: str) -> None:
    new = replace(old, **{name: OF_AN_ADDRESS[name]})
    assert found(with_address(old, new)) == [
        f"missing: address {old} dev br0",
        f"unexpected: address {new} dev {new.link}",
    ]
    missing, unexpected = differences(STATE, with_address(old, new), LINKS)
    assert missing.repair[0].startswith(f"ip address add {old} dev br0")
    assert unexpected.repair[0].startswith("ip address delete ")


@pytest.mark.parametrize("old", [V4, V6], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("name", FLAGS)
def test_a_flag_of_an_address(old: Address, name: str) -> None:
    compared = bool(COMPARED_FLAGS[old.family] & FLAGS[name])
    assert compared != (name in IGNORED_FLAGS[old.family]), f"{name}: compared or ignored?"
    changed = with_address(old, replace(old, flags=old.flags ^ FLAGS[name]))
    assert [one.partition(":")[0] for one in found(changed)] == (
        ["missing", "unexpected"] if compared else []
    )


@pytest.mark.parametrize("name", ["valid", "preferred"])
def test_of_a_lifetime_only_its_being_one_counts(name: str) -> None:
    assert found(with_address(V6, replace(V6, **{name: 333}))) == []


@pytest.mark.parametrize("family", [IPV4, IPV6])
def test_the_order_of_addresses(family: int) -> None:
    """Of several in a network the kernel chooses the first."""
    mine = [one for one in STATE.addresses_on("br0") if one.family == family]
    rest = [one for one in STATE.addresses if one not in mine]
    changed = replace(STATE, addresses=(*mine[::-1], *rest))
    assert found(changed) == ["changed: the order of the addresses of br0"]
