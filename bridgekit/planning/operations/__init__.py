"""The changes a plan is made of. Each is a value that knows its opposite and its `ip` words.

An operation is complete when it returns: what it promises is there and usable. None relies on
something the kernel would do unasked; `connected` routes, which come and go with an address, are
named in the operation that brings or takes the address.
"""

from bridgekit.planning.operations.address import (
    AddAddresses,
    AddNeighbours,
    AddStaticMacs,
    RemoveAddresses,
    RemoveNeighbours,
    RemoveStaticMacs,
)
from bridgekit.planning.operations.dhcp_client import StartClient, StopClient
from bridgekit.planning.operations.link import (
    ChangeBridge,
    CreateBridge,
    DeleteBridge,
    SetAddrGenMode,
    SetController,
    SetLro,
    SetSysctl,
    SetUp,
)
from bridgekit.planning.operations.route import (
    AddRoutes,
    RemoveRoutes,
    ReplaceRoutes,
    RetargetNexthops,
    SetRules,
)

__all__ = [
    "AddAddresses",
    "AddNeighbours",
    "AddRoutes",
    "AddStaticMacs",
    "ChangeBridge",
    "CreateBridge",
    "DeleteBridge",
    "Operation",
    "RemoveAddresses",
    "RemoveNeighbours",
    "RemoveRoutes",
    "RemoveStaticMacs",
    "ReplaceRoutes",
    "RetargetNexthops",
    "RouteChange",
    "SetAddrGenMode",
    "SetController",
    "SetLro",
    "SetRules",
    "SetSysctl",
    "SetUp",
    "StartClient",
    "StopClient",
    "inverted",
]

Operation = (
    CreateBridge
    | DeleteBridge
    | ChangeBridge
    | SetUp
    | SetAddrGenMode
    | SetController
    | SetLro
    | SetSysctl
    | AddAddresses
    | RemoveAddresses
    | AddNeighbours
    | RemoveNeighbours
    | AddStaticMacs
    | RemoveStaticMacs
    | ReplaceRoutes
    | AddRoutes
    | RemoveRoutes
    | SetRules
    | RetargetNexthops
    | StopClient
    | StartClient
)

RouteChange = ReplaceRoutes | AddRoutes | RemoveRoutes
"""Describes itself by a sample where there are many; `commands` tells all."""


def inverted(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
    """Return what takes all of it back: each inverse, last first."""
    return tuple(operation.inverse() for operation in reversed(operations))
