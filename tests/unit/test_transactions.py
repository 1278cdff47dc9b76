"""Transactions on a machine in memory: the target or the state before, whatever happens between."""

from pathlib import Path
from socket import create_server

import pytest
from msgspec.structs import replace

from bridgekit.errors import BridgekitError, RollbackIncompleteError
from bridgekit.planning import operations as op
from bridgekit.planning.operations import Operation, inverted
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.link import Neighbour, StaticMac
from bridgekit.state.routes.format import format_route
from bridgekit.transaction import probes
from bridgekit.transaction.journal import Entry, Journal
from bridgekit.transaction.rollback import AS_BEFORE
from bridgekit.transaction.verify import verify
from bridgekit.uapi.if_addr import IFA_F_NOPREFIXROUTE, IFA_F_PERMANENT
from tests.support.fake_kernel import FakeKernel
from tests.support.fake_machine import Interference
from tests.support.trial import Trial, moving_cases, plan_of, trial

CASES = moving_cases()


def kinds_in(name: str) -> set[type[Operation]]:
    return {type(one) for one in plan_of(name).operations}


def first_with(kind: type[Operation]) -> str:
    return next(name for name in CASES if kind in kinds_in(name))


KINDS = sorted({kind for name in CASES for kind in kinds_in(name)}, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("name", CASES)
def test_it_reaches_the_target_and_comes_back(tmp_path: Path, name: str) -> None:
    case = trial(tmp_path, name)
    (said,) = case.execute()
    assert said.startswith(f"{len(case.operations)} operations done in ")
    assert case.differs_from(case.record.target) == []
    assert case.events() == ["verified"]
    assert case.roll_back() == AS_BEFORE
    assert case.differs_from_before() == []
    assert case.machine.rolled_back == list(inverted(case.operations))
    assert case.events() == ["verified", "undoing", "rolled-back"]


@pytest.mark.parametrize("name", CASES)
def test_a_failure_ends_in_the_state_before(tmp_path: Path, name: str) -> None:
    """The first, the middle and the last operation, without its effect and with it."""
    count = len(plan_of(name).operations)
    for step in sorted({0, count // 2, count - 1}):
        for moment in ("fails_before", "fails_after"):
            fail_and_roll_back(trial(tmp_path, name), step, moment)


def fail_and_roll_back(case: Trial, step: int, moment: str) -> None:
    setattr(case.machine, moment, step)
    kind = type(case.operations[step]).__name__
    with pytest.raises(BridgekitError, match=f"{kind}: (refused|failed)"):
        case.execute()
    assert case.journal.steps_started() == step + 1
    assert case.roll_back() == AS_BEFORE
    assert case.differs_from_before() == [], (step, moment)
    assert case.events() == ["undoing", "rolled-back"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("moment", ["fails_before", "fails_after"])
def test_every_kind_of_operation_may_fail(
    tmp_path: Path, kind: type[Operation], moment: str
) -> None:
    name = first_with(kind)
    for step, operation in enumerate(plan_of(name).operations):
        if type(operation) is kind:
            fail_and_roll_back(trial(tmp_path, name), step, moment)


def test_the_step_is_in_the_journal_before_it_is_made(tmp_path: Path) -> None:
    case = trial(tmp_path)

    def look(kernel: FakeKernel) -> None:
        steps.append(case.journal.steps_started())

    steps: list[int] = []
    case.machine.interference = dict.fromkeys(range(len(case.operations)), look)
    case.execute()
    assert steps == [step + 1 for step in range(len(case.operations))]


# what somebody else does between the last operation and the verification


def drop_route(to: str) -> Interference:
    def act(kernel: FakeKernel) -> None:
        found = kernel.snapshot().routes
        kernel.delete_route(next(m for m in found.messages if to in text_of(kernel, m)))

    return act


def text_of(kernel: FakeKernel, message: bytes) -> str:
    return f"{format_route(message, kernel.snapshot().routes.name)} "


def change_link(name: str, **values: object) -> Interference:
    return lambda kernel: kernel.change_link(name, **values)


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


IP = "192.168.1.4"
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


# probes, and the way out of a machine's frames


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe's answer is waited for no longer than the first try."""
    monkeypatch.setattr(probes, "SETTLE_SECONDS", 0)


def test_a_probe_that_falls_silent_ends_it(tmp_path: Path, impatient: None) -> None:
    with create_server(("127.0.0.1", 0)) as one, create_server(("127.0.0.1", 0)) as other:
        port = one.getsockname()[1]
        probe, answered = f"tcp:127.0.0.1:{port}", f"tcp:127.0.0.1:{other.getsockname()[1]}"
        case = trial(tmp_path, probes=(probe, answered))
        case.machine.interference = {0: lambda kernel: one.close()}
        with pytest.raises(BridgekitError) as caught:
            case.execute()
        assert str(caught.value) == f"no answer any more from {probe}"
        assert case.roll_back() == f"{AS_BEFORE}, but {probe} answered before and does not now"
        with create_server(("127.0.0.1", port)):
            assert case.roll_back() == f"{AS_BEFORE}, and as reachable as before"
    assert case.differs_from_before() == []


def test_a_packet_filter_that_drops_what_machines_send_ends_it(tmp_path: Path) -> None:
    case = trial(tmp_path, service="{}")
    case.machine.forwards = False
    with pytest.raises(BridgekitError, match="send does not get out over eth0: a packet filter"):
        case.execute()
    assert case.events() == []
    assert case.roll_back() == AS_BEFORE
    assert case.machine.closed == ["br0"]
    assert case.differs_from_before() == []


def test_without_a_service_nobody_asks_the_packet_filter(tmp_path: Path) -> None:
    case = trial(tmp_path)
    case.machine.forwards = False
    case.execute()
    case.roll_back()
    assert case.machine.closed == []


# a journal that cannot be written, or is damaged


def test_a_disk_that_is_full_at_any_line_of_a_change(tmp_path: Path) -> None:
    """An operation whose line cannot be written is not begun."""
    for lines in range(len(plan_of("both-families").operations) + 1):
        case = trial(tmp_path)
        case.journal.left = lines
        with pytest.raises(OSError, match="No space left"):
            case.execute()
        assert len(case.machine.done) == lines
        answer = case.roll_back()
        assert answer.startswith(AS_BEFORE) and "cannot be written: No space left" in answer
        assert "`bridgekit recover` tries again" in answer
        assert case.differs_from_before() == []
        assert case.journal.unfinished()


@pytest.mark.parametrize("lines", [0, 1])
def test_a_disk_that_is_full_at_any_line_of_a_rollback(tmp_path: Path, lines: int) -> None:
    case = trial(tmp_path)
    case.execute()
    case.journal.left = lines
    answer = case.roll_back()
    assert (f"{case.journal.folder}/journal cannot be written" in answer) == (lines < 2), answer
    assert case.differs_from_before() == []
    assert case.journal.unfinished()


@pytest.mark.parametrize("lost", range(0, 12, 3))
def test_lines_that_are_lost_do_not_shorten_the_rollback(tmp_path: Path, lost: int) -> None:
    """A disk kept only so many lines; the machine has the last word."""
    case = trial(tmp_path)
    case.execute()
    path = case.journal.folder / "journal"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:lost]))
    assert case.roll_back() == AS_BEFORE
    assert case.differs_from_before() == []


@pytest.mark.parametrize("line", range(0, 13, 4))
def test_a_line_that_is_spoiled_rolls_back_everything(tmp_path: Path, line: int) -> None:
    case = trial(tmp_path)
    case.execute()
    path = case.journal.folder / "journal"
    lines = path.read_bytes().splitlines(keepends=True)
    lines[line] = b"0" + lines[line][1:] if lines[line][:1] != b"0" else b"1" + lines[line][1:]
    path.write_bytes(b"".join(lines))
    assert case.journal.damaged()
    assert case.roll_back() == AS_BEFORE
    assert case.differs_from_before() == []
    assert len(case.machine.rolled_back) == len(case.operations)


def test_nothing_is_rolled_back_where_nothing_changed(tmp_path: Path) -> None:
    """Everything is asked for, as by `recover`, of a host that is as it was."""
    case = trial(tmp_path)
    assert case.roll_back(everything=True) == AS_BEFORE
    assert case.machine.rolled_back == []


# a rollback that fails


def test_what_cannot_be_rolled_back_is_listed_with_its_commands(tmp_path: Path) -> None:
    case = trial(tmp_path)
    case.execute()
    case.machine.unmendable = {op.AddAddresses}
    with pytest.raises(RollbackIncompleteError) as caught:
        case.roll_back()
    text, _, commands = str(caught.value).partition("to repair it by hand:\n")
    assert text.startswith("rolled back, but:\n  could not do: ip address add 192.168.1.4/24")
    assert "AddAddresses: refused while rolling back" in text
    assert f"  missing: address {IP}/24 brd 192.168.1.255 dev eth0" in text.splitlines()
    assert f"  ip address add {IP}/24 brd 192.168.1.255 dev eth0" in commands.splitlines()
    assert "  ip route prepend default via 192.168.1.1 dev eth0 onlink" not in commands
    assert case.journal.state() == "incomplete"
    assert case.journal.last_text() in str(caught.value)
    done = {type(one) for one in case.machine.rolled_back}
    assert {op.SetController, op.DeleteBridge} <= done


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_one_that_fails_does_not_stop_the_others(tmp_path: Path, kind: type[Operation]) -> None:
    """Either the rest makes up for it, or the difference is listed with what repairs it."""
    case = trial(tmp_path, first_with(kind))
    case.execute()
    case.machine.unmendable = {kind}
    try:
        case.roll_back()
    except RollbackIncompleteError as error:
        assert f"{kind.__name__}: refused while rolling back" in str(error)
        assert case.differs_from_before()
        assert all(line in str(error) for line in listed(case)), error
    else:
        assert case.differs_from_before() == []
    rolled_back = [one for one in inverted(case.operations) if type(one) is not kind]
    done = [one for one in case.machine.rolled_back if type(one) is not kind]
    assert done[: len(rolled_back)] == rolled_back


def listed(case: Trial) -> list[str]:
    before = case.record.plan.snapshot
    return [f"  {one}" for one in verify(case.machine, before, case.record.plan.intent)]


def test_a_second_rollback_mends_what_the_first_could_not(tmp_path: Path) -> None:
    """`recover` tries again."""
    case = trial(tmp_path)
    case.execute()
    case.machine.unmendable = {op.RemoveAddresses, op.AddAddresses}
    with pytest.raises(RollbackIncompleteError):
        case.roll_back()
    case.machine.unmendable = set()
    assert case.roll_back(everything=True) == AS_BEFORE
    assert case.differs_from_before() == []
    assert case.events() == ["verified", "undoing", "incomplete", "undoing", "rolled-back"]


@pytest.mark.parametrize("again", range(3))
def test_rolling_back_again_changes_nothing(tmp_path: Path, again: int) -> None:
    case = trial(tmp_path, ["several-networks", "competing-between", "nexthop-groups"][again])
    case.execute()
    for _ in range(2):
        assert case.roll_back() == AS_BEFORE
        assert case.differs_from_before() == []


def test_a_nic_with_another_name_keeps_its_bridge(tmp_path: Path) -> None:
    case = trial(tmp_path)
    case.execute()
    case.machine.kernel.rename_link("eth0", "lan0")
    with pytest.raises(RollbackIncompleteError) as caught:
        case.roll_back()
    assert "eth0 is called lan0 now; br0 stays" in str(caught.value)
    assert "ip link set lan0 name eth0" in str(caught.value)
    assert case.machine.rolled_back == []
    case.machine.kernel.rename_link("lan0", "eth0")
    assert case.roll_back(everything=True) == AS_BEFORE
    assert case.differs_from_before() == []


def test_the_cause_stands_before_how_it_ended(tmp_path: Path) -> None:
    case = trial(tmp_path)
    case.execute()
    assert case.roll_back(cause="why") == f"why\neverything was rolled back: {AS_BEFORE}"
    case = trial(tmp_path)
    case.execute()
    case.machine.unmendable = {op.AddAddresses}
    with pytest.raises(RollbackIncompleteError) as caught:
        case.roll_back(cause="why")
    assert str(caught.value).startswith("why\nrolled back, but:\n")


@pytest.mark.parametrize("before", ["committed", "taken-back"])
def test_what_it_rolls_back_stands_again(tmp_path: Path, before: str) -> None:
    other = Journal(tmp_path / "000000-beef")
    other.folder.mkdir()
    other.write(Entry(before))  # type: ignore[arg-type]
    case = trial(tmp_path, "rollback", rolls_back=other.folder.name)
    case.execute()
    case.roll_back()
    assert other.state() == "committed"
