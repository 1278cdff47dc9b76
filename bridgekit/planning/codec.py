"""Plans as JSON, for saved plans and for the records of transactions."""

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from bridgekit.errors import UsageError
from bridgekit.planning.intent import Intent
from bridgekit.planning.operations import Operation
from bridgekit.planning.plan import FileChange, IfupdownState, Plan
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.message import is_well_formed
from bridgekit.state.routes.route_set import RouteSet

SCHEMA = 3
OPERATION_KINDS = {kind.__name__: kind for kind in Operation.__subclasses__()}


class _EncodedOperation(Struct, frozen=True):
    kind: str
    value: msgspec.Raw


class _Versioned(Struct, frozen=True):
    schema: int


class _EncodedPlan(Struct, frozen=True, rename={"ifupdown": "boot"}):
    schema: int
    intent: Intent
    snapshot: NetworkState
    operations: tuple[_EncodedOperation, ...]
    files: tuple[FileChange, ...]
    ifupdown: IfupdownState | None


def encode(plan: Plan) -> bytes:
    """Return the plan as JSON."""
    operations = tuple(map(_encode_operation, plan.operations))
    return msgspec.json.encode(
        _EncodedPlan(SCHEMA, plan.intent, plan.snapshot, operations, plan.files, plan.ifupdown)
    )


def decode(data: bytes) -> Plan:
    """Return the plan from its JSON.

    Raises:
        UsageError: It is no plan, or of another schema; the text says what is wrong with it.
    """
    try:
        schema = msgspec.json.decode(data, type=_Versioned).schema
        if schema != SCHEMA:
            raise UsageError(f"this plan has schema {schema}; this program knows {SCHEMA}")
        encoded = msgspec.json.decode(data, type=_EncodedPlan)
        operations = tuple(map(_decode_operation, encoded.operations))
    except (msgspec.MsgspecError, ValueError, KeyError, RecursionError) as error:
        raise UsageError(f"this is no plan of bridgekit: {error}") from error
    plan = Plan(encoded.intent, encoded.snapshot, operations, encoded.files, encoded.ifupdown)
    if not all(map(_is_well_formed, _route_sets(plan))):
        raise UsageError("this is no plan of bridgekit: a route in it is torn")
    return plan


def _encode_operation(operation: Operation) -> _EncodedOperation:
    value = msgspec.Raw(msgspec.json.encode(operation))
    return _EncodedOperation(type(operation).__name__, value)


def _decode_operation(encoded: _EncodedOperation) -> Operation:
    return msgspec.json.decode(encoded.value, type=OPERATION_KINDS[encoded.kind])


def _route_sets(plan: Plan) -> Iterator[RouteSet]:
    yield plan.snapshot.routes
    for operation in plan.operations:
        values = (getattr(operation, name) for name in operation.__struct_fields__)
        yield from (value for value in values if isinstance(value, RouteSet))


def _is_well_formed(routes: RouteSet) -> bool:
    messages = all(is_well_formed(message) for message in routes.representatives())
    return messages and all(block.is_well_formed() for block in routes.blocks)
