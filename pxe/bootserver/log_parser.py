"""Parser of dnsmasq's log: clients that cannot be served, and clients that boot in a loop."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

# anchored: these lines also hold what a client calls itself, and file names
DHCP = r"^dnsmasq-dhcp\[\d+\]: (?P<id>\d+) "
TFTP = r"^dnsmasq-tftp\[\d+\]: "
MACHINE = r"(?P<mac>[0-9a-f]{2}(:[0-9a-f]{2}){5})"
ADDRESSED = r"(?P<address>[0-9a-f.:]+)"
SENT = re.compile(rf"{TFTP}sent (?P<file>\S+) to {ADDRESSED}$")
IA32 = re.compile(rf"{DHCP}vendor class: \w+:Arch:00006\b")
IGNORED = re.compile(rf"{DHCP}(DHCPDISCOVER|PXE)\(\S+\) (\S+ )?{MACHINE} (proxy-)?ignored$")
LOADERS = ("bootnetx64.efi", "bootnetaa64.efi", "lpxelinux.0")
LOAD_COUNT, LOAD_WINDOW = 3, 600.0
MAX_LOADS = 1000
"""How many clients' loads are kept; those whose last load is the oldest go first."""
SAME_START_SECONDS = 5.0  # firmware asks once for the size, and once for the file


@dataclass(slots=True)
class LogParser:
    """Explains dnsmasq's lines; `known` are the machines that are served, None for all."""

    known: frozenset[str] | None = None
    now: Callable[[], float] = time.monotonic
    ia32: str = ""  # the last question of such a client, by its number
    loaded: dict[tuple[str, str], deque[float]] = field(default_factory=dict)

    def feed(self, line: str) -> Iterator[str]:
        """Yield what this line means for the user; nothing for most."""
        if asked := IA32.search(line):
            self.ia32 = asked["id"]
        if ignored := IGNORED.search(line):
            yield from self._ignored(ignored["id"], ignored["mac"])
        if sent := SENT.search(line):
            yield from self._sent(sent["file"].rpartition("/")[2], sent["address"])

    def _ignored(self, number: str, mac: str) -> Iterator[str]:
        if number == self.ia32:
            yield (
                f"refused: {mac} is a 32-bit UEFI client (IA32); no signed boot chain exists for it"
            )
        elif self.known is not None and mac not in self.known:
            yield f"refused: {mac} is in no machines.toml, and only those are served"

    def _sent(self, file: str, address: str) -> Iterator[str]:
        if file not in LOADERS:
            return
        times = self.loaded.pop((file, address), deque(maxlen=LOAD_COUNT))
        self.loaded[file, address] = times
        if len(self.loaded) > MAX_LOADS:
            del self.loaded[next(iter(self.loaded))]
        if times and self.now() - times[-1] < SAME_START_SECONDS:
            return
        times.append(self.now())
        if len(times) == LOAD_COUNT and times[-1] - times[0] <= LOAD_WINDOW:
            yield (
                f"in circles: {address} has fetched {file} {LOAD_COUNT} times in "
                f"{times[-1] - times[0]:.0f} s; it starts and does not get on: look at its screen, "
                "at Secure Boot's settings and at its boot order"
            )
            times.clear()
