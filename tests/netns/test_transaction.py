"""The transaction on a real kernel: confirm, time-outs, signals, kills, and what the guard does."""

import json
import signal
import subprocess

import pytest

from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from tests.support.programs import program
from tests.support.state import state
from tests.support.transactions import APPLY, KILL_GUARDS, WAIT, held, last_id, wait_for_state


def test_unconfirmed_change_is_rolled_back_by_the_guard(lab: Lab) -> None:
    """Nothing is done in its time, however long that takes."""
    before = state(lab)
    result = lab.bridgekit("apply", "eth0", "--yes", "--json", "--confirm-within", "1")
    pending = json.loads(result.stdout)
    assert (result.code, pending["state"]) == (0, "pending"), result
    wait_for_state(lab, pending["id"], "rolled-back")
    assert lab.bridgekit("confirm").code == 3
    assert before.difference(state(lab)) == []


def test_while_a_change_waits_only_its_own_id_confirms_it(lab: Lab) -> None:
    waiting = str(json.loads(lab.bridgekit(*WAIT[:-1], "3600").stdout)["id"])
    moved = state(lab)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 6
    for other in ("another-id", f"{waiting}0", waiting[:-1], "000001-ffff"):
        refused = lab.bridgekit("confirm", other)
        assert refused.code == 3 and f"no transaction {other}" in refused.stderr, refused
    wait_for_pending(lab, waiting)
    assert moved.difference(state(lab)) == []
    assert lab.bridgekit("confirm", waiting).code == 0


def wait_for_pending(lab: Lab, wanted: str) -> None:
    """Its guard is at its post, and the change waits still."""
    found = json.loads(lab.bridgekit("status", "--json").stdout)["transactions"][-1]
    assert (found["id"], found["state"], found["guarded"]) == (wanted, "pending", True)


def test_a_lock_that_another_program_holds_is_heeded(lab: Lab) -> None:
    """flock(1) of util-linux is the witness, in both roles."""
    assert [lab.bridgekit(*verb).code for verb in (APPLY, ("rollback",))] == [0, 0]
    before = state(lab)
    lock = lab.run("host", "sh", "-c", "echo /var/lib/bridgekit/*.lock").stdout.strip()
    pipe = subprocess.PIPE
    holder = lab.popen(
        *("host", "flock", lock, "sh", "-c", "echo held; read line"),
        stdin=pipe,
        stdout=pipe,
        text=True,
    )
    assert holder.stdout and holder.stdout.readline() == "held\n"
    refused = lab.bridgekit(*APPLY)
    assert refused.code == 6 and "another bridgekit is changing" in refused.stderr, refused
    assert before.difference(state(lab)) == []
    holder.communicate("\n")
    with held(lab):
        assert lab.run("host", "flock", "--nonblock", lock, "true", check=False).code == 1


@pytest.mark.parametrize("again", range(5))
def test_of_two_that_begin_together_one_is_carried_out(lab: Lab, again: int) -> None:
    """The other is asked to wait, or, where it came late, refused; never are both rolled back."""
    gate = ("sh", "-c", 'read line; exec "$@"', "sh", *BRIDGEKIT)
    both = [
        lab.popen("host", *gate, *APPLY, "--bridge", bridge, stdin=subprocess.PIPE)
        for bridge in ("br0", "br1")
    ]
    for process in both:
        assert process.stdin
        process.stdin.write(b"\n")
        process.stdin.close()
    codes = sorted(process.wait(120) for process in both)
    assert codes in ([0, 6], [0, 3])
    assert lab.bridgekit("rollback").code == 0


def test_confirm_keeps_and_writes_the_file(lab: Lab) -> None:
    original = lab.read_interfaces()
    result = lab.bridgekit("apply", "eth0", "--yes", "--json", "--confirm-within", "60")
    assert lab.read_interfaces() == original
    assert lab.bridgekit("confirm", json.loads(result.stdout)["id"]).code == 0
    assert "auto br0" in lab.read_interfaces()
    assert lab.read_interfaces("interfaces.before-bridgekit") == original
    assert lab.bridgekit("rollback").code == 0
    assert lab.read_interfaces() == original


def test_killed_executor_is_rolled_back_by_the_guard(lab: Lab) -> None:
    before = state(lab)
    with held(lab) as process:
        process.send_signal(signal.SIGKILL)
    wait_for_state(lab, last_id(lab), "rolled-back")
    assert before.difference(state(lab)) == []


def test_a_waiting_change_outlives_its_session(lab: Lab) -> None:
    command = ("apply", "eth0", "--yes", "--json", "--confirm-within", "60")
    assert lab.bridgekit(*command).code == 0
    waiting = json.loads(lab.bridgekit("status", "--json").stdout)["transactions"][-1]
    assert (waiting["state"], waiting["guarded"]) == ("pending", True)
    assert lab.bridgekit("rollback").code == 0
    assert lab.bridgekit("status", "--json").stdout.count("rolled-back") == 1
    assert "br0" not in lab.run("host", "ip", "link").stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_before_verification_rolls_back(lab: Lab, number: signal.Signals) -> None:
    before = state(lab)
    with held(lab) as process:
        process.send_signal(number)
        assert process.wait(30) == 4
    assert before.difference(state(lab)) == []


def test_a_probe_that_falls_silent_rolls_back(lab: Lab) -> None:
    before = state(lab)
    probe = "cmd:test ! -e /sys/class/net/br0"
    result = lab.bridgekit("apply", "eth0", "--yes", "--probe", probe)
    assert result.code == 4 and "no answer any more" in result.stderr, result
    assert before.difference(state(lab)) == []


def test_an_order_too_early_does_not_end_the_guard(lab: Lab) -> None:
    """While the change still runs, an order is refused and the guard stays at its post."""
    before = state(lab)
    with held(lab):
        assert [lab.bridgekit("confirm").code, lab.bridgekit("rollback").code] == [3, 6]
    wait_for_state(lab, last_id(lab), "rolled-back")
    assert before.difference(state(lab)) == []


def test_json_is_all_there_is_on_standard_output(lab: Lab) -> None:
    """Whatever happens: one JSON document, and people's words only on standard error."""
    pending = ("apply", "eth0", "--yes", "--json", "--confirm-within", "60")
    commands = (pending, pending, ("confirm",), ("rollback",), ("rollback",), ("recover",))
    result = [lab.bridgekit(*command, *extra(command)) for command in commands]
    assert [one.code for one in result] == [0, 6, 0, 0, 3, 0], result
    answers = [json.loads(one.stdout) for one in result]
    assert all(answer["schema"] == 1 for answer in answers)
    assert [answer.get("exit_code", 0) for answer in answers] == [0, 6, 0, 0, 3, 0]


def extra(command: tuple[str, ...]) -> tuple[str, ...]:
    return () if "--json" in command else ("--json",)


def test_a_torn_journal_is_read_and_finished(lab: Lab) -> None:
    before = state(lab)
    started = lab.bridgekit("apply", "eth0", "--yes", "--json", "--confirm-within", "60")
    transaction = json.loads(started.stdout)["id"]
    kill_guards = "pkill -KILL -f 'bridgekit guard'"
    lab.run("host", "bash", "-c", kill_guards, check=False)
    lab.run("host", "bash", "-c", f"printf '{{torn' >> /var/lib/bridgekit/{transaction}/journal")
    result = lab.bridgekit("recover")
    assert result.code == 0 and transaction in result.stdout, result
    assert lab.bridgekit("recover").stdout == "nothing to recover\n"
    assert before.difference(state(lab)) == []


def test_a_signal_does_not_end_a_rollback_that_has_no_guard(lab: Lab) -> None:
    before = state(lab)
    transaction = json.loads(lab.bridgekit(*WAIT).stdout)["id"]
    lab.run("host", *KILL_GUARDS)
    process = lab.popen("host", *BRIDGEKIT, "rollback")
    begun = f"until grep -q undoing /var/lib/bridgekit/{transaction}/journal; do :; done"
    lab.run("host", "sh", "-c", begun)
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    assert before.difference(state(lab)) == []


def test_a_timer_does_nothing_to_what_is_decided(lab: Lab) -> None:
    """Someone else has decided, unheard by the guard: its time is up, and it looks again."""
    transaction = json.loads(lab.bridgekit(*WAIT[:-1], "3").stdout)["id"]
    moved = state(lab)
    lab.run("host", *program("decide", transaction, "committed"))
    wait_for_state(lab, transaction, "committed")
    assert moved.difference(state(lab)) == []


def test_a_confirm_whose_guard_is_killed_at_work_ends_it(lab: Lab) -> None:
    """It must not say that nothing changed, and leave the files half-replaced."""
    transaction = json.loads(lab.bridgekit(*WAIT).stdout)["id"]
    lab.run("host", *KILL_GUARDS)
    lab.run("host", *program("decide", transaction, "committing"))
    assert lab.bridgekit("confirm").code == 3
    assert "was rolled back" in lab.bridgekit("recover").stdout
    result = lab.bridgekit("confirm").stderr
    assert f"{transaction} is rolled-back" in result


def test_a_file_edited_while_waiting_stays_and_the_network_returns(lab: Lab) -> None:
    command = ("apply", "eth0", "--yes", "--confirm-within", "60")
    assert lab.bridgekit(*command).code == 0
    edited = lab.read_interfaces() + "# mine\n"
    lab.write_interfaces(edited)
    assert lab.bridgekit("confirm").code == 4
    assert lab.read_interfaces() == edited
    assert "br0" not in lab.run("host", "ip", "link").stdout


def test_a_probe_that_says_nothing_is_reported(lab: Lab) -> None:
    result = lab.bridgekit("apply", "eth0", "--yes", "--probe", "tcp:192.0.2.77:9")
    assert result.code == 0 and "does not answer now" in result.stderr, result
