"""The resolved spec: what a PXE spec leaves open is read from the bridge's L2 segment.

netaddr is imported by the functions that need it, which takes 30 ms: `plan` and `apply` import this
module, and most of them serve no clients.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Interface
from typing import TYPE_CHECKING

from msgspec.structs import replace

from bridgekit.attach import addresses
from bridgekit.bootserver import dhcp_discovery, dhcpv6_discovery
from bridgekit.bootserver.dhcp_discovery import DhcpOffer
from bridgekit.errors import RefusedError
from bridgekit.planning.pxe_options import DEFAULT_ADDRESS
from bridgekit.pxe.diagnose import arp_scan
from bridgekit.pxe.spec import PxeSpec
from bridgekit.pxe.spec_checks import check_spec
from bridgekit.state.mac import with_vendor

if TYPE_CHECKING:
    from netaddr import IPSet

CANDIDATES = 16
"""How many addresses at the end of the host's subnet are tried for the service's own."""
MAX_PROBED = 4096
"""How many addresses of the range are probed; no L2 segment has more machines."""


def resolve(spec: PxeSpec, nic: str) -> PxeSpec:
    """Return the spec with all that its mode leaves open: mode, address, reserved addresses.

    Takes some seconds; nothing is changed.

    Raises:
        RefusedError: Another DHCP server answers, or an address is in use; the text names whose.
    """
    spec = _resolve_mode(spec, () if spec.beside_dhcp else _discover(nic, bool(spec.ipv6)))
    if spec.mode != "isolated":
        spec = _resolve_lan(spec, nic)
    check_spec(spec, addresses.host_networks())
    return _reserve_addresses(spec, nic)


def _discover(nic: str, ipv6: bool) -> tuple[DhcpOffer, ...]:
    try:
        return dhcp_discovery.discover(nic) + (dhcpv6_discovery.discover(nic) if ipv6 else ())
    except PermissionError as error:
        raise RefusedError(
            "looking for a DHCP server needs root; nothing was changed; try sudo"
        ) from error
    except OSError as error:
        raise RefusedError(
            f"cannot look for a DHCP server on {nic}: {error.strerror}; nothing was changed"
        ) from error


def _resolve_mode(spec: PxeSpec, offers: tuple[DhcpOffer, ...]) -> PxeSpec:
    if spec.mode == "auto":
        return replace(spec, mode="proxy" if offers else "isolated")
    if spec.mode == "proxy":
        if not offers and not spec.beside_dhcp:
            raise RefusedError(
                "no DHCP server answers, and in the mode proxy another one gives clients their "
                "addresses; nothing was changed; the modes isolated and lan give addresses, and "
                "the option --beside-dhcp (with apply: --pxe-beside-dhcp) insists"
            )
        return spec
    if offers:
        servers = ", ".join(map(str, offers))
        raise RefusedError(
            f"another DHCP server answers: {servers}; two servers would take "
            "each other's clients; nothing was changed; --mode proxy (with apply: --pxe-mode) "
            "works beside it, and the option --beside-dhcp (with apply: --pxe-beside-dhcp) insists"
        )
    return spec


def _resolve_lan(spec: PxeSpec, nic: str) -> PxeSpec:
    """Serve the host's own subnet; clients use its router and resolvers, not the service."""
    routers = sorted(addresses.gateways(nic, None))
    spec = replace(
        spec,
        nat=False,
        router=routers[0] if routers and spec.mode == "lan" else "",
        dns=addresses.resolvers() if spec.mode == "lan" else (),
    )
    if spec.address != DEFAULT_ADDRESS:
        return spec
    return replace(spec, address=_find_free_address(nic))


def _find_free_address(nic: str) -> str:
    """Return an address for the service at the end of the host's own subnet, as ADDRESS/LEN."""
    from netaddr import IPRange, IPSet

    own = [IPv4Interface(one) for one in addresses.addresses(nic=nic)]
    network = next((one.network for one in own if one.network.prefixlen <= 29), None)
    if network is None:
        raise RefusedError(f"{nic} has no IPv4 subnet to serve; nothing was changed")
    last = network.broadcast_address
    candidates = IPSet(IPRange(str(last - CANDIDATES), str(last - 1))) & IPSet([str(network)])
    candidates -= IPSet([*(str(one.ip) for one in own), *_ipv4_gateways(nic)])
    free = (
        set(_addresses(candidates)) - arp_scan.macs_by_address(nic, _addresses(candidates)).keys()
    )
    if not free:
        raise RefusedError(
            f"no address is free at the end of {network}; nothing was changed; "
            "choose one with --address"
        )
    return f"{max(free)}/{network.prefixlen}"


def _ipv4_gateways(nic: str) -> Iterator[str]:
    return (one for one in addresses.gateways(nic, None) if ":" not in one)


def _reserve_addresses(spec: PxeSpec, nic: str) -> PxeSpec:
    """Refuse an own address that is in use; reserve those of the range that are."""
    from netaddr import IPSet

    own, pool = IPv4Address(spec.server), _client_pool(spec)
    macs = arp_scan.macs_by_address(nic, (own, *_addresses(pool)))
    if own in macs:
        raise RefusedError(
            f"{own} is to be the service's own address, and {with_vendor(macs[own])} has it; "
            "nothing was changed; choose another with --address"
        )
    hosts_own = (str(IPv4Interface(one).ip) for one in addresses.addresses())
    reserved = pool & IPSet([*map(str, macs), *hosts_own, *_ipv4_gateways(nic)])
    if pool and reserved == pool:
        raise RefusedError(
            f"every address of the range {spec.clients[0]},{spec.clients[1]} is in use; "
            "nothing was changed; choose others with --range"
        )
    return replace(spec, reserved_addresses=tuple(map(str, reserved)))


def _client_pool(spec: PxeSpec) -> IPSet:
    """Return the addresses for clients, as many as are probed; none beside another server."""
    from netaddr import IPRange, IPSet

    if spec.mode == "proxy":
        return IPSet()
    first, last = spec.clients
    return IPSet(IPRange(str(first), str(min(last, first + (MAX_PROBED - 1)))))


def _addresses(pool: IPSet) -> Iterator[IPv4Address]:
    return (IPv4Address(int(one)) for one in pool)
