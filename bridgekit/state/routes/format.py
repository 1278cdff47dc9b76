"""Routes as the words that `ip route` shows and takes."""

from collections.abc import Callable, Iterator
from ipaddress import ip_address

from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.routes import message as rt

TYPES = {
    **{1: "unicast", 2: "local", 3: "broadcast", 4: "anycast", 5: "multicast"},
    **{6: "blackhole", 7: "unreachable", 8: "prohibit", 9: "throw", 10: "nat"},
}
PROTOCOLS = {1: "redirect", 2: "kernel", 3: "boot", 4: "static", 9: "ra", 16: "dhcp"}
SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
PREFERENCES = {1: "high", 3: "low"}
METRICS = {
    **{2: "mtu", 3: "window", 4: "rtt", 5: "rttvar", 6: "ssthresh", 7: "cwnd", 8: "advmss"},
    **{9: "reordering", 10: "hoplimit", 11: "initcwnd", 12: "features", 13: "rto_min"},
    **{14: "initrwnd", 15: "quickack", 17: "fastopen_no_cookie"},
}
LOCK, CONGESTION = 1, 16
DEFAULT_METRIC = {IPV4: 0, IPV6: 1024}

Names = Callable[[int], str]


def format_route(message: bytes, name: Names) -> str:
    """Return the route in ip-route(8)'s words, device included."""
    top, found = rt.header(message), rt.attributes(message)
    words = [TYPES.get(top.type, str(top.type))] if top.type != 1 else []
    words += _destination(top, found)
    words += _hop(found, top.flags, name)
    words += _placement(top, found)
    words += _metrics(found.get(rt.METRICS, b""))
    words += _preference(top, found)
    words += ["expires", f"{rt.expires(message)}sec"] if rt.expires(message) else []
    words += list(_legs(message, name))
    return " ".join(words)


def _destination(top: rt.RouteHeader, found: dict[int, bytes]) -> list[str]:
    words = ["default"]
    if rt.DST in found:
        words = [f"{ip_address(found[rt.DST])}/{top.dst_len}"]
    if rt.SRC in found:
        words += ["from", f"{ip_address(found[rt.SRC])}/{top.src_len}"]
    return words + (["tos", hex(top.tos)] if top.tos else [])


def _hop(found: dict[int, bytes], flags: int, name: Names) -> list[str]:
    words = ["nhid", str(nlattr.u32(found[rt.NH_ID], 0))] if rt.NH_ID in found else []
    if rt.ENCAP in found:
        words += ["encap", f"type{int.from_bytes(found[rt.ENCAP_TYPE], 'little')}"]
    if rt.GATEWAY in found:
        words += ["via", str(ip_address(found[rt.GATEWAY]))]
    if rt.VIA in found:
        words += ["via", "inet6", str(ip_address(found[rt.VIA][2:]))]
    if rt.OIF in found:
        words += ["dev", name(nlattr.u32(found[rt.OIF], 0))]
    return words + (["onlink"] if flags & rt.RTNH_F_ONLINK else [])


def _placement(top: rt.RouteHeader, found: dict[int, bytes]) -> list[str]:
    table = nlattr.u32(found[rt.TABLE], 0) if rt.TABLE in found else top.table
    metric = nlattr.u32(found[rt.PRIORITY], 0) if rt.PRIORITY in found else 0
    words = ["table", rt.TABLES.get(table, str(table))] if table != rt.MAIN_TABLE else []
    if top.protocol != 3:
        words += ["proto", PROTOCOLS.get(top.protocol, str(top.protocol))]
    if top.scope and top.family == IPV4:
        words += ["scope", SCOPES.get(top.scope, str(top.scope))]
    if rt.PREFSRC in found:
        words += ["src", str(ip_address(found[rt.PREFSRC]))]
    return words + (["metric", str(metric)] if metric != DEFAULT_METRIC[top.family] else [])


def _metrics(nested: bytes) -> list[str]:
    """`ip` locks rto_min by itself and takes no word for it."""
    found = {kind: nested[at:end] for kind, at, end in nlattr.attributes(nested, 0)}
    locked = nlattr.u32(found[LOCK], 0) if LOCK in found else 0
    words = []
    for kind, value in found.items():
        if kind in METRICS:
            lock = ["lock"] if locked & (1 << kind) and METRICS[kind] != "rto_min" else []
            words += [METRICS[kind], *lock, _metric(kind, nlattr.u32(value, 0))]
        elif kind == CONGESTION:
            words += ["congctl", value.rstrip(b"\0").decode("ascii", "replace")]
    return words


def _metric(kind: int, number: int) -> str:
    """Round-trip times lie in the kernel as eighths (rtt) or quarters of milliseconds."""
    if METRICS[kind] == "features":
        return "ecn" if number & 1 else str(number)
    if METRICS[kind] == "rto_min":
        return f"{number}ms"
    return (
        f"{number // {'rtt': 8, 'rttvar': 4}[METRICS[kind]]}ms" if kind in (4, 5) else str(number)
    )


def _preference(top: rt.RouteHeader, found: dict[int, bytes]) -> list[str]:
    value = found.get(rt.PREF, b"\0")[0]
    words = ["pref", PREFERENCES[value]] if value in PREFERENCES else []
    if rt.FLOW in found and top.family == IPV4:
        realms = nlattr.u32(found[rt.FLOW], 0)
        source, target = realms >> 16, realms & 0xFFFF
        words += ["realms", f"{source}/{target}" if source else str(target)]
    return words


def _legs(message: bytes, name: Names) -> Iterator[str]:
    for kind, at, end in nlattr.attributes(message, rt.RTMSG.size):
        if kind != rt.MULTIPATH:
            continue
        for flags, slot, first, stop in rt.nexthops(message, at, end):
            yield "nexthop"
            inner = {k: message[a:b] for k, a, b in nlattr.attributes(message, first, stop)}
            yield from _hop(inner, 0, name)
            yield f"dev {name(nlattr.u32(message, slot))}"
            yield f"weight {message[flags + 1] + 1}"
            if message[flags] & rt.RTNH_F_ONLINK:
                yield "onlink"
