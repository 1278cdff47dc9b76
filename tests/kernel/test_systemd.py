"""Where systemd is PID 1: logout, a guard that is killed, and power cuts, in a guest of its own.

The witnesses are iproute2, systemd, logind and the files, all in the guest.
"""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support import faults
from tests.support.systemd_guest import TREE, Machine, booted, layered
from tests.support.systemd_power import INTERFACES, Boot, Moment, Recovery, boot, moments, sampled
from tests.support.systemd_session import VISITOR, log_in, main_process, session, until_ended

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("guests")]

POWER = "the power of a machine fails"
AT_LEAST = 10
PHASES = {"before", "during", "after", "waiting", "persist", "commit"}
OURS = {"192.168.1.4", "2001:db8:1::4"}
"""The host's addresses, which are eth0's or br0's."""
QUESTIONS = ("-d address", "-4 route show table all", "-6 route show table all", "rule", "-6 rule")
APPLY = ("bridgekit", "apply", "eth0", "--yes")
RUNNING = "change.service"
HALF_WAY = "do RemoveRoutes"
AT_THE_END = "journal verified"


@pytest.fixture(scope="module")
def machine(disk: Path) -> Iterator[Machine]:
    """One for all tests here that leave it as they found it."""
    with booted(layered(disk, disk.with_name("running"))) as running:
        yield running


def state(machine: Machine) -> list[str]:
    """The network, as iproute2 tells of it, and the interfaces file."""
    result = [json.loads(machine.run("ip", "-j", *words.split())) for words in QUESTIONS]
    network = (json.dumps(one, sort_keys=True) for answer in result for one in answer)
    return [*sorted(network), machine.run("cat", INTERFACES)]


def transaction(machine: Machine) -> dict[str, str]:
    """The last one."""
    shown: dict[str, str] = json.loads(machine.run("bridgekit", "status", "--json"))
    return shown["transactions"][-1]


def guard_of(id: str) -> str:
    return f"bridgekit-guard-{id}.service"


def newest(machine: Machine) -> str:
    """The id of the last transaction."""
    names = machine.run("ls", "/var/lib/bridgekit").split()
    return [name for name in names if not name.endswith(".lock")][-1]


def bridged(machine: Machine) -> bool:
    return machine.ask("ip", "link", "show", "br0")[0] == 0


def kill(machine: Machine, unit: str) -> None:
    machine.run("systemctl", "kill", "--signal=KILL", unit)


def kill_guard(machine: Machine, id: str) -> int:
    """Kill the guard's service; return its new process when that begins to work."""
    old = main_process(machine, guard_of(id))
    machine.hold("guard")
    kill(machine, guard_of(id))
    assert machine.held("guard").endswith("guard.sock")
    new = main_process(machine, guard_of(id))
    machine.release("guard")
    assert new != old
    return new


def test_logout_does_not_reach_the_guard(machine: Machine) -> None:
    """A change waits, its session ends with all of its processes; from outside it is kept."""
    before = state(machine)
    machine.hold("apply", "journal pending")
    log_in(machine, " ".join((*APPLY, "--confirm-within", "600")))
    machine.held("apply")
    machine.release("apply")
    until_pending(machine)
    id, visitor = session(machine), main_process(machine, VISITOR)
    assert "bridgekit apply" in machine.run("loginctl", "session-status", id)
    machine.run("loginctl", "terminate-session", id)
    until_ended(machine, visitor)
    machine.ask("systemctl", "stop", f"session-{id}.scope")  # which waits for its last process
    assert machine.ask("pgrep", "-f", "bridgekit apply")[1] == ""
    assert main_process(machine, guard_of(newest(machine)))
    assert transaction(machine)["state"] == "pending" and bridged(machine)
    machine.run("bridgekit", "confirm")
    assert transaction(machine)["state"] == "committed" and bridged(machine)
    machine.run("bridgekit", "rollback")
    assert state(machine) == before


def until_pending(machine: Machine) -> None:
    while transaction(machine)["state"] != "pending":
        pass


def test_a_dhcp_client_is_part_of_no_session_and_no_guard(machine: Machine) -> None:
    """Where it goes, and where an undo by the guard puts it, is a scope of its own."""
    machine.run("dhclient", "-pf", "/run/dhclient.eth0.pid", "eth0")
    machine.run(*APPLY, "--confirm-within", "600")
    assert_in_a_scope(machine, "br0")
    machine.run("bridgekit", "rollback")
    assert_in_a_scope(machine, "eth0")
    machine.run("pkill", "-KILL", "-F", "/run/dhclient.eth0.pid")
    machine.run("ip", "-4", "address", "flush", "dev", "eth0", "dynamic")


def assert_in_a_scope(machine: Machine, link: str) -> None:
    process = machine.run("cat", f"/run/dhclient.{link}.pid").strip()
    group = machine.run("cat", f"/proc/{process}/cgroup").strip()
    assert re.fullmatch(r"0::/system\.slice/run-\S+\.scope", group)


@pytest.mark.parametrize(
    ("step", "end"),
    [
        (AT_THE_END, ("terminate-session",)),
        (HALF_WAY, ("terminate-session",)),
        (HALF_WAY, ("kill-session", "--signal=KILL")),
    ],
)
def test_logout_in_the_middle(machine: Machine, step: str, end: tuple[str, ...]) -> None:
    """The session ends, or all of it is killed, before the change is verified: it is undone."""
    before = state(machine)
    machine.hold("apply", step)
    log_in(machine, " ".join(APPLY))
    machine.held("apply")
    assert bridged(machine)
    machine.run("rm", "/run/stepping/apply")  # what follows is not held
    guard = main_process(machine, guard_of(newest(machine)))
    visitor = main_process(machine, VISITOR)
    machine.run("loginctl", *end, session(machine))
    until_ended(machine, guard)
    until_ended(machine, visitor)
    assert state(machine) == before
    assert transaction(machine)["state"] == "rolled-back"


def test_killed_guard_of_a_waiting_change(machine: Machine) -> None:
    """systemd starts it again, and at the deadline it undoes the change."""
    before = state(machine)
    machine.run(*APPLY, "--confirm-within", "20")
    id = newest(machine)
    guard = kill_guard(machine, id)
    until_ended(machine, guard)
    assert state(machine) == before
    assert transaction(machine)["state"] == "rolled-back"
    assert uptime(machine) >= deadline(machine, id)


def test_a_stopped_guard_of_a_waiting_change(machine: Machine) -> None:
    """systemd's watchdog kills it and starts it again, and at the deadline it rolls back."""
    before = state(machine)
    machine.run(*APPLY, "--confirm-within", "90")
    id = newest(machine)
    machine.hold("guard")
    machine.run("systemctl", "kill", "--signal=STOP", guard_of(id))
    assert machine.held("guard").endswith("guard.sock")
    guard = main_process(machine, guard_of(id))
    machine.release("guard")
    until_ended(machine, guard)
    assert state(machine) == before
    assert transaction(machine)["state"] == "rolled-back"
    assert uptime(machine) >= deadline(machine, id)


@pytest.mark.parametrize("step", ["+2 days", "-2 days"])
def test_clock_that_is_stepped(machine: Machine, step: str) -> None:
    """Someone sets the clock while a change waits: its time is up when it would have been."""
    before = state(machine)
    machine.run(*APPLY, "--confirm-within", "20")
    id = newest(machine)
    guard = main_process(machine, guard_of(id))
    machine.run("date", "--set", step)
    assert uptime(machine) < deadline(machine, id)
    assert transaction(machine)["state"] == "pending" and bridged(machine)
    until_ended(machine, guard)
    assert uptime(machine) >= deadline(machine, id)
    assert state(machine) == before
    assert transaction(machine)["state"] == "rolled-back"


def uptime(machine: Machine) -> float:
    return float(machine.run("cat", "/proc/uptime").split()[0])


def deadline(machine: Machine, id: str) -> float:
    lines = machine.run("cat", f"/var/lib/bridgekit/{id}/journal").splitlines()
    entries = (json.loads(line.partition(" ")[2]) for line in lines)
    return next(float(one["deadline"]) for one in entries if one["event"] == "pending")


def test_killed_guard_and_executor_of_a_change_at_work(machine: Machine) -> None:
    """The guard that was started again finds the executor gone, and undoes what it did."""
    before = state(machine)
    machine.hold("apply", HALF_WAY)
    machine.run("systemd-run", "--quiet", "--collect", f"--unit={RUNNING}", *APPLY)
    machine.held("apply")
    machine.run("rm", "/run/stepping/apply")
    guard = kill_guard(machine, newest(machine))
    assert bridged(machine)
    kill(machine, RUNNING)
    until_ended(machine, guard)
    assert state(machine) == before
    assert transaction(machine)["state"] == "rolled-back"


def test_power_cuts(disk: Path, tmp_path: Path) -> None:
    """At each moment the disk is kept as it was; then the machine boots from some of them."""
    old = (TREE / INTERFACES[1:]).read_text()
    with booted(layered(disk, tmp_path / "cut")) as machine:
        apply = [
            *moments(machine, "apply", "before", *APPLY[1:], "--confirm-within", "3600"),
            *moments(machine, "guard", "waiting", "confirm"),
        ]
        new = machine.run("cat", INTERFACES)
        rollback = [*moments(machine, "rollback", "before", "rollback")]
        assert machine.run("cat", INTERFACES) == old != new
    assert {moment.phase for moment in apply} == PHASES
    tried = [*sampled(apply), *sampled(rollback)]
    assert len(tried) >= AT_LEAST
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(boot, (moment.disk for moment in tried)))
    for moment, after in zip(tried, found, strict=True):
        texts = (old, new) if moment in apply else (new, old)
        point = faults.Point(moment.step, 0, moment.phase)
        with faults.judged(POWER, point):
            check(moment, after, texts, bridged=after.interfaces == new)
        state: faults.State = "new" if after.interfaces == texts[1] else "old"
        faults.note(POWER, point, state, recovered=bool(after.recoveries))


def check(moment: Moment, after: Boot, texts: tuple[str, str], bridged: bool) -> None:
    """The file is one of the two, and all else fits it."""
    result = f"{moment}\n{after}"
    assert after.interfaces in allowed(moment, *texts), result
    assert after.networking == "success", result
    assert after.carriers["eth0"] == (set() if bridged else OURS), result
    assert after.carriers.get("br0") == (OURS if bridged else None), result
    assert after.ports == ({"eth0": "br0"} if bridged else {}), result
    for one in after.transactions:
        assert one["state"] in ended(one["direction"], bridged), result
    recovered = {Recovery("success", first=True)}
    assert after.recoveries or moment.phase in ("before", "commit"), result
    assert recovered.issuperset(after.recoveries), result
    assert after.left == [] or moment.phase == "before", result
    assert after.left_still == [], result


def allowed(moment: Moment, was: str, becomes: str) -> tuple[str, ...]:
    """What the interfaces file may be, if the power fails then."""
    if moment.phase == "persist":
        return was, becomes
    return (becomes,) if moment.phase == "commit" else (was,)


def ended(direction: str, bridged: bool) -> tuple[str, ...]:
    """How a transaction that leads there may have ended."""
    if direction == "bridge":
        return ("committed",) if bridged else ("rolled-back", "taken-back")
    return ("rolled-back",) if bridged else ("committed",)
