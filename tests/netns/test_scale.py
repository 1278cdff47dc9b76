"""What a move costs for each thing that the host has: counted, not timed.

Routes come by the thousand. The kernel wants a message for each; all else, from reading to
verifying, must cost next to nothing for each of them. Whatever else a host has many of must cost no
more than in proportion.
"""

import cProfile
import re
import socket
import struct
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from bridgekit.application.plan import PlanRequest, plan_bridge
from bridgekit.host import machine
from bridgekit.lab import layout
from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.kernel import inside
from bridgekit.lab.topology import Lab
from bridgekit.netlink.buffers import DUMP_CHUNK
from bridgekit.planning import codec
from bridgekit.planning.diff import differences
from bridgekit.planning.operations import inverted
from bridgekit.planning.target_state import target_state
from bridgekit.transaction.store import Store

NOWHERE = Path("/nowhere")
LINKS = ("eth0", "br0")
FEW, MANY = 1000, 2000
"""How many routes the host has at first, and how many more it gets."""
HOST = (
    *layout.UP,
    "address add 192.168.1.4/24 brd + dev eth0",
    "address add 2001:db8:1::4/64 dev eth0",
)
ROUTERS = "address add 192.168.1.2/24 dev eth0", "address add 2001:db8:1::2 dev eth0 nodad"
"""That the gateway is both of the routers that are used by turns."""
ASKING = "while :; do ip -force -o -batch /run/asked; done"
BUFFER = 64 << 20
CALLS = "sendto,recvfrom,sendmsg,recvmsg,write,fsync,select,poll"
Lines = Callable[[range], Iterator[str]]


class Counting(socket.socket):
    """A socket that counts the messages it sends to the kernel."""

    messages = 0

    def send(self, data: bytes, *rest: int) -> int:  # type: ignore[override]
        at = 0
        while at < len(data):
            Counting.messages += 1
            at += (struct.unpack_from("=I", data, at)[0] + 3) & ~3
        return super().send(data, *rest)


class Cost(Struct, frozen=True):
    """Function calls, messages to the kernel, and bytes of memory at the peak."""

    calls: int
    messages: int
    peak: int

    def more_than(self, other: "Cost", number: int) -> tuple[float, float, float]:
        """What each of so many costs more."""
        pairs = (self.calls, other.calls), (self.messages, other.messages), (self.peak, other.peak)
        calls, messages, peak = ((mine - less) / number for mine, less in pairs)
        return calls, messages, peak


def there_and_back() -> None:
    """The whole of it: read, plan, write down, move, verify; and the way back."""
    request = PlanRequest("eth0", "br0", NOWHERE, persist=None)
    plan = codec.decode(codec.encode(plan_bridge(request, Store(NOWHERE)).plan))
    for operation in plan.operations:
        machine.execute(operation)
    wanted = target_state(plan.snapshot, plan.intent)
    assert differences(wanted, machine.snapshot(*LINKS), LINKS) == ()
    for operation in inverted(plan.operations):
        machine.execute(operation, rolling_back=True)
    assert differences(plan.snapshot, machine.snapshot(*LINKS), LINKS) == ()


def give(lab: Lab, lines: Iterator[str]) -> None:
    """Give the host something."""
    lab.run("host", "ip", "-batch", "-", stdin="\n".join(lines))
    lab.hosts["host"].settle()


def cost(lab: Lab) -> Cost:
    """Move there and back, and count."""
    profile, before = cProfile.Profile(), Counting.messages
    with inside("net", lab.hosts["host"].pid):
        tracemalloc.start()
        there_and_back()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        messages = Counting.messages - before
        profile.runcall(there_and_back)
    calls = sum(entry.callcount for entry in profile.getstats())
    return Cost(calls, messages, peak)


def system_calls(lab: Lab, note: Path) -> dict[str, int]:
    """Apply, and count the system calls that a thing more could mean more of."""
    strace = ("strace", "-f", "--seccomp-bpf", "-c", "-o", str(note), "-e", f"trace={CALLS}")
    words = ("apply", "eth0", "--yes", "--no-persist")
    lab.run("host", *strace, *BRIDGEKIT, *words)
    assert lab.bridgekit("rollback").code == 0
    rows = [line.split() for line in note.read_text().splitlines()]
    return {row[-1]: int(row[3]) for row in rows if row and row[-1] in CALLS.split(",")}


def routes(numbers: range) -> Iterator[str]:
    """Routes of both families, over two routers by turns."""
    for number in numbers:
        high, low, turn = number >> 8, number & 255, 1 + number // 2 % 2
        if number % 2:
            yield f"route add 2001:db8:f:{number:x}::/64 via 2001:db8:1::{turn} dev eth0"
        else:
            yield f"route add 100.{high}.{low}.0/24 via 192.168.1.{turn} dev eth0"


def neighbours(numbers: range) -> Iterator[str]:
    """Permanent neighbours."""
    for number in numbers:
        mac = f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"
        yield f"neighbour add 192.168.1.{number + 10} lladdr {mac} dev eth0"


def addresses(numbers: range) -> Iterator[str]:
    """Addresses of both families, half of them alone in their networks."""
    for number in numbers:
        alone = f"100.0.{number}.1/24 brd +", f"2001:db8:a{number:03x}::1/64 nodad"
        together = f"192.168.1.{number + 10}/24 brd +", f"2001:db8:1::{number:x}:1/64 nodad"
        yield f"address add {(*alone, *together)[number % 4]} dev eth0"


def rules(numbers: range) -> Iterator[str]:
    """Rules that name the NIC, each of its own priority."""
    for number in numbers:
        yield f"rule add iif eth0 from 100.64.0.{number} priority {2000 + number}"


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", Counting)


def test_a_route_more_costs_next_to_nothing(make_lab: Callable[..., Lab]) -> None:
    """The kernel gets one message for it, and one on the way back."""
    lab = make_lab(host=HOST)
    give(lab, routes(range(FEW)))
    before = cost(lab)
    give(lab, routes(range(FEW, FEW + MANY)))
    calls, messages, peak = cost(lab).more_than(before, MANY)
    assert calls < 30
    assert messages < 2.1
    # whether one buffer more is there at the peak is chance: two sockets may be read by turns
    assert peak < 150 + DUMP_CHUNK / MANY


def test_a_route_more_needs_no_system_call(make_lab: Callable[..., Lab], tmp_path: Path) -> None:
    """But many together do; and the journal is written and synced as often as for few."""
    lab = make_lab(host=HOST)
    lab.ip("gateway", *ROUTERS)
    give(lab, routes(range(FEW)))
    before = system_calls(lab, tmp_path / "calls")
    give(lab, routes(range(FEW, FEW + MANY)))
    after = system_calls(lab, tmp_path / "calls")
    assert sum(after.values()) - sum(before.values()) < MANY / 10
    assert after["write"] - before["write"] < 10
    assert after["fsync"] == before["fsync"]


def test_no_destination_is_ever_without_its_route(
    make_lab: Callable[..., Lab], tmp_path: Path
) -> None:
    """There and back; `ip monitor` prints every change, and `ip route get` is asked all along."""
    lab, lines = make_lab(host=HOST), list(routes(range(FEW)))
    lab.ip("gateway", *ROUTERS)
    give(lab, iter(lines))
    networks = [line.split()[2] for line in lines]
    questions = "".join(f"route get {one.partition('/')[0]}\n" for one in networks[::20])
    lab.run("host", "tee", "/run/asked", stdin=questions)
    with (tmp_path / "changes").open("w") as result, (tmp_path / "answers").open("w") as answers:
        monitor = ("ip", "-rcvbuf", str(BUFFER), "-o", "monitor", "route")
        lab.popen("host", *monitor, stdout=result, stderr=result)
        lab.popen("host", "sh", "-c", ASKING, stdout=answers, stderr=answers)
        assert lab.bridgekit("apply", "eth0", "--yes", "--no-persist").code == 0
        assert lab.bridgekit("rollback").code == 0
        lab.down()
    changes, found = (tmp_path / "changes").read_text(), (tmp_path / "answers").read_text()
    assert changes.count(" via ") >= 2 * FEW  # it has seen all of them
    assert not re.findall(r"^Deleted (?:100\.|2001:db8:f:).*", changes, re.MULTILINE)
    assert not [line for line in found.splitlines()[:-1] if " via " not in line]
    assert " dev br0 " in found


@pytest.mark.parametrize("lines", [neighbours, addresses])
def test_others_cost_no_more_than_in_proportion(make_lab: Callable[..., Lab], lines: Lines) -> None:
    lab, costs, sizes = make_lab(host=HOST), [], (20, 40, 240)
    for start, end in zip((0, *sizes), sizes, strict=False):
        give(lab, lines(range(start, end)))
        costs.append(cost(lab))
    first = costs[1].more_than(costs[0], sizes[1] - sizes[0])
    second = costs[2].more_than(costs[1], sizes[2] - sizes[1])
    assert second[0] < 1.3 * first[0]
    assert second[1] < 1.3 * first[1]
    assert second[2] < 6000 + DUMP_CHUNK / (sizes[2] - sizes[1])
