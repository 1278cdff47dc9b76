"""No offers beside another DHCP server: two of them would take each other's clients."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from .daemons import SILENT
from .rivals import Offer
from .tables import put

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
FIRST = 2
"""Questions without an answer until the wire counts as free."""
QUIET = 5
"""Questions without an answer until another server counts as gone."""
MOST = 8
"""How many others are named; anybody may claim to be one."""


@dataclass(slots=True)
class Silence:
    """Told of each answer to the question who else is there; lets nobody ask us meanwhile.

    It begins silent, until two questions of each of `versions` (of IP) have stayed without an
    answer; `looked` is set when that is so or somebody is there. `left` are those still to ask.
    """

    nic: str
    versions: tuple[int, ...]
    say: Callable[[str], None]
    left: dict[int, int] = field(init=False)
    rivals: dict[tuple[int, str, str], Offer] = field(default_factory=dict)
    looked: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.left = dict.fromkeys(self.versions, FIRST)
        self._close()

    def told(self, version: int, offer: Offer | None) -> None:
        """Take one answer, None for a question that nobody answered."""
        if offer:
            self._remember(version, offer)
        elif self.left[version]:
            self.left[version] -= 1
            self._forget(version)
        if self.rivals or not any(self.left.values()):
            self.looked.set()

    def _remember(self, version: int, offer: Offer) -> None:
        self.left[version] = QUIET
        who = (version, offer.server, offer.mac)
        if who in self.rivals or len(self.rivals) == MOST:
            return
        self.rivals[who] = offer
        self._note()
        self.say(
            f"another DHCP server answers: {offer}; two would take each other's clients, so this "
            "one offers nothing as long as it is there"
        )
        self._close()

    def _forget(self, version: int) -> None:
        """Speak again if nobody is left."""
        if self.left[version]:
            return
        had = bool(self.rivals)
        self.rivals = {who: offer for who, offer in self.rivals.items() if who[0] != version}
        if any(self.left.values()):
            return self._note()
        speak_again()
        if had:
            self.say("the other DHCP server is gone; this one offers addresses again")

    def _note(self) -> None:
        if self.rivals:
            SILENT.write_text(", ".join(map(str, self.rivals.values())))

    def _close(self) -> None:
        if wrong := put(NAME, TABLE.format(nic=self.nic)):
            self.say(f"it goes on offering: {wrong}")


def speak_again() -> None:
    """Let clients ask."""
    put(NAME)
    SILENT.unlink(missing_ok=True)
