"""Routes as the words that `ip route` shows and takes."""

from collections.abc import Callable, Iterator
from ipaddress import ip_address

from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6, SCOPE_NAMES
from bridgekit.state.routes import message as rt
from bridgekit.state.routes.nexthop_object import without_nexthop_of_object
from bridgekit.uapi.rtnetlink import (
    ICMPV6_ROUTER_PREF_HIGH,
    ICMPV6_ROUTER_PREF_LOW,
    RT_TABLE_MAIN,
    RTA_DST,
    RTA_ENCAP,
    RTA_ENCAP_TYPE,
    RTA_FLOW,
    RTA_GATEWAY,
    RTA_METRICS,
    RTA_MULTIPATH,
    RTA_NH_ID,
    RTA_OIF,
    RTA_PREF,
    RTA_PREFSRC,
    RTA_PRIORITY,
    RTA_SRC,
    RTA_TABLE,
    RTA_VIA,
    RTAX_ADVMSS,
    RTAX_CC_ALGO,
    RTAX_CWND,
    RTAX_FASTOPEN_NO_COOKIE,
    RTAX_FEATURE_ECN,
    RTAX_FEATURES,
    RTAX_HOPLIMIT,
    RTAX_INITCWND,
    RTAX_INITRWND,
    RTAX_LOCK,
    RTAX_MTU,
    RTAX_QUICKACK,
    RTAX_REORDERING,
    RTAX_RTO_MIN,
    RTAX_RTT,
    RTAX_RTTVAR,
    RTAX_SSTHRESH,
    RTAX_WINDOW,
    RTN_ANYCAST,
    RTN_BLACKHOLE,
    RTN_BROADCAST,
    RTN_LOCAL,
    RTN_MULTICAST,
    RTN_NAT,
    RTN_PROHIBIT,
    RTN_THROW,
    RTN_UNICAST,
    RTN_UNREACHABLE,
    RTNH_F_ONLINK,
    RTPROT_BOOT,
    RTPROT_DHCP,
    RTPROT_KERNEL,
    RTPROT_RA,
    RTPROT_REDIRECT,
    RTPROT_STATIC,
)

TYPE_NAMES = {
    RTN_UNICAST: "unicast",
    RTN_LOCAL: "local",
    RTN_BROADCAST: "broadcast",
    RTN_ANYCAST: "anycast",
    RTN_MULTICAST: "multicast",
    RTN_BLACKHOLE: "blackhole",
    RTN_UNREACHABLE: "unreachable",
    RTN_PROHIBIT: "prohibit",
    RTN_THROW: "throw",
    RTN_NAT: "nat",
}
PROTOCOL_NAMES = {
    RTPROT_REDIRECT: "redirect",
    RTPROT_KERNEL: "kernel",
    RTPROT_BOOT: "boot",
    RTPROT_STATIC: "static",
    RTPROT_RA: "ra",
    RTPROT_DHCP: "dhcp",
}
PREFERENCE_NAMES = {ICMPV6_ROUTER_PREF_HIGH: "high", ICMPV6_ROUTER_PREF_LOW: "low"}
METRIC_NAMES = {
    RTAX_MTU: "mtu",
    RTAX_WINDOW: "window",
    RTAX_RTT: "rtt",
    RTAX_RTTVAR: "rttvar",
    RTAX_SSTHRESH: "ssthresh",
    RTAX_CWND: "cwnd",
    RTAX_ADVMSS: "advmss",
    RTAX_REORDERING: "reordering",
    RTAX_HOPLIMIT: "hoplimit",
    RTAX_INITCWND: "initcwnd",
    RTAX_FEATURES: "features",
    RTAX_RTO_MIN: "rto_min",
    RTAX_INITRWND: "initrwnd",
    RTAX_QUICKACK: "quickack",
    RTAX_FASTOPEN_NO_COOKIE: "fastopen_no_cookie",
}
DEFAULT_METRIC = {IPV4: 0, IPV6: 1024}

Names = Callable[[int], str]


def format_route(message: bytes, name: Names) -> str:
    """Return the route in ip-route(8)'s words, device included."""
    message = without_nexthop_of_object(message)
    top, found = rt.header(message), rt.attributes(message)
    words = [TYPE_NAMES.get(top.type, str(top.type))] if top.type != RTN_UNICAST else []
    words += _destination(top, found)
    words += _hop(found, top.flags, name)
    words += _placement(top, found)
    words += _metrics(found.get(RTA_METRICS, b""))
    words += _preference(top, found)
    words += ["expires", f"{rt.expires(message)}sec"] if rt.expires(message) else []
    words += list(_legs(message, name))
    return " ".join(words)


def _destination(top: rt.RouteHeader, found: dict[int, bytes]) -> list[str]:
    words = ["default"]
    if RTA_DST in found:
        words = [f"{ip_address(found[RTA_DST])}/{top.dst_len}"]
    if RTA_SRC in found:
        words += ["from", f"{ip_address(found[RTA_SRC])}/{top.src_len}"]
    return words + (["tos", hex(top.tos)] if top.tos else [])


def _hop(found: dict[int, bytes], flags: int, name: Names) -> list[str]:
    words = ["nhid", str(nlattr.u32(found[RTA_NH_ID], 0))] if RTA_NH_ID in found else []
    if RTA_ENCAP in found:
        words += ["encap", f"type{int.from_bytes(found[RTA_ENCAP_TYPE], 'little')}"]
    if RTA_GATEWAY in found:
        words += ["via", str(ip_address(found[RTA_GATEWAY]))]
    if RTA_VIA in found:
        words += ["via", "inet6", str(ip_address(found[RTA_VIA][2:]))]
    if RTA_OIF in found:
        words += ["dev", name(nlattr.u32(found[RTA_OIF], 0))]
    return words + (["onlink"] if flags & RTNH_F_ONLINK else [])


def _placement(top: rt.RouteHeader, found: dict[int, bytes]) -> list[str]:
    table = nlattr.u32(found[RTA_TABLE], 0) if RTA_TABLE in found else top.table
    metric = nlattr.u32(found[RTA_PRIORITY], 0) if RTA_PRIORITY in found else 0
    words = ["table", rt.TABLE_NAMES.get(table, str(table))] if table != RT_TABLE_MAIN else []
    if top.protocol != RTPROT_BOOT:
        words += ["proto", PROTOCOL_NAMES.get(top.protocol, str(top.protocol))]
    if top.scope and top.family == IPV4:
        words += ["scope", SCOPE_NAMES.get(top.scope, str(top.scope))]
    if RTA_PREFSRC in found:
        words += ["src", str(ip_address(found[RTA_PREFSRC]))]
    return words + (["metric", str(metric)] if metric != DEFAULT_METRIC[top.family] else [])


def _metrics(nested: bytes) -> list[str]:
    """`ip` locks rto_min by itself and takes no word for it."""
    found = {kind: nested[at:end] for kind, at, end in nlattr.attributes(nested, 0)}
    locked = nlattr.u32(found[RTAX_LOCK], 0) if RTAX_LOCK in found else 0
    words = []
    for kind, value in found.items():
        if kind in METRIC_NAMES:
            lock = ["lock"] if locked & (1 << kind) and kind != RTAX_RTO_MIN else []
            words += [METRIC_NAMES[kind], *lock, _metric(kind, nlattr.u32(value, 0))]
        elif kind == RTAX_CC_ALGO:
            words += ["congctl", value.rstrip(b"\0").decode("ascii", "replace")]
    return words


def _metric(kind: int, number: int) -> str:
    """Round-trip times lie in the kernel as eighths (rtt) or quarters of milliseconds."""
    if kind == RTAX_FEATURES:
        return "ecn" if number & RTAX_FEATURE_ECN else str(number)
    if kind == RTAX_RTO_MIN:
        return f"{number}ms"
    parts = {RTAX_RTT: 8, RTAX_RTTVAR: 4}.get(kind)
    return f"{number // parts}ms" if parts else str(number)


def _preference(top: rt.RouteHeader, found: dict[int, bytes]) -> list[str]:
    value = found.get(RTA_PREF, b"\0")[0]
    words = ["pref", PREFERENCE_NAMES[value]] if value in PREFERENCE_NAMES else []
    if RTA_FLOW in found and top.family == IPV4:
        realms = nlattr.u32(found[RTA_FLOW], 0)
        source, target = realms >> 16, realms & 0xFFFF
        words += ["realms", f"{source}/{target}" if source else str(target)]
    return words


def _legs(message: bytes, name: Names) -> Iterator[str]:
    for kind, at, end in nlattr.attributes(message, rt.RTMSG.size):
        if kind != RTA_MULTIPATH:
            continue
        for flags, slot, first, stop in rt.rtnexthops(message, at, end):
            yield "nexthop"
            inner = {k: message[a:b] for k, a, b in nlattr.attributes(message, first, stop)}
            yield from _hop(inner, 0, name)
            yield f"dev {name(nlattr.u32(message, slot))}"
            yield f"weight {message[flags + 1] + 1}"
            if message[flags] & RTNH_F_ONLINK:
                yield "onlink"
