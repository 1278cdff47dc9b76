"""No offers beside another DHCP server: two of them would take each other's clients."""

from collections.abc import Callable
from dataclasses import dataclass

from .daemons import HOSTS, SILENT
from .rivals import Offer
from .running import Running

IGNORE_ALL = "*:*:*:*:*:*,ignore\n"
QUIET = 5
"""Questions without an answer until the other server counts as gone."""


@dataclass(slots=True)
class Silence:
    """Told of each answer to the question who else is there; keeps dnsmasq's mouth shut, or not.

    `hosts` is what dnsmasq knows of single machines when it may speak.
    """

    own: str
    hosts: str
    dnsmasq: Running
    say: Callable[[str], None]
    rival: str = ""
    quiet: int = 0

    def told(self, offer: Offer | None) -> None:
        """Take one answer, None for a question that nobody answered."""
        if offer is None:
            self.quiet += 1
            if self.rival and self.quiet >= QUIET:
                self._speak()
        elif offer.server != self.own:
            self.quiet = 0
            if not self.rival:
                self._fall_silent(offer)

    def _fall_silent(self, offer: Offer) -> None:
        self.rival = str(offer)
        self._write(IGNORE_ALL)
        SILENT.write_text(self.rival)
        self.say(
            f"another DHCP server answers: {offer}; two would take each other's clients, so this "
            "one offers nothing as long as it is there"
        )

    def _speak(self) -> None:
        self.rival = ""
        self._write(self.hosts)
        SILENT.unlink(missing_ok=True)
        self.say("the other DHCP server is gone; this one offers addresses again")

    def _write(self, text: str) -> None:
        HOSTS.write_text(text)
        self.dnsmasq.reload()
