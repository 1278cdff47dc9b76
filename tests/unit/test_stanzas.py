"""What of a state the bridge's stanza says, so that a boot brings it back: interfaces(5)."""

import pytest
from msgspec.structs import replace

from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.dialect import CLASSIC, IFUPDOWN_NG, Dialect
from bridgekit.persistence.ifupdown.render import RenderOptions, bridge_stanzas, not_expressible
from bridgekit.persistence.ifupdown.rewrite import PersistOptions, Rewrite
from bridgekit.planning.target_state import bridged_state
from bridgekit.state.address import IPV4, Address
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.network_state import NetworkState
from tests.builders import INTENT, STATE
from tests.cases.folder import Folder
from tests.support.interfaces_files import Memory


def state_after(case: str) -> tuple[NetworkState, str]:
    """The state after the change of a golden case, and its bridge."""
    folder = Folder.read(case)
    found = folder.expected()
    assert found
    return found, folder.intent.bridge


def lines(state: NetworkState, bridge: str, dialect: Dialect, cidr: bool = False) -> list[str]:
    stanzas = bridge_stanzas(state, bridge, "eth0", RenderOptions(cidr=cidr), dialect)
    return [f"{option.name} {option.value}" for one in stanzas for option in one.options]


def again(command: str, verb: str, rest: str) -> str:
    return f"up {command} delete {rest} 2> /dev/null; {command} {verb} {rest}"


@pytest.mark.parametrize(
    ("case", "line"),
    [
        ("mtu", "mtu 1400"),
        ("mtu", "pre-up ip link set eth0 mtu 1400"),
        ("peer", "up ip address replace 10.44.0.3 peer 10.9.8.0/24 dev br0"),
        ("broadcast-absent-or-odd", "broadcast 10.30.0.0"),
        ("bridge-options", "bridge_fd 4"),
        ("bridge-options", "bridge_hello 3"),
        ("rules", again("ip rule", "add", "priority 500 from all iif br0 lookup 100")),
        (
            "neighbours",
            "up ip neighbour replace 192.168.1.91 lladdr 52:54:00:00:00:91 dev br0 nud permanent",
        ),
        ("static-multicast", again("ip maddress", "add", "33:33:00:00:00:77 dev br0")),
        (
            "competing-eth1-first",
            again("ip route", "append", "10.61.0.0/16 via 192.168.1.1 dev br0"),
        ),
    ],
)
def test_a_line_of_ifupdown(case: str, line: str) -> None:
    state, bridge = state_after(case)
    assert line in lines(state, bridge, CLASSIC)


def test_ifupdown_ng_has_no_word_for_a_deprecated_address() -> None:
    state, bridge = state_after("ipv6-deprecated")
    line = "up ip address replace 2001:db8:1::5/64 preferred_lft 0 dev br0"
    assert line in lines(state, bridge, IFUPDOWN_NG)
    assert "preferred-lifetime 0" in lines(state, bridge, CLASSIC)


@pytest.mark.parametrize("cidr", [False, True])
@pytest.mark.parametrize(
    ("broadcast", "line"),
    [(None, "up ip address replace 192.0.2.8/31 dev br0"), ("192.0.2.9", "address 192.0.2.8")],
)
def test_a_network_of_two_has_a_broadcast_address_only_if_it_had_one(
    broadcast: str | None, line: str, cidr: bool
) -> None:
    """Ifupdown 0.8 would add one."""
    state, bridge = state_after("mtu")
    alone = Address(bridge, IPV4, "192.0.2.8", 31, broadcast=broadcast, label=bridge)
    found = lines(replace(state, addresses=(alone,)), bridge, CLASSIC, cidr)
    assert any(one in (line, f"{line}/31") for one in found)


def test_an_odd_broadcast_address_stays_in_short_words_too() -> None:
    state, bridge = state_after("broadcast-absent-or-odd")
    assert "broadcast 10.30.0.0" in lines(state, bridge, CLASSIC, cidr=True)


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("multipath-one-leg", "route 10.61.0.0/16 nexthop via"),
        ("nexthop-objects", "route 10.61.0.0/16 nhid 7"),
        ("nexthop-objects", "nexthop id 8 via"),
        ("route-encap-ip", "encap"),
    ],
)
def test_what_no_line_can_make_is_said(case: str, text: str) -> None:
    state, bridge = state_after(case)
    assert any(text in one for one in not_expressible(state, bridge))


def test_an_address_of_a_dhcp_client_is_asked_for_again() -> None:
    """udhcpc gives it no lifetime in the kernel: by the address alone it would be static."""
    client = DhcpClient("udhcpc", "eth0", (), "/run/udhcpc.eth0.pid", address="192.168.1.4")
    before = replace(STATE, clients=(client,))
    after = bridged_state(before, INTENT)
    parsed = interfaces.parse_files("/main", Memory(main=""), strict=False)
    made = Rewrite(parsed, before, after, INTENT, PersistOptions(CLASSIC))
    first, *_ = made.stanzas(made.render_options())
    assert [one.dynamic for one in made.lasting.addresses_on("br0")] == [True, False, False]
    assert ("address", "192.168.1.4") not in [(one.name, one.value) for one in first.options]
    assert "dhcp" in [one.method for one in made.stanzas(made.render_options())]
