"""No offers beside another DHCP server: two of them would take each other's clients."""

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
"""Questions without an answer until the wire counts as free."""
QUERIES_UNTIL_GONE = 5
"""Questions, that with its last answer included, until another server counts as gone."""
MAX_NAMED = 8
"""How many others are named; anybody may claim to be one."""
ServerKey = tuple[int, str, str]


class ServerTracker:
    """Who else may serve on the wire, by what was heard: version of IP, server, MAC address.

    Each counts as there until some questions in a row have stayed without an answer of it. So does
    somebody without a name, of each version: before it has been asked, or when more answer than are
    named.
    """

    def __init__(self, versions: tuple[int, ...]) -> None:
        self._left: dict[ServerKey, int] = {
            _unnamed_server(version): QUERIES_BEFORE_OFFERING for version in versions
        }
        self.named: dict[ServerKey, DhcpOffer] = {}

    def __bool__(self) -> bool:
        """May there be anybody?"""
        return bool(self._left)

    def heard(self, version: int, offer: DhcpOffer) -> bool:
        """Note that it is there; is it one that has no name yet, and gets one?"""
        who, news = (version, offer.server, offer.mac), False
        if who not in self.named:
            news = len(self.named) < MAX_NAMED
            who = who if news else _unnamed_server(version)
        if news:
            self.named[who] = offer
        self._left[who] = QUERIES_UNTIL_GONE
        return news

    def asked(self, version: int) -> None:
        """Note that a question has had its time."""
        for who in [one for one in self._left if one[0] == version]:
            self._left[who] -= 1
            if not self._left[who]:
                del self._left[who]
                self.named.pop(who, None)


def _unnamed_server(version: int) -> ServerKey:
    return version, "", ""


@dataclass(slots=True)
class OfferGuard:
    """Told of each answer to the question who else is there; lets nobody ask us meanwhile.

    It begins silent, until two questions of each of `versions` (of IP) have stayed without an
    answer; `looked` is set when that is so or somebody is there.
    """

    nic: str
    versions: tuple[int, ...]
    say: Callable[[str], None]
    others: ServerTracker = field(init=False)
    paused: bool = True
    other_heard: bool = False
    """Was anybody heard since it last spoke?"""
    announced: str = ""
    decided: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.others = ServerTracker(self.versions)
        self._close()

    def on_reply(self, version: int, offer: DhcpOffer | None) -> None:
        """Take one answer, or None when a question has had its time."""
        if offer is None:
            self.others.asked(version)
            self._look()
        elif self.others.heard(version, offer):
            self._withdraw(offer)
        if self.others.named or not self.others:
            self.decided.set()

    def _withdraw(self, offer: DhcpOffer) -> None:
        self.paused = self.other_heard = True
        self._note()
        self.say(
            f"another DHCP server answers: {offer}; two would take each other's clients, so this "
            "one offers nothing as long as it is there"
        )
        self._close()

    def _look(self) -> None:
        if not self.others:
            self._speak()
        elif self.other_heard:
            self._note()

    def _speak(self) -> None:
        if self.paused:
            resume_offers()
        if self.other_heard:
            self.say("the other DHCP server is gone; this one offers addresses again")
        self.paused = self.other_heard = False
        self.announced = ""

    def _note(self) -> None:
        text = ", ".join(map(str, self.others.named.values())) or "another DHCP server"
        if text != self.announced:  # whoever reads it meanwhile must not find it empty
            new = OFFERS_PAUSED.with_suffix(".new")
            new.write_text(text)
            new.replace(OFFERS_PAUSED)
            self.announced = text

    def _close(self) -> None:
        if wrong := load_table(NAME, TABLE.format(nic=self.nic)):
            self.say(f"it goes on offering: {wrong}")


def resume_offers() -> None:
    """Let clients ask."""
    load_table(NAME)
    OFFERS_PAUSED.unlink(missing_ok=True)
