"""The service: waits for its interface's address, and serves that subnet until it changes."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from secrets import token_bytes

from . import dhcp_discovery, dhcpv6_discovery, interface
from .daemons import CLIENTS, HOSTS, LEASES, RUN, SIMULATED_CLIENT, dhcp_hosts, plan_daemons
from .http.answers import AnswerApplication
from .http.app import serving_http
from .http.handlers import WebApplication
from .log_parser import LogParser
from .menus import render_menus
from .nat import disable_nat, enable_nat
from .offer_guard import OfferGuard, resume_offers
from .rate_limit import limit_rates, remove_limits
from .settings import Settings, SettingsError
from .site import Site
from .subnet import Subnet, subnet_of
from .supervisor import SupervisedDaemon
from .timeline import Timeline

SERVING = RUN / "serving"
"""There while it serves; holds the service's address."""
READY = {"dnsmasq": "started, version", "nginx": "start worker processes"}


def log(sentence: str) -> None:
    """One line of the log of our own."""
    print_line(f"pxe: {sentence}")


def print_line(line: str) -> None:
    """One line of the log, which is standard output; a disk that is full ends no service."""
    with suppress(OSError):
        print(line, flush=True)


async def serve(settings: Settings, site: Site) -> None:
    """Serve whenever the interface has an address, until cancelled. Raises CrashLoopError."""
    nic, wanted = settings.interface, str(settings.address) if settings.address else None
    with interface.address_notifications() as heard:
        while True:
            address = interface.address(nic, wanted)
            work = asyncio.create_task(_serve(address, settings, site))
            change = asyncio.create_task(interface.wait_for_change(nic, wanted, address, heard))
            try:
                await asyncio.wait((work, change), return_when=asyncio.FIRST_COMPLETED)
            finally:
                change.cancel()
                work.cancel()
                await asyncio.wait((work, change))
                SERVING.unlink(missing_ok=True)
            if not work.cancelled() and (error := work.exception()):
                raise error


async def _serve(address: str | None, settings: Settings, site: Site) -> None:
    """Serve this address until cancelled; say why not if it can't be."""
    if address is None:
        log(f"waiting for {settings.interface} with an IPv4 address")
        return await _forever()
    try:
        here = subnet_of(address, settings)
        _write_menus(here, settings, site)
    except SettingsError as error:
        log(str(error))
        return await _forever()
    for trouble in enable_nat(here, settings.interface, settings.nat):
        log(trouble)
    if wrong := limit_rates(settings.interface):
        log(f"no limits of how much one client may ask: {wrong}")
    try:
        simulated_mac = f"02:62:6b:{token_bytes(3).hex(':')}"
        SIMULATED_CLIENT.write_text(simulated_mac)
        HOSTS.write_text(dhcp_hosts(site.machines, simulated_mac))
        timeline = Timeline(site, CLIENTS, interface.neighbour_mac, simulated_mac)
        answers = AnswerApplication(site, LEASES, here.server, log, interface.neighbour_mac)
        with serving_http(WebApplication(answers, timeline), RUN / "answers.sock"):
            await _run(here, settings, site, timeline)
    finally:
        disable_nat()
        remove_limits()


async def _run(here: Subnet, settings: Settings, site: Site, timeline: Timeline) -> None:
    running = list(_supervised_daemons(here, settings, timeline))
    resume_offers()  # one that was killed may have left its silence
    try:
        async with asyncio.TaskGroup() as group:
            looked = _guard_offers(group, settings)  # it keeps dnsmasq silent, so it comes first
            for one in running:
                group.create_task(one.run())
            for one in running:
                await one.ready.wait()
            await looked.wait()
            SERVING.write_text(here.server)
            log(f"serving {_summary(here, settings)}")
    finally:
        resume_offers()


def _guard_offers(group: asyncio.TaskGroup, settings: Settings) -> asyncio.Event:
    """Look for other DHCP servers of the versions of IP that are served, if that matters here."""
    if settings.proxy or settings.beside_dhcp:
        looked = asyncio.Event()
        looked.set()
        return looked
    nic, watches = settings.interface, {4: dhcp_discovery.watch, 6: dhcpv6_discovery.watch}
    versions = (4, 6) if settings.ipv6 else (4,)
    silence = OfferGuard(nic, versions, log)
    for version in versions:
        group.create_task(watches[version](nic, partial(silence.on_reply, version)))
    return silence.decided


def _summary(here: Subnet, settings: Settings) -> str:
    place = f"on {settings.interface} ({here.interface})"
    if settings.proxy:
        return f"beside another DHCP server {place}"
    nat = "yes" if settings.nat else "no"
    return f"{here.first} to {here.last} {place}, lease {settings.lease}, nat {nat}"


def _supervised_daemons(
    here: Subnet, settings: Settings, timeline: Timeline
) -> Iterator[SupervisedDaemon]:
    known = frozenset(machine.mac for machine in timeline.site.machines)
    listener = LogParser(known if settings.only_known else None)

    def heard(line: str) -> None:
        print_line(line)
        timeline.feed(line)
        for sentence in listener.feed(line):
            log(sentence)

    for daemon in plan_daemons(here, settings):
        yield SupervisedDaemon(daemon, heard, READY[daemon.name])


def _write_menus(here: Subnet, settings: Settings, site: Site) -> None:
    for name, text in render_menus(site.entries, site.machines, settings, here.server):
        path = RUN / "menu" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


async def _forever() -> None:
    await asyncio.get_running_loop().create_future()
