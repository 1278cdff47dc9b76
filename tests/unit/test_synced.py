"""What must outlive a power cut is on the disk in time, as strace(1) sees it."""

import re
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from bridgekit.lab.host import PYTHON
from bridgekit.transaction.journal import Event

CALLS = ("write", "fsync", "rename", "renameat2", "link", "unlink", "mkdir")
OF_FILES = {"committing", "committed", "rolled-back", "taken-back"}
"""What a boot after a power cut must know: whether the new files are to stay."""


def traced(place: Path, program: str, *words: str) -> list[str]:
    """Run a program; return its calls about files below `place`, each with the names in it."""
    trace = place.parent / "trace"
    strace = ("strace", "-y", "-s", "400", "-e", f"trace={','.join(CALLS)}", "-o", str(trace))
    subprocess.run((*strace, *PYTHON, "-c", program, str(place), *words), check=True)
    calls = []
    for line in trace.read_text().splitlines():
        names = re.findall(rf'[<"]{re.escape(str(place))}/?([^>"]*)[>"]', line)
        if names:
            calls.append(" ".join([line.partition("(")[0], *names]).rstrip())
    return calls


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    return tmp_path / "etc"


ENTRY = """
import sys
from pathlib import Path
from bridgekit.transaction.journal import Entry, Journal
Journal(Path(sys.argv[1])).write(Entry(sys.argv[2]))
"""


FAILING = """
import sys
from pathlib import Path
from bridgekit.transaction.journal import Entry, Journal
journal = Journal(Path(sys.argv[1]))
journal.write(Entry("verified"))
try:
    journal.write(Entry("committed"))
except OSError as error:
    print(error.strerror, *(entry.event for entry in journal.entries()))
"""


def test_a_line_that_cannot_be_synced_does_not_stand(place: Path) -> None:
    """strace has the kernel answer the call with EIO, which it does for a disk that fails."""
    inject = ("strace", "-qq", "-o", "/dev/null", "-e", "inject=fsync:error=EIO")
    done = subprocess.run(
        (*inject, *PYTHON, "-c", FAILING, str(place)), check=True, capture_output=True, text=True
    )
    assert done.stdout == "Input/output error verified\n"


@pytest.mark.parametrize("event", get_args(Event))
def test_lines_that_decide_about_files_are_synced(place: Path, event: str) -> None:
    calls = traced(place, ENTRY, event)
    assert calls == ["write journal", *(["fsync journal"] if event in OF_FILES else [])]


FILE = """
import sys
from pathlib import Path
from bridgekit.system import atomic_file
place = Path(sys.argv[1])
{call}
"""
ASIDE = ".interfaces.bridgekit"
FILLED = [f"write {ASIDE}", f"fsync {ASIDE}"]
CASES = {
    "write": ("atomic_file.write(place / 'interfaces', b'new')", [f"rename {ASIDE} interfaces"]),
    "exchange": (
        "atomic_file.compare_and_swap(place / 'interfaces', b'old', b'new')",
        [f"renameat2 interfaces {ASIDE}", f"unlink {ASIDE}"],
    ),
    "new": (
        "atomic_file.compare_and_swap(place / 'interfaces', None, b'new')",
        [f"link {ASIDE} interfaces", f"unlink {ASIDE}"],
    ),
}


@pytest.mark.parametrize("how", CASES)
def test_a_file_is_on_the_disk_before_its_name_and_its_name_at_the_end(
    place: Path, how: str
) -> None:
    call, replaced = CASES[how]
    if how != "new":
        (place / "interfaces").write_bytes(b"old")
    first, *calls = traced(place, FILE.format(call=call))
    assert first == f"unlink {ASIDE}"
    assert calls == [*FILLED, *replaced, "fsync"]


RECORD = """
import sys
from pathlib import Path
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import Plan
from bridgekit.state.network_state import NetworkState
from bridgekit.system.namespaces import NamespaceId
from bridgekit.transaction.record import Record, create
plan = Plan(Intent("eth0"), NetworkState(), ())
create(Path(sys.argv[1]), Record("000001-abcd", NamespaceId("boot", 1, False), 0.0, plan))
"""


def test_the_record_is_on_the_disk_before_the_first_change(place: Path) -> None:
    calls = traced(place, RECORD)
    made = "000001-abcd"
    aside = f"{made}/.record.bridgekit"
    assert calls == [
        *(f"mkdir {made}", f"unlink {aside}", f"write {aside}", f"fsync {aside}"),
        *(f"rename {aside} {made}/record", f"fsync {made}", "fsync"),
    ]
