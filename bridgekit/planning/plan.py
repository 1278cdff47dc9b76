"""A plan: the intent, the state it was made from, operations and file changes."""

from collections.abc import Iterable

from msgspec import Struct

from bridgekit.planning.intent import Intent
from bridgekit.planning.operations import Operation
from bridgekit.state.dialect import DialectName
from bridgekit.state.network_state import NetworkState


class FileChange(Struct, frozen=True):
    """One configuration file, whole, before and after; None where there is no file."""

    path: str
    before: bytes | None
    after: bytes | None

    def inverse(self) -> "FileChange":
        """Return the change that restores the file."""
        return FileChange(self.path, self.after, self.before)


def new_contents(changes: Iterable[FileChange]) -> dict[str, bytes]:
    """Return the new content of each file that will be there."""
    return {one.path: one.after for one in changes if one.after is not None}


class IfupdownState(Struct, frozen=True, rename={"interfaces_file": "main", "dialect": "flavour"}):
    """How ifupdown reads the files, and what it has brought up.

    `interfaces_file` is the one that ifup begins with. `running` has NAME=STANZA, as in
    /run/network/ifstate, for the NIC and the bridge.
    """

    interfaces_file: str
    dialect: DialectName
    running: tuple[str, ...]


class Plan(Struct, frozen=True):
    """What will be done, and what it was decided on; `ifupdown` if files change."""

    intent: Intent
    snapshot: NetworkState
    operations: tuple[Operation, ...]
    files: tuple[FileChange, ...] = ()
    ifupdown: IfupdownState | None = None
