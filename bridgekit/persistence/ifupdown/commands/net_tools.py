"""route(8), ifconfig(8) and arp(8) of net-tools, and DHCP clients that a hook starts."""

import re
from collections.abc import Sequence

from bridgekit.persistence.ifupdown.commands.network_command import NetworkCommand

ROUTE_VALUES = frozenset(
    {"netmask", "gw", "gateway", "metric", "mss", "window", "irtt", "dev", "-A", "--inet6"}
)
ROUTE_FLAGS = frozenset({"mod", "dyn", "reinstate", "reject", "-net", "-host", "-v", "-n", "-e"})
ADDRESS = re.compile(r"[0-9]+\.[0-9.]+(/[0-9]+)?|[0-9a-fA-F]*:[0-9a-fA-F:.]+(/[0-9]+)?")
ADDRESS_WORDS = frozenset({"add", "del", "inet", "inet6", "netmask", "broadcast", "pointopoint"})


def read_route(words: Sequence[str]) -> NetworkCommand | None:
    """Return what route(8) with these arguments adds or deletes.

    `route [-A FAMILY] add|del [-net|-host] TARGET [netmask M] [gw G] [metric N] [[dev] LINK]`
    """
    verb = next((at for at, word in enumerate(words) if word in ("add", "del", "delete")), None)
    if verb is None:
        return None
    values: dict[str, str] = {}
    plain: list[str] = []
    rest = iter(words[verb + 1 :])
    for word in rest:
        if word in ROUTE_VALUES:
            values[word] = next(rest, "")
        elif word not in ROUTE_FLAGS:
            plain.append(word)
    target, *others = plain or [""]
    link = values.get("dev") or "".join(others[:1])
    return NetworkCommand(
        "route",
        links=(link,) if link else (),
        destination=_with_length(target, values.get("netmask", "")),
        gateway=values.get("gw") or values.get("gateway", ""),
        linkless="reject" in words,
        adds=words[verb] == "add",
    )


def _with_length(target: str, netmask: str) -> str:
    return f"{target}/{netmask}" if netmask and "/" not in target else target


def read_ifconfig(words: Sequence[str]) -> NetworkCommand | None:
    """Return the address that ifconfig(8) gives or takes; None if it sets something else."""
    rest = [word for word in words if word not in ("-v", "-a", "-s")]
    if not rest:
        return None
    link, arguments = rest[0], rest[1:]
    address = next((word for word in arguments if ADDRESS.fullmatch(word)), "")
    if not (address or ":" in link or ADDRESS_WORDS & set(arguments)):
        return None
    return NetworkCommand("address", (link,), destination=address)


def read_arp(words: Sequence[str]) -> NetworkCommand | None:
    """Return the neighbour that `arp -s` or `arp -d` changes."""
    at = next((at for at, word in enumerate(words) if word in ("-s", "-d", "--set")), None)
    if at is None or at + 1 >= len(words):
        return None
    links = [words[i + 1] for i, word in enumerate(words[:-1]) if word in ("-i", "--device", "dev")]
    return NetworkCommand("neighbour", tuple(links[:1]), destination=words[at + 1])


def read_dhcp_client(words: Sequence[str]) -> NetworkCommand | None:
    """Return for which links a DHCP client is started: the last word, or udhcpc's `-i`."""
    return NetworkCommand("dhcp client", tuple(word for word in words if word[:1] != "-"))
