"""What dnsmasq says, understood: clients that can't be served, and clients that go in circles."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

SENT = re.compile(r"dnsmasq-tftp.*: sent (?P<file>\S+) to (?P<address>\S+)")
IA32 = re.compile(r"dnsmasq-dhcp.*: (?P<id>\d+) vendor class: \w+:Arch:00006\b")
IGNORED = re.compile(r"dnsmasq-dhcp.*: (?P<id>\d+) DHCPDISCOVER\(\S+\) (?P<mac>\S+) ignored")
LOADERS = ("bootnetx64.efi", "bootnetaa64.efi", "lpxelinux.0")
TIMES, SECONDS = 3, 600.0
ONE_START = 5.0  # firmware asks once for the size, and once for the file


@dataclass(slots=True)
class Listener:
    """Adds sentences to dnsmasq's lines."""

    now: Callable[[], float] = time.monotonic
    ia32: str = ""  # the last question of such a client, by its number
    loaded: dict[tuple[str, str], deque[float]] = field(default_factory=dict)

    def heard(self, line: str) -> Iterator[str]:
        """What this line means beyond its words; nothing for most."""
        if asked := IA32.search(line):
            self.ia32 = asked["id"]
        if (ignored := IGNORED.search(line)) and ignored["id"] == self.ia32:
            yield (
                f"refused: {ignored['mac']} is a 32-bit UEFI client (IA32); no signed boot chain "
                "exists for it"
            )
        if sent := SENT.search(line):
            yield from self._sent(sent["file"].rpartition("/")[2], sent["address"])

    def _sent(self, file: str, address: str) -> Iterator[str]:
        if file not in LOADERS:
            return
        times = self.loaded.setdefault((file, address), deque(maxlen=TIMES))
        if times and self.now() - times[-1] < ONE_START:
            return
        times.append(self.now())
        if len(times) == TIMES and times[-1] - times[0] <= SECONDS:
            yield (
                f"in circles: {address} has fetched {file} {TIMES} times in "
                f"{times[-1] - times[0]:.0f} s; it starts and does not get on: look at its screen, "
                "at Secure Boot's settings and at its boot order"
            )
            times.clear()
