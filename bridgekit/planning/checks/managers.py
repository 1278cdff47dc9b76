"""Checks of which other programs configure the NIC, and which addresses expire."""

from collections.abc import Iterator

from msgspec.structs import replace

from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.managers import (
    ADDRESS_TOKEN,
    ADDRESS_WITH_LIFETIME,
    BY_PROGRAM,
    CONSEQUENCES,
    NAME_SERVERS,
    OTHER_IDENTIFIERS,
    TEMPORARY_ADDRESS,
)
from bridgekit.planning.intent import Intent
from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.link import Link, Manager
from bridgekit.state.network_state import NetworkState
from bridgekit.uapi.if_addr import IFA_F_TEMPORARY
from bridgekit.uapi.if_link import IN6_ADDR_GEN_MODE_RANDOM

INSISTED = "keep another way in, and use --confirm-within; a lease of {bridge} is not renewed"


def check_managers(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Yield which programs manage the NIC, and which addresses do not last on the bridge.

    A DHCP client that is handed over to the bridge needs no finding.
    """
    nic = snapshot.require(intent.nic)
    clients = snapshot.clients_on(nic.name)
    kept = () if intent.keeps_mac(nic.mac) else clients
    managers = (Manager(client.program, f"see {client.pid_file}") for client in kept)
    for manager in (*snapshot.managers, *managers):
        yield _managed(manager, intent)
    if kept or not clients:
        yield from _check_lifetimes(snapshot, nic, intent.bridge)
    yield from _check_temporary(snapshot, nic, intent.bridge)
    yield from _check_identifiers(snapshot, nic, intent.bridge)
    yield from _check_name_servers(snapshot, nic.name, intent.bridge)


def _managed(manager: Manager, intent: Intent) -> Finding:
    names = {"nic": intent.nic, "bridge": intent.bridge}
    consequence = CONSEQUENCES.get(manager.program, " and may revert this").format_map(names)
    text = f"{manager.program} manages {intent.nic} ({manager.evidence}){consequence}"
    finding = BY_PROGRAM[manager.program.lower()].finding(text, **names)
    if finding.level == "refuse" and intent.force:
        return replace(finding, level="warn", advice=INSISTED.format_map(names))
    return finding


def _check_lifetimes(snapshot: NetworkState, nic: Link, bridge: str) -> Iterator[Finding]:
    for address in snapshot.addresses_on(nic.name):
        if address.family == IPV4 and address.dynamic:
            text = f"{address.ip} ends in {_duration(address.valid)}, on {bridge} as well"
            yield ADDRESS_WITH_LIFETIME.finding(text, bridge=bridge)


def _check_temporary(snapshot: NetworkState, nic: Link, bridge: str) -> Iterator[Finding]:
    """Warn of temporary addresses: the kernel alone can make them, and others after them."""
    for address in snapshot.addresses_on(nic.name):
        if address.family == IPV6 and address.flags & IFA_F_TEMPORARY:
            text = f"{address.ip} is a temporary address, and on {bridge} a plain one until it"
            text += f" ends in {_duration(address.valid)}"
            yield TEMPORARY_ADDRESS.finding(text, bridge=bridge)


def _check_identifiers(snapshot: NetworkState, nic: Link, bridge: str) -> Iterator[Finding]:
    """Warn where the source of the next addresses' interface identifiers does not move."""
    if nic.token:
        text = f"{nic.name} makes addresses from advertisements with the token {nic.token};"
        text += f" {bridge} does without it"
        yield ADDRESS_TOKEN.finding(text, token=nic.token, bridge=bridge)
    advertised = [a for a in snapshot.addresses_on(nic.name) if a.family == IPV6 and a.dynamic]
    if nic.addrgenmode == IN6_ADDR_GEN_MODE_RANDOM and advertised:
        text = f"{nic.name} makes addresses like {advertised[0].ip} from a secret of its own;"
        text += f" {bridge} makes others at the next advertisement"
        yield OTHER_IDENTIFIERS.finding(text)


def _check_name_servers(snapshot: NetworkState, nic: str, bridge: str) -> Iterator[Finding]:
    for one in (one for one in snapshot.dns if one.link == nic):
        servers = f" ({', '.join(one.servers)})" if one.servers else ""
        text = f"the name servers of {nic} in systemd-resolved{servers} move to {bridge} now;"
        text += f" whatever set them at boot must name {bridge}"
        yield NAME_SERVERS.finding(text, nic=nic)


def _duration(seconds: int) -> str:
    minutes = seconds // 60
    if minutes < 2:
        return f"{seconds} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
