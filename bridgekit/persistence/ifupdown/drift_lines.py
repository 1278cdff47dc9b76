"""Do the lines of the interfaces files make the routes and rules that an interface has?"""

import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network

from bridgekit.persistence.ifupdown.render_routes import lasting_routes
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.message import attributes, header
from bridgekit.uapi.rtnetlink import RTA_DST

Network = IPv4Network | IPv6Network
MAKES = re.compile(
    r"\bip\b[^;&|]*?\br(?:oute|o|ou|out)?\s+(?:add|replace|append|prepend|change)\s+"
    r"(?:(?:unicast|blackhole|unreachable|prohibit|throw|to)\s+)*([0-9a-fA-F.:/]+)"
)
OF_EVERY_RULE = frozenset({"from", "all", "priority", "lookup"})


def routes(
    own: Iterable[str],
    every: Iterable[str],
    state: NetworkState,
    name: str,
    asking: set[int | None],
) -> Iterator[str]:
    """Yield which routes are there, or in the lines of the interface's own stanzas, alone.

    A line of any stanza counts for a route that is there. What a server may give, for families
    that it is asked for, needs no line.
    """
    lasting = lasting_routes(state.routes, name, state.addresses_on(name))
    here = {_network(m) for m in lasting.messages if header(m).dst_len and m[0] not in asking}
    for network in sorted(here - _made(every), key=str):
        yield f"{name} has a route to {network}, which no line of the file makes"
    there = {_network(message) for message in state.routes.messages}
    for network in sorted(_made(own) - there, key=str) if not state.routes.blocks else ():
        yield f"a line of the file makes a route to {network}, which is not there"


def rules(every: Iterable[str], state: NetworkState, name: str) -> Iterator[str]:
    """Yield the rules that name the interface and that no line makes."""
    lines = [{*line.replace("$IFACE", name).split()} for line in every if "rule" in line]
    for rule in (rule for rule in state.rules if rule.names(name)):
        words = set(str(rule).split()) - OF_EVERY_RULE
        if not any(words <= line for line in lines):
            yield f"{name} has the rule {rule}, which no line of the file makes"


def _made(lines: Iterable[str]) -> set[Network]:
    return {found for line in lines for found in _networks(line)}


def _networks(line: str) -> Iterator[Network]:
    for text in MAKES.findall(line):
        try:
            yield ip_network(text, strict=False)
        except ValueError:
            continue


def _network(message: bytes) -> Network:
    top, size = header(message), 4 if message[0] == 2 else 16
    return ip_network((attributes(message).get(RTA_DST, bytes(size)), top.dst_len))
