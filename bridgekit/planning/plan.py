"""A plan: intent, the snapshot it was made from, operations and file changes; and its JSON."""

from collections.abc import Iterable, Iterator
from typing import Any, get_args

import msgspec
from msgspec import Struct

from bridgekit.errors import UsageError
from bridgekit.planning.intent import Intent
from bridgekit.planning.operations import Operation
from bridgekit.state.dialect import DialectName
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.message import is_well_formed
from bridgekit.state.routes.route_set import RouteSet

SCHEMA = 3
OPERATIONS: dict[str, type[Operation]] = {kind.__name__: kind for kind in get_args(Operation)}


class FileChange(Struct, frozen=True):
    """One configuration file, whole, before and after; None where there is no file."""

    path: str
    before: bytes | None
    after: bytes | None

    def inverse(self) -> "FileChange":
        return FileChange(self.path, self.after, self.before)


def new_contents(changes: Iterable[FileChange]) -> dict[str, bytes]:
    """Return the new content of each file that will be there."""
    return {one.path: one.after for one in changes if one.after is not None}


class IfupdownState(Struct, frozen=True):
    """How the files are read: the one that ifup begins with, whose ifup, and what is up by it.

    `running` has NAME=SECTION, as in /run/network/ifstate, for the NIC and the bridge.
    """

    main: str
    flavour: DialectName
    running: tuple[str, ...]


class Plan(Struct, frozen=True):
    """What will be done, and what it was decided on; `boot` if files change."""

    intent: Intent
    snapshot: NetworkState
    operations: tuple[Operation, ...]
    files: tuple[FileChange, ...] = ()
    boot: IfupdownState | None = None


class _StoredOperation(Struct, frozen=True):
    kind: str
    value: msgspec.Raw


class _Versioned(Struct, frozen=True):
    schema: int


class _StoredPlan(Struct, frozen=True):
    schema: int
    intent: Intent
    snapshot: NetworkState
    operations: tuple[_StoredOperation, ...]
    files: tuple[FileChange, ...]
    boot: IfupdownState | None


def encode(plan: Plan) -> bytes:
    """Return the plan as JSON; `decoded` gives an equal plan back."""
    operations = tuple(
        _StoredOperation(type(item).__name__, msgspec.Raw(msgspec.json.encode(item)))
        for item in plan.operations
    )
    stored = _StoredPlan(SCHEMA, plan.intent, plan.snapshot, operations, plan.files, plan.boot)
    return msgspec.json.encode(stored)


def decode(data: bytes) -> Plan:
    """Return the plan from its JSON; UsageError says what is wrong with it."""
    try:
        schema = msgspec.json.decode(data, type=_Versioned).schema
        if schema != SCHEMA:
            raise UsageError(f"this plan has schema {schema}; this program knows {SCHEMA}")
        stored = msgspec.json.decode(data, type=_StoredPlan)
        operations = tuple(_operation(item) for item in stored.operations)
    except (msgspec.MsgspecError, ValueError, KeyError, RecursionError) as error:
        raise UsageError(f"this is no plan of bridgekit: {error}") from error
    plan = Plan(stored.intent, stored.snapshot, operations, stored.files, stored.boot)
    if not all(_is_whole(routes) for routes in _routes(plan)):
        raise UsageError("this is no plan of bridgekit: a route in it is torn")
    return plan


def _routes(plan: Plan) -> Iterator[RouteSet]:
    yield plan.snapshot.routes
    for operation in plan.operations:
        values = (getattr(operation, name) for name in operation.__struct_fields__)
        yield from (value for value in values if isinstance(value, RouteSet))


def _is_whole(routes: RouteSet) -> bool:
    whole = all(is_well_formed(message) for message in routes.samples())
    return whole and all(group.is_well_formed() for group in routes.blocks)


def _operation(stored: _StoredOperation) -> Any:
    return msgspec.json.decode(stored.value, type=OPERATIONS[stored.kind])
