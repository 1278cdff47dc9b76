"""Whatever a file or a person says: a clean error, or what it says.

They are seeded: the same at every run.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from bridgekit.attach import spec, target
from bridgekit.errors import BridgekitError, UsageError
from bridgekit.persistence.ifupdown import interfaces
from bridgekit.planning import codec
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import FileChange, Plan
from bridgekit.planning.planner import plan_operations
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import Entry, Journal
from tests.builders import INTENT, RECORD, WITH_MANY
from tests.support import faults
from tests.support.interfaces_files import FILE, Memory

FILES = (FileChange("/etc/network/interfaces", b"\xff old", None),)
PLAN = codec.encode(Plan(INTENT, WITH_MANY, plan_operations(WITH_MANY, INTENT), FILES))
WORDS = (
    "web",
    "c0ffee",
    "../..",
    "--format",
    "-",
    "",
    ".",
    "a/b",
    "\0",
    "\udcff",
    "$(id)",
    "é" * 99,
)
ADDRESSES = ("192.0.2.7/24@192.0.2.1", "10.0.0.1/8", "fe80::1/64", "1.2.3.4", "/", "@", "0.0.0.0/0")
LINES = (
    "auto",
    "iface",
    "source",
    "inherits",
    "\\\n",
    "\r\n",
    "\t",
    "#",
    "mapping",
    "/*",
    "eth0:1",
)
PIECES = {
    "plan": (b"null", b"[]", b"1e999", b'"', b"\\u0000"),
    "text": tuple(map(str.encode, LINES)),
}
Try = Callable[[bytes, Path], None]


def mutated(data: bytes, chance: random.Random, pieces: Sequence[bytes]) -> bytes:
    """The data with a few bytes changed, a piece put in, a stretch repeated, or an end cut off."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, kind = chance.randrange(len(made) + 1), chance.randrange(4)
        if kind == 0 and at < len(made):
            made[at] = chance.randrange(256)
        elif kind == 1:
            made[at:at] = chance.choice(pieces)
        elif kind == 2:
            made[at:at] = made[at : at + chance.randrange(64)]
        else:
            del made[at : at + chance.randrange(64)]
    return bytes(made)


def plan(data: bytes, _: Path) -> None:
    try:
        found = codec.decode(data)
    except UsageError:
        return
    assert codec.decode(codec.encode(found)) == found


def journal(data: bytes, folder: Path) -> None:
    (folder / "journal").write_bytes(data)
    known = Journal(folder)
    assert known.state() in ("changing", "pending", "committed", "undoing", "committing")
    assert known.steps_started() <= len(RECORD.plan.operations)


def record(data: bytes, folder: Path) -> None:
    (folder / "record").write_bytes(data)
    try:
        assert records.read(Journal(folder)) == RECORD
    except BridgekitError:
        assert Journal(folder).head() is None


def interfaces_file(data: bytes, _: Path) -> None:
    text = data.decode(errors="surrogateescape")
    assert interfaces.parse(text).text == text
    parsed = interfaces.parse_files("/main", Memory(main=text), strict=False)
    kept = interfaces.Kept(definitions=interfaces.used_by_others(parsed, "eth0"))
    new = interfaces.disable(text, "eth0", "auto br0\n", kept)
    assert interfaces.restore(new) == text
    after = interfaces.parse_files("/main", Memory(main=new), strict=False)
    assert [one.method for one in after.definitions_of("eth0")] in ([], ["manual"])
    interfaces.methods_of(parsed, ("eth0",)), interfaces.has_mapping(parsed, "eth0")


def words(data: bytes, _: Path) -> None:
    """The words of `attach` and the names of links: each is refused or is one name."""
    text = data.decode(errors="surrogateescape")
    for parse in (
        spec._parse_address,
        spec._parse_mac,
        spec._parse_route,
        lambda word: Intent("eth0", word),
    ):
        try:
            parse(text)
        except UsageError:
            continue
    if target._is_name(text):
        assert Path("/run/netns", text).parent == Path("/run/netns")


def seed_journal(folder: Path) -> bytes:
    made = Journal(folder)
    for step in range(len(RECORD.plan.operations)):
        made.write(Entry("started", step))
    for event in ("verified", "pending", "committing", "committed", "undoing"):
        made.write(Entry(event))
    return (folder / "journal").read_bytes()


def seed_record(folder: Path) -> bytes:
    return (records.create(folder, RECORD).folder / "record").read_bytes()


SEEDS: dict[str, tuple[Try, Callable[[Path], Sequence[bytes]], str, int]] = {
    "plan file": (plan, lambda _: [PLAN], "plan", 300_000),
    "journal": (journal, lambda folder: [seed_journal(folder)], "plan", 50_000),
    "record": (record, lambda folder: [seed_record(folder)], "plan", 50_000),
    "interfaces file": (interfaces_file, lambda _: [FILE.encode()], "text", 100_000),
    "names and addresses": (
        words,
        lambda _: [w.encode(errors="surrogateescape") for w in (*WORDS, *ADDRESSES)],
        "text",
        500_000,
    ),
}
PROCESSES, SHARE_OF_THE_SHORT_RUN = 4, 100


def run(what: str, count: int, seed: int, folder: Path) -> None:
    parser, seeds, pieces, _ = SEEDS[what]
    chance, starts = random.Random(f"{what} {seed}"), seeds(folder)
    for _ in range(count):
        parser(mutated(chance.choice(starts), chance, PIECES[pieces]), folder)


@pytest.mark.parametrize("what", SEEDS)
def test_thousands_of_inputs(what: str, tmp_path: Path) -> None:
    run(what, SEEDS[what][3] // SHARE_OF_THE_SHORT_RUN, -1, tmp_path)


@pytest.mark.all
@pytest.mark.parametrize("seed", range(PROCESSES))
@pytest.mark.parametrize("what", SEEDS)
def test_many_inputs(what: str, seed: int, tmp_path: Path) -> None:
    count = SEEDS[what][3] // PROCESSES // faults.every(4)
    run(what, count, seed, tmp_path)
    faults.note_inputs(what, count)
