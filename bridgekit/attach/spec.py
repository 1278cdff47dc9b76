"""What a container's interface shall be, parsed from the command line of `attach`. Pure."""

import hashlib
import re
from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)

from msgspec import Struct

from bridgekit.errors import UsageError
from bridgekit.state.mac import parse_unicast_mac

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network

DEFAULT_IFNAME = "eth1"
DHCP = "dhcp"
NO_ADDRESS = ("0/0", "0.0.0.0/0", "::/0")
STRING = "U:"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")
THIS_NETWORK, BROADCAST = IPv4Network("0.0.0.0/8"), IPv4Address("255.255.255.255")


class Route(Struct, frozen=True):
    """A route inside the container; `via` None for a prefix on the L2 segment itself."""

    prefix: Network
    via: Address | None


class InterfaceSpec(Struct, frozen=True):
    """What a container's interface shall be; None leaves the choice to the kernel or the bridge.

    `host_ifname` is the name of the host's end, `vlan` the VLAN of its frames on the bridge.
    """

    addresses: tuple[Interface, ...] = ()
    gateways: tuple[Address, ...] = ()
    mac: str | None = None
    ifname: str = DEFAULT_IFNAME
    host_ifname: str | None = None
    mtu: int | None = None
    vlan: int | None = None
    routes: tuple[Route, ...] = ()
    dhcp: bool = False


def parse_spec(  # noqa: PLR0913 - the options of the command
    addresses: Iterable[str],
    mac: str | None = None,
    *,
    ifname: str = DEFAULT_IFNAME,
    host_ifname: str | None = None,
    mtu: int | None = None,
    vlan: int | None = None,
    routes: Iterable[str] = (),
) -> InterfaceSpec:
    """Parse the command line's words, each address as ADDRESS/LEN[@GATEWAY], 0/0 or dhcp.

    Raises:
        UsageError: A word is malformed, or cannot be an interface's.
    """
    words = tuple(addresses)
    parsed = [_parse_address(word) for word in words if word not in (DHCP, *NO_ADDRESS)]
    for name in filter(None, (ifname, host_ifname)):
        check_name(name, "an interface")
    if mtu is not None and not 68 <= mtu <= 65535:
        raise UsageError(f"an MTU of {mtu} is out of range: 68 to 65535")
    if vlan is not None and not 1 <= vlan <= 4094:
        raise UsageError(f"VLAN {vlan} is out of range: 1 to 4094")
    gateways = tuple(gateway for _, gateway in parsed if gateway)
    if len({gateway.version for gateway in gateways}) < len(gateways):
        raise UsageError("more than one gateway of a family was given: one each is possible")
    return InterfaceSpec(
        tuple(interface for interface, _ in parsed),
        gateways,
        None if mac is None else _parse_mac(mac),
        ifname,
        host_ifname,
        mtu,
        vlan,
        tuple(map(_parse_route, routes)),
        DHCP in words,
    )


def check_name(name: str, what: str) -> None:
    """Raise UsageError for what can't be the name of a link.

    Source: dev_valid_name() of net/core/dev.c
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can't be the name of {what}: write 1 to 15 letters, digits, _, . and -, "
            "neither . nor - first"
        )


def _parse_mac(word: str) -> str:
    """Return a MAC address; of `U:STRING` a locally administered one, always the same."""
    if word.startswith(STRING):
        digest = hashlib.sha256(word.removeprefix(STRING).encode()).hexdigest()
        return ":".join(("02", *(digest[at : at + 2] for at in range(0, 10, 2))))
    try:
        return parse_unicast_mac(word)
    except ValueError as error:
        raise UsageError(f"{error}, or U:STRING; nothing was changed") from None


def _parse_address(word: str) -> tuple[Interface, Address | None]:
    own, at, gateway = word.partition("@")
    interface = _parse_interface(own)
    return interface, _parse_gateway(gateway, interface) if at else None


def _parse_interface(word: str) -> Interface:
    if "/" not in word:
        raise UsageError(f"{word!r} has no prefix length; write ADDRESS/LEN, 0/0 or dhcp")
    try:
        interface = ip_interface(word)
    except ValueError as error:
        raise UsageError(f"{word!r} is no ADDRESS/LEN: {error}") from error
    if _is_no_host(interface.ip):
        raise UsageError(f"{interface.ip} can't be the address of one host")
    if interface.ip in _reserved(interface.network):
        raise UsageError(
            f"{interface.ip} is the network or broadcast address of {interface.network}"
        )
    return interface


def _parse_gateway(word: str, interface: Interface) -> Address:
    try:
        router = ip_address(word)
    except ValueError as error:
        raise UsageError(f"{word!r} can't be the gateway of {interface}: {error}") from error
    same_family = router.version == interface.version
    if (
        not same_family
        or router in (interface.ip, *_reserved(interface.network))
        or _is_no_host(router)
    ):
        raise UsageError(f"{router} can't be the gateway of {interface}")
    return router


def _parse_route(word: str) -> Route:
    """Parse PREFIX or PREFIX@GATEWAY."""
    prefix, at, gateway = word.partition("@")
    try:
        network = ip_network(prefix)
        via = ip_address(gateway) if at else None
    except ValueError as error:
        raise UsageError(f"{word!r} is no PREFIX[@GATEWAY]: {error}") from error
    if via and via.version != network.version:
        raise UsageError(f"{via} can't be the gateway of {network}")
    return Route(network, via)


def _is_no_host(address: Address) -> bool:
    """Tell whether no host on an L2 segment can have the address."""
    special = address.is_multicast or address.is_loopback or address == BROADCAST
    return special or address.is_unspecified or address in THIS_NETWORK


def _reserved(network: Network) -> tuple[Address, ...]:
    """Return an IPv4 network's own and its broadcast address; a /31 or /32 has neither."""
    whole = network.version == 4 and network.prefixlen < 31
    return (network[0], network[-1]) if whole else ()
