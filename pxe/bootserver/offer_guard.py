"""No offers beside another DHCP server: two of them would answer each other's clients."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from .daemons import OFFERS_PAUSED
from .dhcp_discovery import DhcpOffer
from .nftables import load_table

NAME = "inet pxe-silent"
TABLE = """
  chain in {{
    type filter hook input priority 0
    iifname "{nic}" udp dport {{ 67, 547 }} drop
  }}
  chain out {{
    type filter hook output priority 0
    oifname "{nic}" icmpv6 type nd-router-advert drop
  }}
"""
QUERIES_BEFORE_OFFERING = 2
"""Queries without an answer until the segment counts as free."""
QUERIES_UNTIL_GONE = 5
"""Queries, that with its last answer included, until another server counts as gone."""
MAX_NAMED = 8
"""How many other servers are named; anybody may claim to be one."""
ServerKey = tuple[int, str, str]
"""Version of IP, server identifier and MAC address."""


class ServerTracker:
    """The other servers that may be on the segment.

    Each counts as present until some queries in a row have had no answer from it. So does a server
    without a name, for each version of IP: before the first queries, and when more servers answer
    than are named.
    """

    def __init__(self, versions: tuple[int, ...]) -> None:
        first = QUERIES_BEFORE_OFFERING
        self._queries_left: dict[ServerKey, int] = {_unnamed_server(v): first for v in versions}
        self.named: dict[ServerKey, DhcpOffer] = {}

    def __bool__(self) -> bool:
        """Return whether there may be another server."""
        return bool(self._queries_left)

    def add(self, version: int, offer: DhcpOffer) -> bool:
        """Record an answer; return whether its server is now named for the first time."""
        key, is_new = (version, offer.server, offer.mac), False
        if key not in self.named:
            is_new = len(self.named) < MAX_NAMED
            key = key if is_new else _unnamed_server(version)
        if is_new:
            self.named[key] = offer
        self._queries_left[key] = QUERIES_UNTIL_GONE
        return is_new

    def end_query(self, version: int) -> None:
        """Record that a query's time is over."""
        for key in [key for key in self._queries_left if key[0] == version]:
            self._queries_left[key] -= 1
            if not self._queries_left[key]:
                del self._queries_left[key]
                self.named.pop(key, None)


def _unnamed_server(version: int) -> ServerKey:
    return version, "", ""


@dataclass(slots=True)
class OfferGuard:
    """Drops what clients ask of this service while another DHCP server may answer them.

    It begins paused, until two queries of each of `versions` (of IP) have had no answer; `decided`
    is set when that is so or another server has answered.
    """

    interface: str
    versions: tuple[int, ...]
    log: Callable[[str], None]
    servers: ServerTracker = field(init=False)
    paused: bool = True
    other_heard: bool = False
    """Whether another server answered since this one last offered."""
    announced: str = ""
    decided: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.servers = ServerTracker(self.versions)
        self._drop_requests()

    def on_reply(self, version: int, offer: DhcpOffer | None) -> None:
        """Take one answer, or None at the end of a query's time."""
        if offer is None:
            self.servers.end_query(version)
            self._review()
        elif self.servers.add(version, offer):
            self._pause(offer)
        if self.servers.named or not self.servers:
            self.decided.set()

    def _pause(self, offer: DhcpOffer) -> None:
        self.paused = self.other_heard = True
        self._drop_requests()
        self._announce()
        self.log(
            f"another DHCP server answers: {offer}; two would take each other's clients, so this "
            "one offers nothing as long as it is there"
        )

    def _review(self) -> None:
        if not self.servers:
            self._resume()
        elif self.other_heard:
            self._announce()

    def _resume(self) -> None:
        if self.paused:
            resume_offers()
        if self.other_heard:
            self.log("the other DHCP server is gone; this one offers addresses again")
        self.paused = self.other_heard = False
        self.announced = ""

    def _announce(self) -> None:
        """Write who answers to the file that `pxe status` reads."""
        text = ", ".join(map(str, self.servers.named.values())) or "another DHCP server"
        if text != self.announced:  # a reader must not find an empty file
            new = OFFERS_PAUSED.with_suffix(".new")
            new.write_text(text)
            new.replace(OFFERS_PAUSED)
            self.announced = text

    def _drop_requests(self) -> None:
        if error := load_table(NAME, TABLE.format(nic=self.interface)):
            self.log(f"it goes on offering: {error}")


def resume_offers() -> None:
    """Let clients' requests through."""
    load_table(NAME)
    OFFERS_PAUSED.unlink(missing_ok=True)
