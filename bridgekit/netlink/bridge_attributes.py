"""The options of bridges and of their ports, in IFLA_INFO_DATA and IFLA_INFO_SLAVE_DATA."""

from msgspec.structs import replace

from bridgekit.state import nlattr
from bridgekit.state.link import BridgeOptions, PortOptions
from bridgekit.uapi.if_bridge import (
    IFLA_BR_AGEING_TIME,
    IFLA_BR_FORWARD_DELAY,
    IFLA_BR_GROUP_FWD_MASK,
    IFLA_BR_HELLO_TIME,
    IFLA_BR_MAX_AGE,
    IFLA_BR_MCAST_HASH_MAX,
    IFLA_BR_MCAST_IGMP_VERSION,
    IFLA_BR_MCAST_LAST_MEMBER_CNT,
    IFLA_BR_MCAST_LAST_MEMBER_INTVL,
    IFLA_BR_MCAST_MEMBERSHIP_INTVL,
    IFLA_BR_MCAST_MLD_VERSION,
    IFLA_BR_MCAST_QUERIER,
    IFLA_BR_MCAST_QUERIER_INTVL,
    IFLA_BR_MCAST_QUERY_INTVL,
    IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
    IFLA_BR_MCAST_QUERY_USE_IFADDR,
    IFLA_BR_MCAST_ROUTER,
    IFLA_BR_MCAST_SNOOPING,
    IFLA_BR_MCAST_STARTUP_QUERY_CNT,
    IFLA_BR_MCAST_STARTUP_QUERY_INTVL,
    IFLA_BR_MCAST_STATS_ENABLED,
    IFLA_BR_NF_CALL_ARPTABLES,
    IFLA_BR_NF_CALL_IP6TABLES,
    IFLA_BR_NF_CALL_IPTABLES,
    IFLA_BR_PRIORITY,
    IFLA_BR_STP_STATE,
    IFLA_BR_VLAN_DEFAULT_PVID,
    IFLA_BR_VLAN_FILTERING,
    IFLA_BR_VLAN_PROTOCOL,
    IFLA_BR_VLAN_STATS_ENABLED,
    IFLA_BRPORT_BCAST_FLOOD,
    IFLA_BRPORT_COST,
    IFLA_BRPORT_FAST_LEAVE,
    IFLA_BRPORT_GROUP_FWD_MASK,
    IFLA_BRPORT_GUARD,
    IFLA_BRPORT_ISOLATED,
    IFLA_BRPORT_LEARNING,
    IFLA_BRPORT_LEARNING_SYNC,
    IFLA_BRPORT_MCAST_FLOOD,
    IFLA_BRPORT_MCAST_TO_UCAST,
    IFLA_BRPORT_MODE,
    IFLA_BRPORT_MULTICAST_ROUTER,
    IFLA_BRPORT_NEIGH_SUPPRESS,
    IFLA_BRPORT_PRIORITY,
    IFLA_BRPORT_PROTECT,
    IFLA_BRPORT_PROXYARP,
    IFLA_BRPORT_UNICAST_FLOOD,
)

BRIDGE_TIMES = (
    ("forward_delay", IFLA_BR_FORWARD_DELAY),
    ("hello_time", IFLA_BR_HELLO_TIME),
    ("max_age", IFLA_BR_MAX_AGE),
    ("ageing_time", IFLA_BR_AGEING_TIME),
)
"""The options of a bridge that are times, in centiseconds, and their attributes."""

OTHER_BRIDGE_OPTIONS = frozenset(
    {
        IFLA_BR_VLAN_PROTOCOL,
        IFLA_BR_GROUP_FWD_MASK,
        IFLA_BR_MCAST_ROUTER,
        IFLA_BR_MCAST_SNOOPING,
        IFLA_BR_MCAST_QUERY_USE_IFADDR,
        IFLA_BR_MCAST_QUERIER,
        IFLA_BR_MCAST_HASH_MAX,
        IFLA_BR_MCAST_LAST_MEMBER_CNT,
        IFLA_BR_MCAST_STARTUP_QUERY_CNT,
        IFLA_BR_MCAST_LAST_MEMBER_INTVL,
        IFLA_BR_MCAST_MEMBERSHIP_INTVL,
        IFLA_BR_MCAST_QUERIER_INTVL,
        IFLA_BR_MCAST_QUERY_INTVL,
        IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
        IFLA_BR_MCAST_STARTUP_QUERY_INTVL,
        IFLA_BR_NF_CALL_IPTABLES,
        IFLA_BR_NF_CALL_IP6TABLES,
        IFLA_BR_NF_CALL_ARPTABLES,
        IFLA_BR_VLAN_STATS_ENABLED,
        IFLA_BR_MCAST_STATS_ENABLED,
        IFLA_BR_MCAST_IGMP_VERSION,
        IFLA_BR_MCAST_MLD_VERSION,
    }
)
"""Those that can be set and that BridgeOptions does not name."""
OTHER_PORT_OPTIONS = frozenset(
    {
        IFLA_BRPORT_MODE,
        IFLA_BRPORT_GUARD,
        IFLA_BRPORT_PROTECT,
        IFLA_BRPORT_FAST_LEAVE,
        IFLA_BRPORT_LEARNING,
        IFLA_BRPORT_UNICAST_FLOOD,
        IFLA_BRPORT_PROXYARP,
        IFLA_BRPORT_LEARNING_SYNC,
        IFLA_BRPORT_MULTICAST_ROUTER,
        IFLA_BRPORT_MCAST_FLOOD,
        IFLA_BRPORT_MCAST_TO_UCAST,
        IFLA_BRPORT_BCAST_FLOOD,
        IFLA_BRPORT_GROUP_FWD_MASK,
        IFLA_BRPORT_NEIGH_SUPPRESS,
        IFLA_BRPORT_ISOLATED,
    }
)
"""Likewise for PortOptions."""


def _pack_others(attributes: dict[int, bytes], kinds: frozenset[int]) -> bytes:
    found = sorted(attributes.keys() & kinds)
    return b"".join(nlattr.pack(kind, attributes[kind]) for kind in found)


def parse_port(attributes: dict[int, bytes]) -> PortOptions:
    """Return the options of a port from its IFLA_INFO_SLAVE_DATA."""
    cost, priority = attributes.get(IFLA_BRPORT_COST), attributes.get(IFLA_BRPORT_PRIORITY)
    return PortOptions(
        path_cost=nlattr.u32(cost) if cost else None,
        priority=nlattr.U16.unpack(priority)[0] if priority else None,
        more=_pack_others(attributes, OTHER_PORT_OPTIONS),
    )


def parse_bridge(attributes: dict[int, bytes]) -> BridgeOptions:
    """Return the options of a bridge from its IFLA_INFO_DATA."""
    options = BridgeOptions(
        stp=bool(nlattr.get_u32(attributes, IFLA_BR_STP_STATE)),
        priority=nlattr.u16(attributes[IFLA_BR_PRIORITY]),
        vlan_filtering=any(attributes.get(IFLA_BR_VLAN_FILTERING, b"")),
        default_pvid=nlattr.u16(attributes[IFLA_BR_VLAN_DEFAULT_PVID])
        if IFLA_BR_VLAN_DEFAULT_PVID in attributes
        else 1,
        more=_pack_others(attributes, OTHER_BRIDGE_OPTIONS),
    )
    times = {field: nlattr.get_u32(attributes, kind) for field, kind in BRIDGE_TIMES}
    return replace(options, **times)


def pack_bridge(options: BridgeOptions) -> bytes:
    """Return IFLA_INFO_DATA of a bridge; the kernel takes it in the order of its own numbers."""
    data = b"".join(nlattr.pack_u32(kind, getattr(options, field)) for field, kind in BRIDGE_TIMES)
    data += nlattr.pack_u32(IFLA_BR_STP_STATE, int(options.stp))
    data += nlattr.pack(IFLA_BR_PRIORITY, nlattr.U16.pack(options.priority))
    if options.vlan_filtering:  # a kernel without VLANs refuses the word itself
        data += nlattr.pack(IFLA_BR_VLAN_FILTERING, b"\1")
        data += nlattr.pack(IFLA_BR_VLAN_DEFAULT_PVID, nlattr.U16.pack(options.default_pvid))
    return data + options.more


def pack_port(options: PortOptions) -> bytes:
    """Return IFLA_INFO_SLAVE_DATA of a port."""
    data = options.more
    if options.path_cost is not None:
        data += nlattr.pack(IFLA_BRPORT_COST, nlattr.U32.pack(options.path_cost))
    if options.priority is not None:
        data += nlattr.pack(IFLA_BRPORT_PRIORITY, nlattr.U16.pack(options.priority))
    return data
