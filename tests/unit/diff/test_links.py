"""Links, and the options of bridges and their ports."""

import pytest
from msgspec.structs import replace

from bridgekit.planning.diff import differences
from bridgekit.state.link import (
    BridgeOptions,
    Link,
    PortOptions,
    Vlan,
)
from tests.unit.diff.states import (
    BRIDGE,
    LINKS,
    MAC,
    NIC,
    OTHER,
    OTHER_MAC,
    STATE,
    fields,
    found,
    with_link,
)

OF_A_LINK: dict[str, tuple[object, str]] = {
    "kind": ("bond", ""),
    "mac": (OTHER_MAC, f"address {MAC}"),
    "mtu": (1400, "mtu 1500"),
    "up": (False, "up"),
    "loopback": (True, ""),
    "arp": (False, ""),
    "wireless": (True, ""),
    "controller": ("br1", "nomaster"),
    "lower": ("eth9", ""),
    "addrgenmode": (3, "addrgenmode eui64"),
    "lro": (True, ""),
    "qlen": (77, "txqueuelen 1000"),
    "group": (4, "group 0"),
    "alias": ("office", "alias ''"),
    "token": ("::7", ""),
    "altnames": (("enp0s1",), ""),
}
"""Another value for br0, and the arguments of `ip link set br0` that restore the old one."""
OF_A_LINK_BY_ITSELF = {"name", "bridge", "port", "vlans"}
IGNORED_OF_A_LINK: dict[str, tuple[object, str]] = {
    "index": (77, "names identify links; a bridge that is made again has another number"),
    "carrier": (False, "of the moment; a bridge has it from its ports"),
    "forwarding": (False, "of the moment; it is waited for when a port joins"),
}


def test_every_field_of_a_link_has_a_row() -> None:
    assert OF_A_LINK.keys() | OF_A_LINK_BY_ITSELF | IGNORED_OF_A_LINK.keys() == fields(Link)


@pytest.mark.parametrize("name", OF_A_LINK)
def test_a_field_of_a_link(name: str) -> None:
    value, words = OF_A_LINK[name]
    changed = with_link(replace(BRIDGE, **{name: value}))
    assert found(changed) == [f"changed: link br0: {name} {getattr(BRIDGE, name)} became {value}"]
    (one,) = differences(STATE, changed, LINKS)
    assert one.repair == ((f"ip link set br0 {words}",) if words else ())
    assert one.subject == f"link br0: {name}"


@pytest.mark.parametrize("name", IGNORED_OF_A_LINK)
def test_what_is_ignored_of_a_link(name: str) -> None:
    value, _reason = IGNORED_OF_A_LINK[name]
    changed = with_link(replace(NIC, **{name: value}))
    if name == "index":
        numbers = {"eth0": 77, "br0": 3, "eth1": 4}
        links = (replace(NIC, index=77), BRIDGE, OTHER)
        changed = replace(STATE, links=links, routes=STATE.routes.resolved(numbers))
    assert found(changed) == []


def test_a_link_that_goes_and_one_that_comes() -> None:
    changed = replace(STATE, links=(NIC, OTHER))
    assert found(changed) == ["missing: link br0"]
    made, up = differences(STATE, changed, LINKS)[0].repair[::2]
    assert made.startswith(f"ip link add br0 address {MAC} mtu 1500") and up.endswith("br0 up")
    (one,) = differences(changed, STATE, LINKS)
    assert (str(one), one.repair) == ("unexpected: link br0", ("ip link delete br0",))


def test_a_link_that_is_no_bridge_and_no_port_any_more() -> None:
    """All options are gone with it."""
    (one,) = found(with_link(replace(BRIDGE, bridge=None)))
    assert one.startswith("changed: link br0: bridge BridgeOptions(") and one.endswith("None")
    (one,) = found(with_link(replace(NIC, port=None)))
    assert one.startswith("changed: link eth0: port PortOptions(") and one.endswith("None")


@pytest.mark.parametrize("name", OF_A_LINK)
def test_another_link_may_change(name: str) -> None:
    value, _ = OF_A_LINK[name]
    assert found(with_link(replace(OTHER, **{name: value}))) == []


def other(value: object) -> object:
    """Another value of the same type."""
    kinds = {bool: lambda: not value, int: lambda: value + 1, bytes: lambda: value + b"\0\0\0\0"}
    return kinds[type(value)]()  # type: ignore[index]


@pytest.mark.parametrize("name", BridgeOptions.__struct_fields__)
def test_an_option_of_a_bridge(name: str) -> None:
    assert BRIDGE.bridge
    old = getattr(BRIDGE.bridge, name)
    changed = replace(BRIDGE, bridge=replace(BRIDGE.bridge, **{name: other(old)}))
    assert found(with_link(changed)) == [f"changed: link br0: {name} {old} became {other(old)}"]


def test_what_is_ignored_of_a_bridge() -> None:
    """With STP the topology changes its ageing time; what nobody asked for the kernel chooses."""
    assert BRIDGE.bridge
    for options, value in (
        (replace(BRIDGE.bridge, stp=True), {"ageing_time": 1500}),
        (replace(BRIDGE.bridge, more=b""), {"more": b"\x05\0\x01\0\0\0\0\0"}),
    ):
        wanted = with_link(replace(BRIDGE, bridge=options))
        actual = with_link(replace(BRIDGE, bridge=replace(options, **value)))
        assert differences(wanted, actual, LINKS) == ()


UNASKED = {"path_cost": None, "priority": None, "more": b""}


@pytest.mark.parametrize("name", PortOptions.__struct_fields__)
def test_an_option_of_a_port(name: str) -> None:
    assert NIC.port
    old = getattr(NIC.port, name)
    changed = with_link(replace(NIC, port=replace(NIC.port, **{name: other(old)})))
    assert found(changed) == [f"changed: link eth0: {name} {old} became {other(old)}"]
    unasked = with_link(replace(NIC, port=replace(NIC.port, **{name: UNASKED[name]})))
    assert differences(unasked, changed, LINKS) == ()


@pytest.mark.parametrize("name", Vlan.__struct_fields__)
def test_a_vlan(name: str) -> None:
    assert NIC.vlans
    first = NIC.vlans[0]
    vlan = replace(first, **{name: other(getattr(first, name)) if name != "first" else 0})
    changed = with_link(replace(NIC, vlans=(vlan, NIC.vlans[1])))
    assert found(changed) == [
        f"changed: link eth0: vlans {first}, vid 20-30 became {vlan}, vid 20-30"
    ]
    unasked = with_link(replace(NIC, vlans=None))
    assert differences(unasked, STATE, LINKS) == ()
