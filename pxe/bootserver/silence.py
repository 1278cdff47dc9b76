"""No offers beside another DHCP server: two of them would take each other's clients."""

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
QUIET = 5
"""Questions without an answer until another server counts as gone."""


@dataclass(slots=True)
class Silence:
    """Told of each answer to the question who else is there; lets nobody ask us meanwhile.

    `rivals` are the others by the version of IP that they serve, `quiet` how many questions in
    a row each of them has left without an answer.
    """

    own: str
    nic: str
    say: Callable[[str], None]
    rivals: dict[int, str] = field(default_factory=dict)
    quiet: dict[int, int] = field(default_factory=dict)

    def told(self, version: int, offer: Offer | None) -> None:
        """Take one answer, None for a question that nobody answered."""
        if offer is None:
            self.quiet[version] = self.quiet.get(version, 0) + 1
            if version in self.rivals and self.quiet[version] >= QUIET:
                del self.rivals[version]
                self._speak()
        elif offer.server != self.own:
            self.quiet[version] = 0
            if version not in self.rivals:
                self._fall_silent(version, offer)

    def _fall_silent(self, version: int, offer: Offer) -> None:
        self.rivals[version] = str(offer)
        SILENT.write_text(", ".join(self.rivals.values()))
        self.say(
            f"another DHCP server answers: {offer}; two would take each other's clients, so this "
            "one offers nothing as long as it is there"
        )
        if wrong := put(NAME, TABLE.format(nic=self.nic)):
            self.say(f"it goes on offering: {wrong}")

    def _speak(self) -> None:
        if self.rivals:
            SILENT.write_text(", ".join(self.rivals.values()))
            return
        speak_again()
        self.say("the other DHCP server is gone; this one offers addresses again")


def speak_again() -> None:
    """Let clients ask."""
    put(NAME)
    SILENT.unlink(missing_ok=True)
