"""A message is refused, or a disk takes no more: all is as before, or all is done.

The message is not sent, and its answer is an errno that tests/programs/faults.py writes: so any
message gets any errno. What the kernel itself refuses is in tests/netns/test_fake_machine.py. Of a
disk strace(1) lets the system call fail.
"""

from pathlib import Path

import pytest

from bridgekit.lab.host import Result
from bridgekit.lab.topology import Lab
from tests.support import faults
from tests.support.faults import States
from tests.support.programs import program
from tests.support.transactions import APPLY

ERRORS = ("EEXIST", "ENOBUFS", "EPERM", "ENODEV")
DISK_ERRORS = ("ENOSPC", "EIO")
REFUSED = "a message refused"
SHARDS = 4


def refused(lab: Lab, number: int, error: str) -> Result:
    argv = program("faults", "refuse", str(number), error, *APPLY)
    return lab.run("host", *argv, check=False)


def messages(lab: Lab) -> int:
    """How many messages one apply sends."""
    result = refused(lab, 0, "EPERM")
    assert result.code == 0, result
    assert lab.bridgekit("rollback").code == 0
    return int(result.stderr.rpartition("messages: ")[2])


def ends_well(lab: Lab, states: States, result: Result, fault: str, point: faults.Point) -> None:
    """What is reported is so: done, refused, or rolled back; and nothing is left to be done."""
    with faults.judged(fault, point):
        state, recovered = faults.settled(lab, states)
    faults.note(fault, point, state, recovered)
    assert "Traceback" not in result.stderr, (point, result.stderr)
    assert not recovered, point
    assert result.code == 0 if state == "new" else result.code in (1, 3, 4), (point, result)
    if state == "new":
        assert lab.bridgekit("rollback").code == 0


def try_refusals(lab: Lab, numbers: range) -> None:
    with faults.staged(lab) as states:
        for number in numbers:
            error = ERRORS[number // SHARDS % len(ERRORS)]
            result = refused(lab, number, error)
            point = faults.Point(error, number, "during")
            ends_well(lab, states, result, REFUSED, point)


def test_a_refused_message(lab: Lab) -> None:
    count = messages(lab)
    assert count > 40
    try_refusals(lab, range(3, count + 1, count // 8))


@pytest.mark.all
@pytest.mark.parametrize("shard", range(SHARDS))
def test_many_messages_refused(lab: Lab, shard: int) -> None:
    try_refusals(lab, range(1 + shard, messages(lab) + 1, SHARDS * faults.every(3)))


def disk_points(lab: Lab, trace: Path) -> list[faults.Point]:
    """What one apply does to files; what the kernel is asked for by netlink is left out."""
    assert faults.run(lab, trace, *APPLY).code == 0
    assert lab.bridgekit("rollback").code == 0
    return [point for point in faults.points(trace) if point.call != "sendto"]


def try_disk(lab: Lab, trace: Path, step: slice) -> None:
    with faults.staged(lab) as states:
        for number, point in enumerate(disk_points(lab, trace)[step]):
            error = DISK_ERRORS[number % len(DISK_ERRORS)]
            result = faults.run(lab, trace, *APPLY, faults=(point.failing(error),))
            assert "(INJECTED)" in trace.read_text(errors="replace"), point
            ends_well(lab, states, result, f"a disk with {error}", point)


def test_a_disk_that_fails(lab: Lab, tmp_path: Path) -> None:
    try_disk(lab, tmp_path / "trace", slice(3, None, 12))


@pytest.mark.all
@pytest.mark.parametrize("shard", range(SHARDS))
def test_a_disk_that_fails_at_many_calls(lab: Lab, shard: int, tmp_path: Path) -> None:
    try_disk(lab, tmp_path / "trace", slice(shard, None, SHARDS * faults.every(3)))
