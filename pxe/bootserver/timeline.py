"""Each client's progress, parsed from the log of dnsmasq and nginx; it survives a restart."""

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
"""How many clients are kept; those last seen the longest ago go first."""
OLDEST = "select mac from seen group by mac order by max(at) desc limit -1 offset ?"
STALL_LIMITS = {
    ADDRESS: (60, "it asked for no boot loader: is TFTP blocked, or does it start from its disk?"),
    LOADER: (60, "its loader does not get on: look at its screen, and at Secure Boot's settings"),
    KERNEL: (120, "it does not ask for the initrd: too little memory, or the link is gone"),
    ANSWERS: (7200, "its installer has not called back: look at its screen"),
}
"""After how many seconds in a stage a client counts as stalled, and the likely cause.

A menu may wait for somebody, and after the initrd no more is asked for unless the install is
automated."""


@dataclass(frozen=True, slots=True)
class BootEvent:
    """A client that reached a stage: when (seconds since 1970), and by which file or address."""

    mac: str
    stage: str
    at: float
    what: str


@dataclass(frozen=True, slots=True)
class BootedClient:
    """A client's stage and since when, its events, and why it is stalled, if it is."""

    mac: str
    stage: str
    since: float
    history: tuple[BootEvent, ...]
    stalled: str


def summarize_clients(
    events: tuple[BootEvent, ...], site: Site, now: float
) -> tuple[BootedClient, ...]:
    """Return every client, the one with the latest event first."""
    histories: dict[str, list[BootEvent]] = {}
    for event in sorted(events, key=lambda event: event.at):
        histories.setdefault(event.mac, []).append(event)
    found = (_client(tuple(history), site, now) for history in histories.values())
    return tuple(sorted(found, key=lambda client: -client.since))


def _client(history: tuple[BootEvent, ...], site: Site, now: float) -> BootedClient:
    """Return a client at the furthest stage: iPXE fetches the initrd before the kernel."""
    furthest, last = max(history, key=lambda event: STAGES.index(event.stage)), history[-1]
    seconds, cause = STALL_LIMITS.get(furthest.stage, (now, ""))
    stalled = cause if now - last.at > seconds and _expects_more(furthest, site) else ""
    return BootedClient(last.mac, furthest.stage, last.at, history, stalled)


def _expects_more(event: BootEvent, site: Site) -> bool:
    """Return whether another stage follows: a memory test has no initrd, and not all call back."""
    if event.stage == KERNEL:
        return any(event.what == entry.kernel and entry.initrd for entry in site.on_each())
    return event.stage != ANSWERS or site.calls_back(event.what.removeprefix("answers/"))


def stage_of(file: str, site: Site) -> str | None:
    """Return the stage of a client that gets this file; None for a file that marks no stage."""
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
    """The events of all clients, from every line of the log.

    `owner` returns the MAC address behind an IP address that another server gave. The events of
    `simulated_mac`, the simulated client, are not kept.
    """

    site: Site
    file: Path
    owner: Callable[[str], str]
    simulated_mac: str = ""
    now: Callable[[], float] = time.time
    macs: dict[str, str] = field(default_factory=dict)
    firmware: str = ""  # the last question of one that boots, not of a system that runs

    def feed(self, line: str) -> None:
        """Keep the event that this line shows; a full disk keeps nothing."""
        for event in self._events(line):
            if event.mac != self.simulated_mac:
                with suppress(sqlite3.Error):
                    self._keep(event)

    def all(self) -> tuple[BootEvent, ...]:
        """Return all events, the oldest first."""
        with suppress(sqlite3.Error), closing(self._open()) as kept:
            return tuple(BootEvent(*row) for row in kept.execute("select * from seen order by at"))
        return ()

    def _events(self, line: str) -> Iterator[BootEvent]:
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

    def _keep(self, event: BootEvent) -> None:
        """Store it: a new address begins a new history; of each stage the last file counts."""
        with closing(self._open()) as kept, kept:
            if event.stage == ADDRESS:
                kept.execute("delete from seen where mac = ?", (event.mac,))
                kept.execute(f"delete from seen where mac in ({OLDEST})", (MAX_CLIENTS - 1,))
            kept.execute("delete from seen where mac = ? and stage = ?", (event.mac, event.stage))
            row = (event.mac, event.stage, event.at, event.what)
            kept.execute("insert into seen values (?, ?, ?, ?)", row)

    def _open(self) -> sqlite3.Connection:
        kept = sqlite3.connect(self.file)
        kept.execute("pragma synchronous = off")  # a power cut may cost the last of it
        kept.execute(SCHEMA)
        return kept
