"""What a service's mode comes to on this very wire: looked at first, before anything is started."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface

from msgspec.structs import replace

from bridgekit.attach import addresses
from bridgekit.bootserver import dhcp_discovery, dhcpv6_discovery
from bridgekit.bootserver.dhcp_discovery import DhcpOffer
from bridgekit.errors import RefusedError
from bridgekit.pxe import spec as wishes
from bridgekit.pxe.diagnose import arp_scan
from bridgekit.pxe.spec import PxeSpec

CANDIDATES = 16
"""How many addresses at the end of the host's subnet are tried for the service's own."""
MAX_PROBED = 4096
"""How many of the range are asked for; more machines than that are on no wire."""


def resolve(service: PxeSpec, nic: str) -> PxeSpec:
    """The service with all that its mode leaves open: how it serves, its address, who is there.

    Takes some seconds. Raises RefusedError for another DHCP server or an address that is in use,
    naming who has it; nothing is changed.
    """
    service = _resolve_mode(
        service, () if service.beside_dhcp else _discover(nic, bool(service.ipv6))
    )
    if service.mode != "isolated":
        service = _resolve_lan(service, nic)
    wishes.check_spec(service, addresses.host_networks())
    return _reserve_addresses(service, nic)


def _discover(nic: str, ipv6: bool) -> tuple[DhcpOffer, ...]:
    try:
        return dhcp_discovery.discover(nic) + (dhcpv6_discovery.discover(nic) if ipv6 else ())
    except PermissionError as error:
        raise RefusedError("Looking for a DHCP server needs root. Nothing was changed.") from error
    except OSError as error:
        raise RefusedError(f"Can't look for a DHCP server on {nic}: {error.strerror}.") from error


def _resolve_mode(service: PxeSpec, offers: tuple[DhcpOffer, ...]) -> PxeSpec:
    if service.mode == "auto":
        return replace(service, mode="proxy" if offers else "isolated")
    if service.mode == "proxy":
        if not offers and not service.beside_dhcp:
            raise RefusedError(
                "No DHCP server answers, and in the mode proxy it is another one that gives "
                "clients their addresses. Nothing was changed; the modes isolated and lan give "
                "addresses, and the option --beside-dhcp (with apply: --pxe-beside-dhcp) insists."
            )
        return service
    if offers:
        raise RefusedError(
            f"Another DHCP server answers: {', '.join(map(str, offers))}. Two servers would take "
            "each other's clients. Nothing was changed; --mode proxy (with apply: --pxe-mode) "
            "works beside it, and the option --beside-dhcp (with apply: --pxe-beside-dhcp) insists."
        )
    return service


def _resolve_lan(service: PxeSpec, nic: str) -> PxeSpec:
    """In the host's own subnet; the clients' way out is the host's, not the service."""
    routers = sorted(addresses.gateways(nic, None))
    service = replace(
        service,
        nat=False,
        router=routers[0] if routers and service.mode == "lan" else "",
        dns=addresses.resolvers() if service.mode == "lan" else (),
    )
    return (
        service
        if service.address != wishes.DEFAULT_ADDRESS
        else replace(service, address=_find_free_address(nic))
    )


def _find_free_address(nic: str) -> str:
    """An address for the service at the end of the host's own subnet."""
    known = [IPv4Interface(one) for one in addresses.addresses(nic=nic)]
    network = next((one.network for one in known if one.network.prefixlen <= 29), None)
    if network is None:
        raise RefusedError(f"{nic} has no IPv4 subnet to serve. Nothing was changed.")
    last = int(network.broadcast_address)
    tried = [IPv4Address(last - number) for number in range(1, CANDIDATES + 1)]
    mine = {*(one.ip for one in known), *map(IPv4Address, _gateways(nic))}
    tried = [one for one in tried if one in network and one not in mine]
    used = arp_scan.macs_by_address(nic, tried)
    for address in tried:
        if address not in used:
            return f"{address}/{network.prefixlen}"
    raise RefusedError(
        f"No address is free at the end of {network}. Nothing was changed; name one by --address."
    )


def _gateways(nic: str) -> Iterator[str]:
    return (one for one in addresses.gateways(nic, None) if ":" not in one)


def _reserve_addresses(service: PxeSpec, nic: str) -> PxeSpec:
    """Refuse an own address that is in use; leave those of the range out that are."""
    own, wanted = IPv4Address(service.server), _client_range(service)
    used = arp_scan.macs_by_address(nic, (own, *wanted))
    if own in used:
        raise RefusedError(
            f"{own} is to be the service's own address, and {used[own]} has it. Nothing was "
            "changed; choose another with --address."
        )
    mine = {IPv4Interface(one).ip for one in addresses.addresses()}
    mine |= set(map(IPv4Address, _gateways(nic)))
    taken = sorted((used.keys() | mine) & set(wanted))
    if wanted and len(taken) == len(wanted):
        raise RefusedError(
            f"Every address from {wanted[0]} to {wanted[-1]} is in use. Nothing was changed; "
            "choose others with --range."
        )
    return replace(service, reserved_addresses=tuple(map(str, taken)))


def _client_range(service: PxeSpec) -> list[IPv4Address]:
    if service.mode == "proxy":
        return []
    first, last = map(int, service.clients)
    return [IPv4Address(number) for number in range(first, min(last, first + MAX_PROBED - 1) + 1)]
