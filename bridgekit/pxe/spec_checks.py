"""The checks of a PXE spec, against itself and the host's networks. Pure: reads nothing."""

from ipaddress import AddressValueError, IPv4Interface, IPv4Network, NetmaskValueError

from bridgekit.bootserver.settings import LEASE, SettingsError, read_settings
from bridgekit.errors import RefusedError, UsageError
from bridgekit.planning.pxe_options import DEFAULT_ADDRESS, ENGINES, MODES, RELEASES
from bridgekit.pxe.spec import PxeSpec

SHORTEST_LEASE = 120  # seconds; dnsmasq's own minimum
UNITS = {"m": 60, "h": 3600, "d": 86400}


def check_spec(spec: PxeSpec, host_networks: tuple[str, ...]) -> None:
    """Check a spec against itself and the host's networks, each like 192.0.2.0/24.

    Raises:
        UsageError: The spec contradicts itself.
        RefusedError: It does not fit the host's networks.
    """
    _check_choices(spec)
    _check_lease(spec.lease)
    interface = _interface(spec.address)
    if spec.mode != "isolated" and spec.address == DEFAULT_ADDRESS:
        return  # checked when the address is resolved
    _check_range(spec, interface)
    try:
        read_settings(dict(spec.settings))
    except SettingsError as error:
        raise UsageError(f"{error}; nothing was changed") from error
    if spec.mode == "isolated":
        _check_overlap(interface.network, host_networks)
    elif str(interface.network) not in host_networks:
        raise RefusedError(
            f"{interface.network} is no subnet of this host, and the mode {spec.mode} serves "
            "one; nothing was changed; leave --address out or choose one of its own subnet"
        )


def _check_choices(spec: PxeSpec) -> None:
    for what, value, choices in (
        ("engine", spec.engine, ENGINES),
        ("mode", spec.mode, MODES),
        *(("release", release, RELEASES) for release in spec.release),
    ):
        if value not in choices:
            raise UsageError(f"{value!r} is no {what}: it is one of {', '.join(choices)}")
    if spec.ipv6 and spec.mode != "isolated":
        raise UsageError("IPv6 for clients needs the mode isolated; leave one of them out")
    if spec.only_known and not spec.site:
        raise UsageError("--only-known needs a machines.toml, in the folder of --site")
    if spec.site and set(spec.site) & set(":,"):
        raise UsageError(
            f"{spec.site} cannot be mounted by an engine: its name has a colon or a comma"
        )
    if not 0 <= spec.menu_timeout <= 3600:
        raise UsageError("the menu waits from 0 to 3600 seconds")


def _interface(address: str) -> IPv4Interface:
    """Parse ADDRESS/LEN and see that it can be a router's address in a subnet of clients."""
    try:
        interface = IPv4Interface(address)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise UsageError(f"{address!r} is no IPv4 ADDRESS/LEN: {error}") from error
    network = interface.network
    if "/" not in address or not 8 <= network.prefixlen <= 29:
        raise UsageError(
            f"{address}: clients need a subnet between /8 and /29, written ADDRESS/LEN"
        )
    if interface.ip in (network.network_address, network.broadcast_address):
        kind = "network" if interface.ip == network.network_address else "broadcast"
        raise UsageError(f"{interface.ip} is the {kind} address of {network}; take one inside it")
    if interface.is_multicast or interface.is_loopback or interface.is_unspecified:
        raise UsageError(f"{interface.ip} cannot be the address of a host")
    return interface


def _check_range(spec: PxeSpec, interface: IPv4Interface) -> None:
    from netaddr import IPRange, IPSet  # 30 ms, for `plan` and `apply` without a service, too

    try:
        first, last = spec.clients
    except ValueError as error:
        raise UsageError(f"the range must be FIRST,LAST, two IPv4 addresses: {error}") from error
    network = interface.network
    hosts = IPSet([str(network)]) - IPSet([str(network[0]), str(network[-1])])
    for end in (first, last):
        if str(end) not in hosts:
            raise UsageError(f"the range's {end} is not an address for clients in {network}")
    if first > last:
        raise UsageError(f"the range's first address {first} comes after its last, {last}")
    if str(interface.ip) in IPRange(str(first), str(last)):
        raise UsageError(
            f"the service's own address {interface.ip} lies inside the range {first},{last}; "
            "choose another address or a range that leaves it out"
        )


def _check_lease(lease: str) -> None:
    if not LEASE.fullmatch(lease):
        raise UsageError(f"{lease!r} is no lease time; write 30m, 1h, 2d or infinite")
    if lease == "infinite":
        return
    seconds = int(lease.rstrip("mhd")) * UNITS.get(lease[-1], 1)
    if not SHORTEST_LEASE <= seconds < 2**32:
        raise UsageError(f"{lease} is no lease time: at least 2m, at most 49000d")


def _check_overlap(network: IPv4Network, host_networks: tuple[str, ...]) -> None:
    from netaddr import IPSet  # see _check_range

    for other in host_networks:
        if not IPSet([str(network)]).isdisjoint(IPSet([other])):
            raise RefusedError(
                f"the clients' subnet {network} overlaps {other}, a subnet of this host; "
                "nothing was changed; choose another with --address"
            )
