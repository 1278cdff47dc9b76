"""All transactions of a state folder, and the lock that lets one act at a time."""

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from bridgekit.errors import BusyError, RefusedError, refuse_on_error
from bridgekit.system import lock, namespaces, systemd
from bridgekit.transaction.journal import DONE, Journal

WRITABLE_BY_OTHERS = 0o022
DEFAULT_FOLDER = Path("/var/lib/bridgekit")


class Store:
    """The transactions that concern the caller's network namespace."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.namespace = namespaces.current()
        self._locked = False

    def prepare(self) -> None:
        """Make the folder, root's alone."""
        with refuse_on_error():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._trust()

    def _trust(self) -> None:
        """Refuse a folder in which another user could put a transaction for root to carry out."""
        if self.folder.exists():
            status = self.folder.stat()
            if status.st_uid not in (0, os.geteuid()) or status.st_mode & WRITABLE_BY_OTHERS:
                raise RefusedError(f"{self.folder} is not root's alone (chown root, chmod 700)")

    def new_id(self) -> str:
        """Return an id that sorts behind all others, whatever the clock says."""
        numbers = (path.parent.name.partition("-")[0] for path in self.folder.glob("*/record"))
        last = max((int(number) for number in numbers if number.isdecimal()), default=0)
        return f"{last + 1:06}-{secrets.token_hex(2)}"

    def journals(self) -> tuple[Journal, ...]:
        """Return this namespace's transactions, oldest first."""
        self._trust()
        folders = sorted(self.folder.glob("*/record"))
        found = (Journal(path.parent) for path in folders)
        return tuple(journal for journal in found if self._is_ours(journal))

    def _is_ours(self, journal: Journal) -> bool:
        head = journal.head()
        return head is not None and head.namespace.same_namespace(self.namespace)

    def unfinished(self) -> Journal | None:
        """Return the transaction that is not finished.

        Only the newest can be: none begins before the last is finished.
        """
        return next((j for j in self.journals()[-1:] if j.unfinished()), None)

    def recoverable(self) -> Journal | None:
        """Return the newest transaction if it is not finished or its rollback was incomplete."""
        newest = self.journals()[-1:]
        return next((j for j in newest if j.unfinished() or j.state() == "incomplete"), None)

    def unreadable(self) -> tuple[Journal, ...]:
        """Return the transactions whose record cannot be read, wherever they ran."""
        found = (Journal(path.parent) for path in sorted(self.folder.glob("*/record")))
        return tuple(journal for journal in found if journal.head() is None)

    def find(self, id: str | None, *states: str) -> Journal:
        """Return the newest transaction in one of these states, or the one with this id.

        RefusedError if there is none, so that a stale id never acts on a later change.
        """
        fitting = [j for j in self.journals() if j.state() in states]
        if id:
            fitting = [journal for journal in fitting if journal.folder.name == id]
        if not fitting:
            which = f"no transaction {id}" if id else "no transaction"
            last = "".join(f": {j.folder.name} is {j.state()}" for j in self.journals()[-1:])
            raise RefusedError(f"there is {which} here that is {' or '.join(states)}{last}")
        return fitting[-1]

    @contextlib.contextmanager
    def lock(self, seconds: float = 0) -> Iterator[None]:
        """Hold the namespace's lock within; it may be taken again there.

        Raises:
            BusyError: another process holds it, and does so for all these seconds. One that is
                stuck meanwhile is killed.
        """
        if self._locked:
            yield
            return
        name = f"{self.namespace.boot}-{self.namespace.cookie}.lock"
        with refuse_on_error():
            handle = lock.acquire(self.folder / name, seconds)
        if handle is None:
            raise BusyError("another bridgekit is changing this network namespace; try later")
        self._locked = True
        try:
            yield
        finally:
            self._locked = False
            os.close(handle)

    def disarm_finished(self) -> None:
        """Remove services of transactions that need none at the next boot; under the lock."""
        for id in systemd.armed(self.folder):
            journal = Journal(self.folder / id)
            if not (journal.folder / "record").exists():
                journal.discard()
            elif not journal.unfinished() and journal.state() in DONE:
                systemd.disarm(id)

    def refuse_if_unfinished(self) -> None:
        """Raise BusyError if a transaction of this namespace is, or may be, not finished."""
        journal = self.unfinished()
        if journal:
            raise BusyError(
                f"the transaction {journal.folder.name} is {journal.state()}:"
                " see `bridgekit status`; then confirm, rollback or recover"
            )
        for journal in self.unreadable():
            if journal.unfinished():
                raise BusyError(
                    f"the transaction {journal.folder.name} is not finished, and its record"
                    " cannot be read: see `bridgekit recover`"
                )
