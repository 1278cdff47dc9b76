"""ip(8) and bridge(8): their options, and the objects that a snapshot shows.

Every word may be abbreviated: `matches` in iproute2's lib/utils.c takes the first name, in the
order of ip/ip.c, that begins with it.
"""

from collections.abc import Sequence

from bridgekit.persistence.ifupdown.commands.network_command import CommandObject, NetworkCommand

OPTIONS_WITH_VALUE = ("-loops", "-family", "-batch", "-rcvbuf", "-netns")
OPTIONS = (
    *("-loops", "-family", "-4", "-6", "-0", "-M", "-B", "-human", "-iec", "-statistics"),
    *("-details", "-resolve", "-oneline", "-timestamp", "-tshort", "-Version", "-force", "-batch"),
    *("-brief", "-json", "-pretty", "-rcvbuf", "-color", "-help", "-netns", "-Numeric", "-all"),
    "-echo",
)
OBJECTS = (
    *("address", "addrlabel", "maddress", "route", "rule", "neighbor", "neighbour", "ntable"),
    *("ntbl", "link", "l2tp", "fou", "ila", "macsec", "tunnel", "tunl", "tuntap", "tap", "token"),
    *("tcpmetrics", "tcp_metrics", "monitor", "xfrm", "mroute", "mrule", "netns", "netconf"),
    *("vrf", "sr", "nexthop", "mptcp", "ioam", "help", "stats"),
)
READ: dict[str, CommandObject] = {
    "address": "address",
    "maddress": "maddress",
    "route": "route",
    "rule": "rule",
    "neighbor": "neighbour",
    "neighbour": "neighbour",
}
VERBS = ("add", "change", "replace", "append", "prepend", "delete", "flush", "test", "chg")
LINK_WORDS = frozenset({"dev", "iif", "oif"})
LINKLESS_TYPES = frozenset({"blackhole", "unreachable", "prohibit", "throw"})
ROUTE_TYPES = LINKLESS_TYPES | {"unicast", "local", "broadcast", "multicast", "anycast", "nat"}


def read_ip(words: Sequence[str]) -> NetworkCommand | None:
    """Return what `ip` with these arguments changes.

    Returns:
        None for what it only shows, and for objects that are no part of a bridge's state.
    """
    rest, elsewhere = _without_options(list(words))
    if len(rest) < 2:
        return None
    kind, verb = READ.get(_complete(rest[0], OBJECTS)), _complete(rest[1], VERBS)
    if kind is None or not verb:
        return None
    arguments = rest[2:]
    types = [word for word in arguments[:1] if word in ROUTE_TYPES]
    named = [word for word in arguments[len(types) :] if word != "to"]
    return NetworkCommand(
        kind,
        links=tuple(_following(arguments, LINK_WORDS)),
        destination=named[0] if named and named[0] not in LINK_WORDS else "",
        gateway=next(iter(_following(arguments, {"via"})), ""),
        linkless=kind == "route" and bool(LINKLESS_TYPES & set(arguments)),
        elsewhere=elsewhere,
        adds=verb not in ("delete", "flush"),
    )


def read_bridge(words: Sequence[str]) -> NetworkCommand | None:
    """Return what `bridge fdb` changes of a link's own addresses; `bridge link` is the port's."""
    rest = [word for word in words if not word.startswith("-")]
    if rest[:1] != ["fdb"] or len(rest) < 3 or not _complete(rest[1], VERBS):
        return None
    links = tuple(_following(rest, {"dev"}))
    return NetworkCommand("fdb", links, destination=rest[2]) if "self" in rest else None


def _without_options(words: list[str]) -> tuple[list[str], bool]:
    """Return the words from the object on, and whether they concern another namespace."""
    elsewhere = False
    while words and words[0].startswith("-"):
        option = _complete("-" + words.pop(0).lstrip("-"), OPTIONS)
        elsewhere = elsewhere or option == "-netns"
        if option in OPTIONS_WITH_VALUE and words:
            words.pop(0)
    return words, elsewhere


def _complete(word: str, names: Sequence[str]) -> str:
    """Return the first of the names that this word is short for, or nothing."""
    return next((name for name in names if word and name.startswith(word)), "")


def _following(words: Sequence[str], keywords: set[str] | frozenset[str]) -> list[str]:
    """Return the words that stand behind one of these, and behind `via inet6` and the like."""
    values = [words[at + 1 : at + 3] for at, word in enumerate(words[:-1]) if word in keywords]
    families = ("inet", "inet6")
    return [pair[1] if pair[0] in families and len(pair) > 1 else pair[0] for pair in values]
