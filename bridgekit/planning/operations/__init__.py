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
from bridgekit.planning.operations.dns import SetLinkDns
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
from bridgekit.planning.operations.networkd import SetUnmanaged
from bridgekit.planning.operations.operation import Operation, inverted
from bridgekit.planning.operations.route import (
    AddRoutes,
    PrependRoutes,
    RemoveRoutes,
    ReplaceRoutes,
    RetargetNexthops,
    RouteChange,
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
    "PrependRoutes",
    "RemoveAddresses",
    "RemoveNeighbours",
    "RemoveRoutes",
    "RemoveStaticMacs",
    "ReplaceRoutes",
    "RetargetNexthops",
    "RouteChange",
    "SetAddrGenMode",
    "SetController",
    "SetLinkDns",
    "SetLro",
    "SetRules",
    "SetSysctl",
    "SetUnmanaged",
    "SetUp",
    "StartClient",
    "StopClient",
    "inverted",
]
