"""One state in the words of each dialect; which one is installed; what each does not take."""

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from bridgekit.host.ifupdown import detect
from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.dialect import (
    CLASSIC,
    DIALECTS,
    IFUPDOWN2,
    IFUPDOWN_NG,
    Dialect,
)
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.render import RenderOptions, bridge_stanzas
from bridgekit.planning.intent import BridgeSpec
from bridgekit.planning.target_state import bridged_state
from bridgekit.state.link import BridgeOptions, Vlan
from bridgekit.state.network_state import NetworkState
from tests.builders import INTENT, STATE, link
from tests.support.interfaces_files import Memory

MAC = "52:54:00:00:00:02"
WORDS = {
    CLASSIC: [
        "address 192.168.1.4 | netmask 255.255.255.0 | network 192.168.1.0",
        "broadcast 192.168.1.255 | gateway 192.168.1.1 | bridge_ports eth0 | bridge_stp off",
        "bridge_fd 0 | bridge_hello 1.5 | bridge_ageing 60 | bridge_hw 52:54:00:00:00:02",
        "up ip address replace 192.168.1.5/24 label br0:1 dev br0 | address 2001:db8::4/64",
    ],
    IFUPDOWN2: [
        "address 192.168.1.4/24 | address 2001:db8::4/64 | address-purge no",
        "up ip address replace 192.168.1.5/24 label br0:1 dev br0 | bridge-ports eth0",
        "bridge-stp off | bridge-fd 0",
        "up ip link set dev br0 type bridge hello_time 150 | bridge-ageing 60",
        "hwaddress 52:54:00:00:00:02 | up sysctl -q -e -w net/ipv6/conf/eth0/disable_ipv6=0",
    ],
    IFUPDOWN_NG: [
        "address 192.168.1.4/24 | address 2001:db8::4/64",
        "up ip address replace 192.168.1.5/24 label br0:1 dev br0 | bridge-ports eth0",
        "create ip link set dev br0 address 52:54:00:00:00:02 type bridge stp_state 0"
        " forward_delay 0 hello_time 150 ageing_time 6000 | hwaddress 52:54:00:00:00:02",
    ],
}


@pytest.mark.parametrize("dialect", WORDS, ids=lambda one: one.name)
def test_one_state_in_the_words_of_each(dialect: Dialect) -> None:
    intent = replace(INTENT, spec=BridgeSpec(hello_time=150, ageing_time=6000))
    found = bridge_stanzas(
        bridged_state(STATE, intent), "br0", "eth0", RenderOptions(mac=MAC), dialect
    )
    lines = [f"{option.name} {option.value}" for one in found for option in one.options]
    options = [line for line in lines if not line.startswith(("up ip route", "up ip neigh"))]
    assert " | ".join(options) == " | ".join(WORDS[dialect])
    assert len(found) == (1 if dialect.merges_stanzas else 3)


LISTS = (
    "up bridge vlan delete dev br0 self vid 1-4094; bridge vlan add dev br0 self vid 7 pvid"
    " untagged; bridge vlan add dev br0 self vid 9-12",
    "up bridge vlan delete dev eth0 vid 1-4094; bridge vlan add dev eth0 vid 7 pvid untagged",
)
DEFAULT = "up ip link set dev br0 type bridge vlan_default_pvid 7"
IN_VLANS = {
    CLASSIC: ["bridge_vlan_aware yes", DEFAULT, LISTS[0]],
    IFUPDOWN2: ["bridge-vlan-aware yes", "bridge-pvid 7", DEFAULT, LISTS[0]],
    IFUPDOWN_NG: ["bridge-vlan-aware yes", DEFAULT, LISTS[0]],
}


@pytest.mark.parametrize("dialect", IN_VLANS, ids=lambda one: one.name)
def test_a_bridge_in_vlans_in_the_words_of_each(dialect: Dialect) -> None:
    """Words that its stanza has already count for all ports, so the NIC gets none of its own."""
    there = (Vlan(7, 7, pvid=True, untagged=True), Vlan(9, 12))
    options = BridgeOptions(vlan_filtering=True, default_pvid=7)
    bridge = replace(link(4, "br0"), kind="bridge", bridge=options, vlans=there)
    state = bridged_state(replace(STATE, links=(*STATE.links, bridge)), INTENT)
    assert vlan_lines(state, dialect, ()) == IN_VLANS[dialect]
    kept = (Option("bridge-vids", "20"),)
    aware, *_ = IN_VLANS[dialect]
    expected = [aware, "bridge-vids 20", DEFAULT, *LISTS]
    assert vlan_lines(state, dialect, kept) == expected


def vlan_lines(state: NetworkState, dialect: Dialect, kept: tuple[Option, ...]) -> list[str]:
    found = bridge_stanzas(state, "br0", "eth0", RenderOptions(kept=kept), dialect)
    lines = [f"{option.name} {option.value}" for one in found for option in one.options]
    return [line for line in lines if "vlan" in line or "vid" in line]


HEADS = {
    CLASSIC: ["inet static", "inet manual", "inet dhcp", "inet6 static"],
    IFUPDOWN2: ["inet dhcp"],
    IFUPDOWN_NG: ["inet dhcp"],
}


@pytest.mark.parametrize("dialect", HEADS, ids=lambda one: one.name)
def test_a_merged_stanza_has_one_method(dialect: Dialect) -> None:
    leased = RenderOptions(dhcp_families=frozenset({2, 10}))
    found = bridge_stanzas(bridged_state(STATE, INTENT), "br0", "eth0", leased, dialect)
    assert [f"{one.family} {one.method}" for one in found] == HEADS[dialect]
    words = {option.name for one in found for option in one.options}
    assert ("address" in words) == (dialect is CLASSIC)


@pytest.mark.parametrize("there", [(), ("ifup",), ("ifup", "ifreload")])
def test_the_installed_one_is_known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, there: tuple[str, ...]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: name if name in there else None)
    monkeypatch.setattr(detect, "EXECUTORS", tmp_path / "none")
    assert detect.installed() == {0: None, 1: "classic", 2: "ifupdown2"}[len(there)]
    monkeypatch.setattr(detect, "EXECUTORS", tmp_path)
    assert detect.installed() == {0: None, 1: "ifupdown-ng", 2: "ifupdown2"}[len(there)]


UNTAKEN = {
    "iface eth0\n": [CLASSIC],
    "source x/*\n": [IFUPDOWN_NG],
    "source nothing\n": [IFUPDOWN_NG],
    "source-directory x\n": [IFUPDOWN2],
    "iface eth0 inet static\n address 192.0.2.1/24\n": [],
}


@pytest.mark.parametrize("text", UNTAKEN)
def test_what_each_does_not_take(text: str) -> None:
    memory = Memory(main=text)
    parsed = interfaces.parse_files("/main", memory, strict=False)
    refusing = [
        one for one in DIALECTS.values() if interfaces.unsupported_lines(parsed, memory, one)
    ]
    assert refusing == UNTAKEN[text]


def test_a_lease_of_ifupdown_ng_is_seen() -> None:
    parsed = interfaces.parse_files("/main", Memory(main="iface eth0\n use dhcp\n"), strict=False)
    assert ("inet", "dhcp") in interfaces.methods_of(parsed, ("eth0",))


def test_a_stanza_of_ifupdown_ng_by_another_word() -> None:
    text = "auto eth0\ninterface eth0\n address 192.0.2.4/24\n auto\ntemplate t\n mtu 9\n"
    parsed = interfaces.parse_files("/main", Memory(main=text), False, IFUPDOWN_NG)
    assert interfaces.options_of(parsed, "eth0") == (Option("address", "192.0.2.4/24"),)
    assert [one.name for one in parsed.definitions] == ["eth0", "t"]


def test_a_vlan_of_a_bridge_is_no_option_of_the_stanza_before() -> None:
    text = (
        "auto br0\niface br0\n bridge-ports eth0\nvlan br0.7\n bridge-igmp-querier-src 192.0.2.1\n"
    )
    parsed = interfaces.parse_files("/main", Memory(main=text), False, IFUPDOWN2)
    assert [one.name for one in parsed.definitions] == ["br0"]
    assert interfaces.options_of(parsed, "br0") == (Option("bridge-ports", "eth0"),)
    assert (
        len(interfaces.options_of(interfaces.parse_files("/main", Memory(main=text), False), "br0"))
        == 3
    )
