"""Each client's way, out of the words of dnsmasq and nginx; a restart does not lose it."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from .log_parser import ADDRESSED, DHCP, LOADERS, MACHINE, TFTP
from .site import Site

ADDRESS, LOADER, MENU, KERNEL, INITRD, ANSWERS, DONE = STAGES = (
    *("address", "loader", "menu", "kernel", "initrd", "answers", "done"),
)
FIRMWARE = re.compile(rf"{DHCP}vendor class: (PXE|HTTP)Client")
ACKNOWLEDGED = re.compile(rf"{DHCP}DHCPACK\(\S+\) {ADDRESSED} {MACHINE}( |$)")
PROXIED = re.compile(rf"{DHCP}PXE\(\S+\) {MACHINE} proxy$")
BY_TFTP = re.compile(rf"{TFTP}sent /srv/tftp/(?P<file>\S+) to {ADDRESSED}$")
BY_HTTP = re.compile(rf'^{ADDRESSED} "GET /(?P<file>[^ ?]+)\S* HTTP/[0-9.]+" 20[06] ')
MENUS = ("menu/", "pxelinux.cfg/")
GRUB_MENU = "grub/grub.cfg"
SCHEMA = "create table if not exists seen (mac text, stage text, at real, what text)"
MAX_CLIENTS = 1000
"""How many clients are kept; those that were not seen for longest go first."""
OLDEST = "select mac from seen group by mac order by max(at) desc limit -1 offset ?"
STALL_LIMITS = {
    ADDRESS: (60, "it asked for no boot loader: is TFTP blocked, or does it start from its disk?"),
    LOADER: (60, "its loader does not get on: look at its screen, and at Secure Boot's settings"),
    KERNEL: (120, "it does not ask for the initrd: too little memory, or the link is gone"),
    ANSWERS: (7200, "its installer has not called back: look at its screen"),
}
"""After how many seconds in a stage a client hangs there, and the likely cause. A menu may wait for
somebody, and after the initrd no more is asked for unless the install is automated."""


@dataclass(frozen=True, slots=True)
class BootEvent:
    """A client that reached a stage: when (seconds since 1970), and by which file or address."""

    mac: str
    stage: str
    at: float
    what: str


@dataclass(frozen=True, slots=True)
class BootedClient:
    """Where a client is now and since when, all it went through, and why it hangs, if it does."""

    mac: str
    stage: str
    since: float
    history: tuple[BootEvent, ...]
    stalled: str


def summarize_clients(
    seen: tuple[BootEvent, ...], site: Site, now: float
) -> tuple[BootedClient, ...]:
    """Every client, the one that moved last first."""
    ways: dict[str, list[BootEvent]] = {}
    for one in sorted(seen, key=lambda one: one.at):
        ways.setdefault(one.mac, []).append(one)
    found = (_client(tuple(way), site, now) for way in ways.values())
    return tuple(sorted(found, key=lambda client: -client.since))


def _client(way: tuple[BootEvent, ...], site: Site, now: float) -> BootedClient:
    """It is where it got furthest: iPXE fetches the initrd before the kernel."""
    furthest, last = max(way, key=lambda seen: STAGES.index(seen.stage)), way[-1]
    seconds, cause = STALL_LIMITS.get(furthest.stage, (now, ""))
    stuck = cause if now - last.at > seconds and _expects_more(furthest, site) else ""
    return BootedClient(last.mac, furthest.stage, last.at, way, stuck)


def _expects_more(seen: BootEvent, site: Site) -> bool:
    """Will it ask for more? A memory test has no initrd, and not every installer calls back."""
    if seen.stage == KERNEL:
        return any(seen.what == entry.kernel and entry.initrd for entry in site.on_each())
    return seen.stage != ANSWERS or site.calls_back(seen.what.removeprefix("answers/"))


def stage_of(file: str, site: Site) -> str | None:
    """The stage that a client is in which gets this file; None if that tells nothing."""
    entries = tuple(site.on_each())
    signs = {
        LOADER: file in LOADERS,
        MENU: file.startswith(MENUS) or file.endswith(GRUB_MENU),
        KERNEL: any(file in (entry.kernel, entry.program) for entry in entries),
        INITRD: any(file in entry.initrd for entry in entries),
        ANSWERS: file.startswith("answers/"),
        DONE: file == "done",
    }
    return next((stage for stage, seen in signs.items() if seen), None)


@dataclass(slots=True)
class Timeline:
    """Told of every line of the log, it knows who is where.

    `owner` says whose an address is that another server gave. `simulated_mac` is the simulated
    client's, which is not kept.
    """

    site: Site
    file: Path
    owner: Callable[[str], str]
    simulated_mac: str = ""
    now: Callable[[], float] = time.time
    macs: dict[str, str] = field(default_factory=dict)
    firmware: str = ""  # the last question of one that boots, not of a system that runs

    def feed(self, line: str) -> None:
        """Keep what this line tells of a client; a disk that is full keeps nothing."""
        for seen in self._seen(line):
            if seen.mac != self.simulated_mac:
                with suppress(sqlite3.Error):
                    self._keep(seen)

    def all(self) -> tuple[BootEvent, ...]:
        """Everything that is known, the oldest first."""
        with suppress(sqlite3.Error), closing(self._open()) as kept:
            return tuple(BootEvent(*row) for row in kept.execute("select * from seen order by at"))
        return ()

    def _seen(self, line: str) -> Iterator[BootEvent]:
        if booting := FIRMWARE.search(line):
            self.firmware = booting["id"]
        elif given := ACKNOWLEDGED.search(line):
            self._remember(given["address"], given["mac"])
            if given["id"] == self.firmware:
                yield BootEvent(given["mac"], ADDRESS, self.now(), given["address"])
        elif proxied := PROXIED.search(line):
            yield BootEvent(proxied["mac"], ADDRESS, self.now(), "of another server")
        elif got := BY_TFTP.search(line) or BY_HTTP.search(line):
            stage = stage_of(got["file"], self.site)
            mac = stage and (self.macs.get(got["address"]) or self.owner(got["address"]))
            if stage and mac:
                yield BootEvent(mac, stage, self.now(), got["file"])

    def _remember(self, address: str, mac: str) -> None:
        self.macs.pop(address, "")
        self.macs[address] = mac
        if len(self.macs) > MAX_CLIENTS:
            del self.macs[next(iter(self.macs))]

    def _keep(self, seen: BootEvent) -> None:
        """A new address begins a new way; of one stage only the last file counts."""
        with closing(self._open()) as kept, kept:
            if seen.stage == ADDRESS:
                kept.execute("delete from seen where mac = ?", (seen.mac,))
                kept.execute(f"delete from seen where mac in ({OLDEST})", (MAX_CLIENTS - 1,))
            kept.execute("delete from seen where mac = ? and stage = ?", (seen.mac, seen.stage))
            row = (seen.mac, seen.stage, seen.at, seen.what)
            kept.execute("insert into seen values (?, ?, ?, ?)", row)

    def _open(self) -> sqlite3.Connection:
        kept = sqlite3.connect(self.file)
        kept.execute("pragma synchronous = off")  # a power cut may cost the last of it
        kept.execute(SCHEMA)
        return kept
