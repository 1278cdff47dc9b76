"""The journal of one transaction: the whole record first, then a line for each step.

A folder holds `record` (one line, written once, synced, before the first change) and `journal`
(appended to). A power cut clears the kernel's state together with the page cache, so steps need no
sync; what concerns files is synced. Each line begins with its checksum: one that a crash cut short
or a disk has spoiled is as if it had not been written.
"""

import contextlib
import os
import shutil
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct

from bridgekit.errors import BridgekitError
from bridgekit.protocol.decide import FINISHED, State
from bridgekit.system import atomic_file, systemd
from bridgekit.system.atomic_file import private_opener
from bridgekit.system.namespaces import NamespaceId

VERSION = 3
RECORD = "record"
Event = Literal[
    "started",  # operation `step` is about to run
    "verified",  # the machine is as expected
    "pending",  # for a confirmation, until `deadline`
    "committing",  # files are being replaced
    "committed",
    "undoing",
    "rolled-back",
    "incomplete",  # rolled back, but for what `text` says
    "taken-back",  # committed, and later rolled back by another transaction
]
DONE = FINISHED - {"incomplete"}
RecordT = TypeVar("RecordT")
SYNCED = frozenset({"committing", "committed", "rolled-back", "taken-back"})


class IntentHead(Struct, frozen=True):
    """The links of an intent, and its direction."""

    nic: str
    bridge: str
    direction: str


class PlanHead(Struct, frozen=True):
    """A plan, of which only the head of its intent is read."""

    intent: IntentHead


class RecordHead(Struct, frozen=True, rename={"namespace": "place", "rolls_back": "undoes"}):
    """A record without the plan, which takes long to decode. See record.py."""

    id: str
    namespace: NamespaceId
    created: float
    rolls_back: str | None
    plan: PlanHead


class Entry(Struct, frozen=True):
    """One line of the journal; `deadline` in seconds of the boot clock, suspended time included."""

    event: Event
    step: int = 0
    deadline: float = 0
    text: str = ""


def _sync_or_cut(descriptor: int, size: int) -> None:
    """Sync a file, or cut it to this size: a line whose caller is told of a failure must not stand.

    The kernel keeps what it could not write in its cache, and every reader would see it.
    """
    try:
        os.fsync(descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, size)
        raise


def boot_clock() -> float:
    """Return the seconds since boot; no one can set this clock."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Journal:
    """The folder of one transaction."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def discard(self) -> None:
        """Remove what there is of a transaction that has not begun."""
        systemd.disarm(self.folder.name)
        shutil.rmtree(self.folder, ignore_errors=True)

    def head(self) -> RecordHead | None:
        """Return the record without its plan; None if it or the journal is unreadable.

        Also None for a copy in a folder of another name.
        """
        try:
            self._lines()
            head = read_record(self.folder, RecordHead)
        except BridgekitError:
            return None
        return head if head.id == self.folder.name else None

    def write(self, entry: Entry) -> None:
        """Append one line, on a line of its own; lines that decide about files are synced."""
        with open(self.folder / "journal", "ab+", opener=private_opener) as file:
            size = file.seek(0, os.SEEK_END)
            torn = size > 0 and os.pread(file.fileno(), 1, size - 1) != b"\n"
            file.write((b"\n" if torn else b"") + with_checksum(msgspec.json.encode(entry)))
            file.flush()
            if entry.event in SYNCED:
                _sync_or_cut(file.fileno(), size)
        if entry.event in DONE:
            systemd.disarm(self.folder.name)

    def entries(self) -> Iterator[Entry]:
        """Yield the lines written so far; one that is damaged is passed over."""
        for line in self._lines():
            with contextlib.suppress(msgspec.MsgspecError, ValueError):
                yield msgspec.json.decode(_without_checksum(line) or b"", type=Entry)

    def damaged(self) -> bool:
        """Return whether a line has a wrong checksum, or the file cannot be read.

        The last line may be one that a crash cut short.
        """
        try:
            return any(_without_checksum(line) is None for line in self._lines())
        except BridgekitError:
            return True

    def _lines(self) -> list[bytes]:
        return (atomic_file.read(self.folder / "journal") or b"").split(b"\n")[:-1]

    def steps_started(self) -> int:
        """Return how many operations may have changed something, also when a line is lost."""
        return max((e.step + 1 for e in self.entries() if e.event == "started"), default=0)

    def verified(self) -> bool:
        """Return whether the change was verified; False if the journal is damaged."""
        return not self.damaged() and any(entry.event == "verified" for entry in self.entries())

    def commit_started(self) -> bool:
        """Return whether files may have been replaced."""
        return self.damaged() or any(entry.event == "committing" for entry in self.entries())

    def rollback_started(self) -> bool:
        """Return whether a rollback was begun."""
        return any(entry.event == "undoing" for entry in self.entries())

    def state(self) -> State:
        """Return where the transaction stands."""
        known = [e.event for e in self.entries() if e.event not in ("started", "verified")]
        return known[-1] if known else "changing"  # type: ignore[return-value]

    def deadline(self) -> float:
        """Return until when a pending transaction waits, in seconds of the boot clock."""
        return next((e.deadline for e in self.entries() if e.event == "pending"), 0)

    def last_text(self) -> str:
        """Return the text of the last line."""
        return next((entry.text for entry in reversed(tuple(self.entries()))), "")

    def unfinished(self) -> bool:
        """Return whether something is left to do; an unreadable journal may hold anything."""
        try:
            return self.state() not in FINISHED
        except BridgekitError:
            return True


def read_record(folder: Path, kind: type[RecordT]) -> RecordT:
    """Return the record in this folder; BridgekitError if it is damaged or of another version."""
    path = folder / RECORD
    data = _without_checksum((atomic_file.read(path) or b"").removesuffix(b"\n"))
    if data is None:
        raise BridgekitError(f"{path} is damaged")
    try:
        version = msgspec.json.decode(data, type=_Versioned).version
        if version != VERSION:
            raise BridgekitError(f"{path} has version {version}; this program knows {VERSION}")
        return msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BridgekitError(f"{path} cannot be read: {error}") from error


def with_checksum(data: bytes) -> bytes:
    """Return one line.

    A CRC-32 of the JSON text, which holds no line end, a space, and the text.
    """
    return b"%08x %b\n" % (zlib.crc32(data), data)


def _without_checksum(line: bytes) -> bytes | None:
    """Return the text of a line; None if its checksum is another."""
    data = line[9:]
    return data if line[:9] == b"%08x " % zlib.crc32(data) else None


class _Versioned(Struct, frozen=True):
    version: int
