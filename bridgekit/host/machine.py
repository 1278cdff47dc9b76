"""The machine as the transaction sees it: read it whole, and carry out one operation."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache

from bridgekit.host.dependencies import with_dependencies
from bridgekit.host.execution import Executor
from bridgekit.host.forward_rules import close_if_unused as close_forwarding
from bridgekit.host.path_probe import forwards_frames
from bridgekit.host.reader import links, network, snapshot, wait_for_dad, with_settings
from bridgekit.planning.operations import Operation

__all__ = [
    "close_forwarding",
    "execute",
    "forwards_frames",
    "ingress_redirect",
    "links",
    "network",
    "snapshot",
    "wait_for_dad",
    "with_dependencies",
    "with_settings",
]


def ingress_redirect(
    operations: Sequence[Operation], rolling_back: bool = False
) -> AbstractContextManager[None]:
    """Meanwhile lose no frame when one of these makes a link join or leave a bridge."""
    return _executor(rolling_back).ingress_redirect(operations)


def execute(operation: Operation, rolling_back: bool = False) -> None:
    """Carry out one operation completely, or raise BridgekitError."""
    _executor(rolling_back).execute(operation)


@cache
def _executor(rolling_back: bool) -> Executor:
    return Executor(rolling_back)
