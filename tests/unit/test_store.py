"""The transactions of a folder: one at a time, and none by another's id."""

import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from bridgekit.application.rollback import rollback
from bridgekit.application.status import read_status
from bridgekit.errors import BusyError, RefusedError
from bridgekit.lab.host import PYTHON
from bridgekit.system import namespaces
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import Entry, boot_clock
from bridgekit.transaction.store import Store
from tests.builders import RECORD

HOLDS = """
import sys
from pathlib import Path
from bridgekit.transaction.store import Store
with Store(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = Store(tmp_path / "state")
    found.prepare()
    return found


def test_another_process_holds_the_lock(store: Store) -> None:
    argv = (*PYTHON, "-c", HOLDS, str(store.folder))
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdin and other.stdout
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match="another bridgekit is changing"), store.lock():
            pass
        other.stdin.close()
        assert other.wait(30) == 0
    with store.lock(), store.lock():
        pass


def test_a_stale_id_acts_on_no_later_change(store: Store) -> None:
    for id in ("000001-aaaa", "000002-bbbb"):
        # a record of this namespace, in which nothing is done
        ours = replace(RECORD, id=id, namespace=replace(namespaces.current(), permanent=False))
        records.create(store.folder, ours).write(Entry("pending", deadline=1))
    assert store.find(None, "pending").folder.name == "000002-bbbb"
    assert store.find("000001-aaaa", "pending").folder.name == "000001-aaaa"
    for id, state in (("000009-aaaa", "pending"), ("000001-aaaa", "committed")):
        with pytest.raises(
            RefusedError, match=f"there is no transaction {id} here that is {state}"
        ):
            store.find(id, state)
    assert store.new_id().startswith("000003-")


def test_a_folder_in_which_others_write_is_refused(store: Store) -> None:
    store.folder.chmod(0o720)
    with pytest.raises(RefusedError, match="not root's alone"):
        store.journals()


def test_what_is_left_to_confirm_a_change(store: Store) -> None:
    ours = replace(RECORD, namespace=replace(namespaces.current(), permanent=False))
    journal = records.create(store.folder, ours)
    journal.write(Entry("pending", deadline=boot_clock() + 600))
    (waiting,) = read_status(store).transactions
    assert waiting.state == "pending" and 590 < (waiting.seconds_left or 0) <= 600
    journal.write(Entry("committed"))
    (done,) = read_status(store).transactions
    assert done.seconds_left is None


def test_a_rollback_is_not_rolled_back(store: Store) -> None:
    ours = replace(RECORD, namespace=replace(namespaces.current(), permanent=False))
    undone = replace(ours, id="000002-aaaa", rolls_back=ours.id)
    records.create(store.folder, ours).write(Entry("taken-back"))
    records.create(store.folder, undone).write(Entry("committed"))
    with pytest.raises(RefusedError, match="there is no migration here that could be rolled back"):
        rollback(store, None, None, None, print)
