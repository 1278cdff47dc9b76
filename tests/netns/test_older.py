"""What an older version left on disk is read by this one: see tests/netns/older/README.md."""

import json
from collections.abc import Callable

import pytest

from bridgekit.lab import state_dump
from bridgekit.lab.host import Result
from bridgekit.lab.topology import Lab
from tests.support.lasting import lasting
from tests.support.older import DATA, STATE, Older, made

PXE = f"{STATE}/pxe"


WITH_PXE = (
    *("--with-pxe", "--pxe-engine", "native", "--pxe-beside-dhcp"),
    *("--pxe-ipv6", "fd00:242::1/64"),
)
NOTES = f"find {PXE} -name '*br0*'"
SERVED = """
ip link add {} type veth peer name other
sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.all.accept_redirects=0
echo 1 > /sys/class/net/br0/bridge/multicast_querier
"""


@pytest.fixture
def office(make_lab: Callable[..., Lab]) -> Older:
    """A host with nearly everything that a change can move."""
    return made(make_lab, "office")


@pytest.fixture
def pxe(make_lab: Callable[..., Lab]) -> Older:
    """A host that had been moved with the PXE service."""
    return made(make_lab, "pxe")


def ended_well(result: Result) -> None:
    assert (result.code, "Traceback" in result.stderr) == (0, False), result


def as_before(older: Older, before: state_dump.StateDump) -> None:
    assert lasting(before).difference(lasting(older.seen())) == []
    assert older.file() == older.kept("network.before")


@pytest.mark.parametrize("scene", ["office", "joined"])
def test_a_committed_migration_of_an_older_version_is_taken_back(
    make_lab: Callable[..., Lab], scene: str
) -> None:
    """After a reboot, so its record is read just as that version wrote it."""
    older = made(make_lab, scene)
    before = older.seen()
    older.move()
    older.commit_files()
    older.put("committed")
    assert (older.carrier(), older.states()) == ("br0", ["committed"])
    ended_well(older.program("rollback"))
    as_before(older, before)
    assert older.states() == ["taken-back", "committed"]


def test_it_is_taken_back_in_the_same_boot_too(office: Older) -> None:
    before = office.seen()
    office.move()
    office.commit_files()
    office.put_here("committed")
    ended_well(office.program("rollback"))
    as_before(office, before)


def test_an_older_plan_of_the_way_back_is_applied(office: Older) -> None:
    before = office.seen()
    office.move()
    office.commit_files()
    office.put("committed")
    ended_well(office.program("apply", "--yes", "--plan", str(DATA / "office/undo.json")))
    as_before(office, before)
    assert office.states() == ["taken-back", "committed"]


def test_an_older_change_that_waits_is_kept(office: Older) -> None:
    """And then rolled back like any other."""
    before = office.seen()
    office.move()
    office.put_here("pending")
    assert (office.carrier(), office.states()) == ("br0", ["pending"])
    ended_well(office.program("confirm"))
    assert office.file() == office.kept("network.after")
    assert (office.carrier(), office.states()) == ("br0", ["committed"])
    ended_well(office.program("rollback"))
    as_before(office, before)


def test_an_older_change_that_waits_is_rolled_back(office: Older) -> None:
    before = office.seen()
    office.move()
    office.put_here("pending")
    assert office.program("apply", "eth0", "--yes").code == 6
    ended_well(office.program("rollback"))
    as_before(office, before)
    assert office.states() == ["rolled-back"]


def test_an_older_change_that_was_cut_off_is_rolled_back(office: Older) -> None:
    """Its program and its guard were killed when both links had the addresses."""
    before = office.seen()
    journal = next((DATA / "office/changing").glob("*/journal")).read_text()
    office.move(operations=journal.count('"started"'))
    office.put_here("changing")
    assert office.states() == ["changing"] and before.difference(office.seen()) != []
    result = office.program("recover")
    ended_well(result)
    assert "was rolled back" in result.stdout
    as_before(office, before)
    assert office.states() == ["rolled-back"]


def test_an_older_change_that_a_reboot_cut_off_is_ended(office: Older) -> None:
    before = office.seen()
    office.put("changing")
    result = office.program("recover")
    ended_well(result)
    assert "was rolled back" in result.stdout
    as_before(office, before)
    assert office.states() == ["rolled-back"]


def test_an_older_change_whose_last_line_is_lost_is_kept(office: Older) -> None:
    """Its files are in place: a crash came between them and the line that says so."""
    office.move()
    office.commit_files()
    office.put("committed")
    office.shell(f"sed -i '$d' {STATE}/*/journal")
    assert office.states() == ["committing"]
    result = office.program("recover")
    ended_well(result)
    assert "was complete, and is kept" in result.stdout
    assert (office.file(), office.states()) == (office.kept("network.after"), ["committed"])


def test_what_an_older_version_took_back_is_in_nobodys_way(office: Older) -> None:
    before = office.seen()
    office.put("taken-back")
    assert office.states() == ["taken-back", "committed"]
    assert office.program("rollback").code == 3
    ended_well(office.program("apply", "eth0", "--yes"))
    ids = [one["id"].partition("-")[0] for one in office.status()["transactions"]]
    assert ids == ["000001", "000002", "000003"]
    ended_well(office.program("rollback"))
    as_before(office, before)


@pytest.mark.parametrize("scene", ["office", "joined"])
def test_an_older_plan_that_writes_another_file_is_refused(
    make_lab: Callable[..., Lab], scene: str
) -> None:
    """What is written for the NIC has changed since."""
    older = made(make_lab, scene)
    before = older.seen()
    refused = older.program("apply", "--yes", "--plan", str(DATA / scene / "plan.json"))
    assert refused.code == 3 and refused.stderr.count("\n") == 1, refused
    assert "plan again, for another version may have made it" in refused.stderr
    as_before(older, before)


def test_what_calls_itself_by_the_older_number_is_as_that_version_wrote_it(office: Older) -> None:
    """A key that is called otherwise would be passed over in silence where it has a default."""
    plan = json.loads((DATA / "office/plan.json").read_text())
    ended_well(office.program("apply", "eth0", "--yes"))
    record, lines = office.newest()
    folder = next((DATA / "office/committed").iterdir())
    old = json.loads((folder / "record").read_bytes()[9:])
    if record["version"] == old["version"]:
        assert record.keys() == old.keys() and record["place"].keys() == old["place"].keys()
        assert lines == [json.loads(line[9:]) for line in (folder / "journal").open()]
    if record["plan"]["schema"] == old["plan"]["schema"]:
        states = (record["plan"]["snapshot"], record["plan"]["intent"]["left"])
        assert [one.pop("dns") for one in states] == [[], []]  # new since then, and empty here
        for key in ("operations", "intent", "schema"):
            assert record["plan"][key] == plan[key]
        assert record["plan"].keys() == plan.keys()


def test_an_older_plan_for_another_host_is_refused_for_that(pxe: Older) -> None:
    """It has what no lab can do: it is read whole before it is found to be about another host."""
    before = pxe.seen()
    plan = json.loads((DATA / "dhcp/plan.json").read_text())
    plan["operations"].insert(0, {"kind": "SetLro", "value": {"link": "eth0", "on": False}})
    pxe.write("/run/plan", json.dumps(plan))
    result = pxe.program("apply", "--yes", "--plan", "/run/plan")
    reason = "the plan's dhclient on eth0 is not what runs here"
    assert (result.code, result.stderr.count("\n")) == (3, 1) and reason in result.stderr, result
    assert before.difference(pxe.seen()) == []


def service(pxe: Older) -> dict[str, object]:
    (found,) = pxe.status()["services"]
    assert json.loads(pxe.program("pxe", "status", "--json").stdout)["services"] == [found]
    return {name: found[name] for name in ("engine", "running")} | {
        name: found["service"][name] for name in ("bridge", "address", "ipv6")
    }


NOTED = {
    **{"engine": "native", "running": False, "bridge": "br0"},
    **{"address": "192.168.242.1/24", "ipv6": "fd00:242::1/64"},
}


def test_an_older_note_of_a_pxe_service_is_read(pxe: Older) -> None:
    pxe.move()
    pxe.commit_files()
    pxe.put_with_service("serving")
    assert (service(pxe), pxe.states()) == (NOTED, ["committed"])


def test_a_pxe_service_is_noted_as_that_version_did(pxe: Older) -> None:
    result = json.loads(pxe.program("plan", "eth0", "--json", *WITH_PXE).stdout)
    record = next((DATA / "pxe/serving").glob("*/record")).read_bytes()
    assert result["service"] == json.loads(json.loads(record[9:])["service"])


def test_a_migration_with_an_older_pxe_service_is_taken_back(pxe: Older) -> None:
    before = pxe.seen()
    pxe.move()
    pxe.commit_files()
    pxe.put_with_service("serving")
    result = pxe.program("rollback")
    ended_well(result)
    assert "stopping the PXE service" in result.stderr
    as_before(pxe, before)
    assert (pxe.status()["services"], pxe.shell(NOTES)) == ([], "")


def test_what_an_older_pxe_service_changed_is_put_back(pxe: Older) -> None:
    """In the same boot: what it set on the host and on the bridge, its link, its keeper's note."""
    pxe.move()
    moved = pxe.seen()
    pxe.put_with_service_here("serving")
    uplink = json.loads(next((DATA / "pxe/serving/pxe").glob("*/uplink.json")).read_text())["link"]
    pxe.shell(SERVED.format(uplink))
    assert service(pxe) == NOTED and moved.difference(pxe.seen()) != []
    ended_well(pxe.program("pxe", "down", "br0"))
    assert (moved.difference(pxe.seen()), pxe.shell(f"ls {PXE}")) == ([], "lock\n")
