"""Repair once what differs after a rollback, and the commands that say the same.

Someone may set the NIC down while a change waits: its IPv6 addresses and its routes vanish, and
the inverses of the operations bring none of them back.
"""

import shlex
from collections.abc import Collection, Hashable, Iterable, Iterator
from itertools import groupby

from msgspec.structs import replace

from bridgekit.planning.difference import Difference
from bridgekit.planning.operations import (
    AddAddresses,
    AddRoutes,
    Operation,
    PrependRoutes,
    RemoveRoutes,
    SetUp,
)
from bridgekit.transaction.machine import Machine


def repairs(found: Iterable[Difference], links: Collection[str]) -> list[Operation]:
    """Return the operations that repair what is about these links, or about none at all."""
    about = {*links, ""}
    operations = (one.operations for one in found if about.intersection(one.links))
    distinct = dict.fromkeys(operation for each in operations for operation in each)
    return [_joined(list(group)) for _, group in groupby(distinct, _kind)]


def _kind(operation: Operation) -> Hashable:
    """Return what is equal of operations that are carried out as one."""
    if isinstance(operation, AddAddresses):
        return AddAddresses, operation.link
    if isinstance(operation, AddRoutes | PrependRoutes | RemoveRoutes):
        return type(operation), operation.routes.names
    return operation


def _joined(operations: list[Operation]) -> Operation:
    first = operations[0]
    if isinstance(first, AddAddresses):
        added = (one.addresses for one in operations if isinstance(one, AddAddresses))
        return replace(first, addresses=tuple(address for each in added for address in each))
    if isinstance(first, AddRoutes | PrependRoutes | RemoveRoutes):
        routes = (one.routes for one in operations if isinstance(one, type(first)))
        messages = tuple(message for each in routes for message in each.messages)
        return replace(first, routes=replace(first.routes, messages=messages))
    return first


def repair(
    machine: Machine, found: Iterable[Difference], links: Collection[str]
) -> tuple[list[str], list[str]]:
    """Try each repair once; return what was done and what could not be, in words."""
    done, errors = list[str](), list[str]()
    for operation in repairs(found, links):
        trouble = list(roll_back_operation(machine, operation))
        errors += trouble
        done += [] if trouble else [_words(operation)]
    return done, errors


def roll_back_operation(machine: Machine, operation: Operation) -> Iterator[str]:
    """Carry out an operation of a rollback; yield what could not be done."""
    try:
        machine.execute(operation, rolling_back=True)
    except Exception as error:  # whatever it is, the other steps must still be rolled back
        yield f"  could not do: {operation.summary()}: {error}"


def _words(operation: Operation) -> str:
    if isinstance(operation, SetUp):
        return f"brought {operation.link} {'up' if operation.up else 'down'} again"
    if isinstance(operation, AddAddresses):
        return f"added the addresses of {operation.link}"
    if isinstance(operation, AddRoutes | PrependRoutes):
        return f"added routes: {len(operation.routes)}"
    return operation.summary()


def commands(found: Iterable[Difference]) -> list[str]:
    """Return the commands that repair these differences, for people; nothing if there are none."""
    lines = [f"  {_quoted(one)}" for difference in found for one in difference.repair]
    return ["to repair it by hand:", *lines] if lines else []


def _quoted(command: str) -> str:
    """Return the command with its words quoted for a shell: a link's name can hold anything."""
    try:
        return shlex.join(shlex.split(command))
    except ValueError:  # a name with a quotation mark
        return f"# not to be pasted: {command}"
