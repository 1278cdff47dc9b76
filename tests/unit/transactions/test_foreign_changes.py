"""What another program adds meanwhile is left by a rollback, and named."""

from pathlib import Path

import pytest

from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.link import Neighbour, StaticMac
from bridgekit.transaction.rollback import AS_BEFORE
from tests.support.fake_machine import Interference
from tests.support.trial import trial
from tests.unit.transactions.cases import change_link

FOREIGN: dict[str, tuple[Interference, str]] = {
    "an address on the NIC": (
        lambda kernel: kernel.add_address(Address("eth0", IPV4, "10.7.7.7", 24)),
        "  not of this change, and left: address 10.7.7.7/24 dev eth0",
    ),
    "an IPv6 address on the NIC": (
        lambda kernel: kernel.add_address(Address("eth0", IPV6, "2001:db8:7::7", 64)),
        "  not of this change, and left: address 2001:db8:7::7/64 dev eth0",
    ),
    "a MAC address": (
        lambda kernel: kernel.add_static_mac(StaticMac("eth0", "33:33:00:00:00:88")),
        "  not of this change, and left: MAC address 33:33:00:00:00:88 dev eth0",
    ),
    "a neighbour": (
        lambda kernel: kernel.replace_neighbour(
            Neighbour("eth0", IPV4, "192.168.1.77", "02:00:00:00:00:07", 0x80)
        ),
        "  not of this change, and left: neighbour 192.168.1.77",
    ),
    "an MTU": (change_link("eth0", mtu=1300), "  not of this change, and left: link eth0: mtu"),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_what_another_program_added_is_left_and_reported(tmp_path: Path, what: str) -> None:
    act, line = FOREIGN[what]
    case = trial(tmp_path)
    case.execute()
    act(case.machine.kernel)
    added = set(case.differs_from(case.record.target))
    answer = case.roll_back()
    assert answer.startswith(f"{AS_BEFORE}\n")
    assert any(one.startswith(line) for one in answer.splitlines()), answer
    left = set(case.differs_from_before())
    assert left and left == added
    assert case.journal.state() == "rolled-back"
    assert line.strip() in case.journal.last_text()


def test_what_is_on_the_bridge_is_named_when_it_goes_with_it(tmp_path: Path) -> None:
    case = trial(tmp_path)
    case.execute()
    case.machine.kernel.add_address(Address("br0", IPV4, "10.7.7.7", 24))
    answer = case.roll_back()
    assert "  gone with br0: address 10.7.7.7/24 dev br0" in answer.splitlines()
    assert case.differs_from_before() == []
