"""The words of `attach` as values: what a container's interface shall be. Pure."""

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

NIC = "eth1"
DHCP = "dhcp"
NO_ADDRESS = ("0/0", "0.0.0.0/0", "::/0")
STRING = "U:"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")
THIS_NETWORK, BROADCAST = IPv4Network("0.0.0.0/8"), IPv4Address("255.255.255.255")


class Route(Struct, frozen=True):
    """A route inside the container; `via` None for what is on the wire itself."""

    prefix: Network
    via: Address | None


class InterfaceSpec(Struct, frozen=True):
    """How the container's interface shall be; None means as it comes.

    `port` is the name of the host's end, `vlan` the one that its frames are in on the bridge.
    """

    addresses: tuple[Interface, ...] = ()
    gateways: tuple[Address, ...] = ()
    mac: str | None = None
    nic: str = NIC
    port: str | None = None
    mtu: int | None = None
    vlan: int | None = None
    routes: tuple[Route, ...] = ()
    dhcp: bool = False


def parse_spec(  # noqa: PLR0913 - the words of its command line
    addresses: Iterable[str],
    mac: str | None = None,
    *,
    nic: str = NIC,
    port: str | None = None,
    mtu: int | None = None,
    vlan: int | None = None,
    routes: Iterable[str] = (),
) -> InterfaceSpec:
    """Read the words, each address as ADDRESS/LEN[@GATEWAY]. Raises UsageError for a bad one."""
    words = tuple(addresses)
    own = [_address(word) for word in words if word not in (DHCP, *NO_ADDRESS)]
    for name in filter(None, (nic, port)):
        check_name(name, "an interface")
    if mtu is not None and not 68 <= mtu <= 65535:
        raise UsageError(f"An MTU of {mtu} can't be: 68 to 65535.")
    if vlan is not None and not 1 <= vlan <= 4094:
        raise UsageError(f"There is no VLAN {vlan}: 1 to 4094.")
    gateways = tuple(gateway for _, gateway in own if gateway)
    if len({gateway.version for gateway in gateways}) < len(gateways):
        raise UsageError("One gateway of each family is enough.")
    return InterfaceSpec(
        tuple(interface for interface, _ in own),
        gateways,
        None if mac is None else _mac(mac),
        nic,
        port,
        mtu,
        vlan,
        tuple(map(_route, routes)),
        DHCP in words,
    )


def check_name(name: str, what: str) -> None:
    """Raise UsageError for what can't be the name of a link. Source: dev_valid_name()"""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} can't be the name of {what}: 1 to 15 letters, digits and _.- please, "
            "neither . nor - first."
        )


def _mac(word: str) -> str:
    """A MAC address, or `U:STRING`: always the same local one for that string."""
    if word.startswith(STRING):
        digest = hashlib.sha256(word.removeprefix(STRING).encode()).hexdigest()
        return ":".join(("02", *(digest[at : at + 2] for at in range(0, 10, 2))))
    try:
        return parse_unicast_mac(word)
    except ValueError as error:
        raise UsageError(f"{error}, or U:STRING; nothing was changed") from None


def _address(word: str) -> tuple[Interface, Address | None]:
    own, at, gateway = word.partition("@")
    interface = _interface(own)
    return interface, _gateway(gateway, interface) if at else None


def _interface(word: str) -> Interface:
    if "/" not in word:
        raise UsageError(f"{word!r} has no prefix length; write ADDRESS/LEN, 0/0 or dhcp.")
    try:
        interface = ip_interface(word)
    except ValueError as error:
        raise UsageError(f"{word!r} is no ADDRESS/LEN: {error}.") from error
    if _no_host(interface.ip):
        raise UsageError(f"{interface.ip} can't be the address of one host.")
    if interface.ip in _ends(interface.network):
        raise UsageError(
            f"{interface.ip} is the network or broadcast address of {interface.network}."
        )
    return interface


def _gateway(word: str, interface: Interface) -> Address:
    try:
        router = ip_address(word)
    except ValueError as error:
        raise UsageError(f"{word!r} can't be the gateway of {interface}: {error}.") from error
    alike = router.version == interface.version
    if not alike or router in (interface.ip, *_ends(interface.network)) or _no_host(router):
        raise UsageError(f"{router} can't be the gateway of {interface}.")
    return router


def _route(word: str) -> Route:
    """PREFIX, or PREFIX@GATEWAY."""
    prefix, at, gateway = word.partition("@")
    try:
        network = ip_network(prefix)
        via = ip_address(gateway) if at else None
    except ValueError as error:
        raise UsageError(f"{word!r} is no PREFIX[@GATEWAY]: {error}.") from error
    if via and via.version != network.version:
        raise UsageError(f"{via} can't be the gateway of {network}.")
    return Route(network, via)


def _no_host(address: Address) -> bool:
    """Can no host on a wire have it?"""
    special = address.is_multicast or address.is_loopback or address == BROADCAST
    return special or address.is_unspecified or address in THIS_NETWORK


def _ends(network: Network) -> tuple[Address, ...]:
    """The addresses of an IPv4 network itself and of all its hosts; a /31 or /32 has neither."""
    whole = network.version == 4 and network.prefixlen < 31
    return (network[0], network[-1]) if whole else ()
