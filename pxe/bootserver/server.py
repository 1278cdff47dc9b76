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
"""Exists while it serves; holds the service's address."""
READY = {"dnsmasq": "started, version", "nginx": "start worker processes"}


def log(sentence: str) -> None:
    """Print one line of our own to the log."""
    print_line(f"pxe: {sentence}")


def print_line(line: str) -> None:
    """Print one line to the log, which is standard output; a full disk must not end the service."""
    with suppress(OSError):
        print(line, flush=True)


async def serve(settings: Settings, site: Site) -> None:
    """Serve whenever the interface has an address, until cancelled. Raises CrashLoopError."""
    nic, wanted = settings.interface, str(settings.address) if settings.address else None
    with interface.address_notifications() as notifications:
        while True:
            address = interface.address(nic, wanted)
            work = asyncio.create_task(_serve(address, settings, site))
            change = asyncio.create_task(
                interface.wait_for_change(nic, wanted, address, notifications)
            )
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
    """Serve this address until cancelled; log why not if it cannot be served."""
    if address is None:
        log(f"waiting for {settings.interface} with an IPv4 address")
        return await _wait_forever()
    try:
        subnet = subnet_of(address, settings)
        _write_menus(subnet, settings, site)
    except SettingsError as error:
        log(str(error))
        return await _wait_forever()
    for problem in enable_nat(subnet, settings.interface, settings.nat):
        log(problem)
    if error_text := limit_rates(settings.interface):
        log(f"no limits of how much one client may ask: {error_text}")
    try:
        simulated_mac = f"02:62:6b:{token_bytes(3).hex(':')}"
        SIMULATED_CLIENT.write_text(simulated_mac)
        HOSTS.write_text(dhcp_hosts(site.machines, simulated_mac))
        timeline = Timeline(site, CLIENTS, interface.neighbour_mac, simulated_mac)
        answers = AnswerApplication(site, LEASES, subnet.server, log, interface.neighbour_mac)
        with serving_http(WebApplication(answers, timeline), RUN / "answers.sock"):
            await _run(subnet, settings, site, timeline)
    finally:
        disable_nat()
        remove_limits()


async def _run(subnet: Subnet, settings: Settings, site: Site, timeline: Timeline) -> None:
    daemons = list(_supervised_daemons(subnet, settings, timeline))
    resume_offers()  # a killed service may have left its table
    try:
        async with asyncio.TaskGroup() as group:
            decided = _guard_offers(group, settings)  # first: it keeps dnsmasq from offering
            for daemon in daemons:
                group.create_task(daemon.run())
            for daemon in daemons:
                await daemon.ready.wait()
            await decided.wait()
            SERVING.write_text(subnet.server)
            log(f"serving {_summary(subnet, settings)}")
    finally:
        resume_offers()


def _guard_offers(group: asyncio.TaskGroup, settings: Settings) -> asyncio.Event:
    """Look for other DHCP servers, by each version of IP that is served, if that matters here."""
    if settings.proxy or settings.beside_dhcp:
        decided = asyncio.Event()
        decided.set()
        return decided
    nic, watches = settings.interface, {4: dhcp_discovery.watch, 6: dhcpv6_discovery.watch}
    versions = (4, 6) if settings.ipv6 else (4,)
    guard = OfferGuard(nic, versions, log)
    for version in versions:
        group.create_task(watches[version](nic, partial(guard.on_reply, version)))
    return guard.decided


def _summary(subnet: Subnet, settings: Settings) -> str:
    where = f"on {settings.interface} ({subnet.interface})"
    if settings.proxy:
        return f"beside another DHCP server {where}"
    nat = "yes" if settings.nat else "no"
    return f"{subnet.first} to {subnet.last} {where}, lease {settings.lease}, nat {nat}"


def _supervised_daemons(
    subnet: Subnet, settings: Settings, timeline: Timeline
) -> Iterator[SupervisedDaemon]:
    known_macs = frozenset(machine.mac for machine in timeline.site.machines)
    parser = LogParser(known_macs if settings.only_known else None)

    def on_line(line: str) -> None:
        print_line(line)
        timeline.feed(line)
        for sentence in parser.feed(line):
            log(sentence)

    for daemon in plan_daemons(subnet, settings):
        yield SupervisedDaemon(daemon, on_line, READY[daemon.name])


def _write_menus(subnet: Subnet, settings: Settings, site: Site) -> None:
    for name, text in render_menus(site.entries, site.machines, settings, subnet.server):
        path = RUN / "menu" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


async def _wait_forever() -> None:
    await asyncio.get_running_loop().create_future()
