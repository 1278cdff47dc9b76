"""What is wanted of a PXE service, and whether that makes sense on a host. Pure: reads nothing."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, NetmaskValueError

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bridgekit.bootserver.settings import SettingsError, read_settings
from bridgekit.bootserver.subnet import default_range
from bridgekit.errors import BridgekitError, RefusedError, UsageError

ENGINES = ("auto", "docker", "podman", "native")
MODES = ("isolated", "lan", "proxy", "auto")
VERSIONS = {"trixie": "13", "bookworm": "12"}
RELEASES = (*VERSIONS, *VERSIONS.values())
LEASE = re.compile(r"infinite|[0-9]+[mhd]?")
DEFAULT_ADDRESS = "192.168.242.1/24"
SHORTEST_LEASE = 120  # seconds; dnsmasq's own least
UNITS = {"m": 60, "h": 3600, "d": 86400}


class PxeSpec(Struct, frozen=True, rename={"reserved_addresses": "taken"}):
    """A PXE service on a bridge; `address` is the service's own, inside the clients' subnet.

    `range` None means the middle part of the subnet: .101 to .199 of a /24.
    `release` names the Debian releases to offer, the first one starts by itself unless `default`
    names another entry. `append` goes onto the command line of every client's kernel. `site` is
    the user's own folder: catalogue/*.toml, machines.toml, answers/, files/, sources.toml.
    `firmware` hands non-free firmware to Debian's installer. `only_known` serves the machines of
    machines.toml and no other.
    `mode` "isolated" gives addresses of a subnet of its own, "lan" of the host's own, "proxy" none
    beside a DHCP server that does; "auto" is proxy where one answers, else isolated. placing.py
    finds what that leaves open: the address in lan and proxy, `router` and `dns` as clients are
    told in lan, and what is `taken` of the range.
    """

    bridge: str = "br0"
    engine: str = "auto"
    address: str = DEFAULT_ADDRESS
    range: tuple[str, str] | None = None
    lease: str = "1h"
    mode: str = "isolated"
    image: str | None = None
    release: tuple[str, ...] = ("trixie",)
    default: str = ""
    site: str | None = None
    nat: bool = True
    append: str = ""
    menu_timeout: int = 5
    beside_dhcp: bool = False
    ipv6: str = ""
    firmware: bool = False
    only_known: bool = False
    router: str = ""
    dns: tuple[str, ...] = ()
    reserved_addresses: tuple[str, ...] = ()

    @property
    def suites(self) -> tuple[str, ...]:
        """The Debian releases by their names, the newest first, also those given by number."""
        return tuple(name for name in VERSIONS if {name, VERSIONS[name]} & set(self.release))

    @property
    def versions(self) -> tuple[str, ...]:
        """The same by their numbers."""
        return tuple(VERSIONS[suite] for suite in self.suites)

    @property
    def network(self) -> IPv4Network:
        """The clients' subnet; only for a checked service."""
        return IPv4Interface(self.address).network

    @property
    def image_variant(self) -> str:
        """The name of the image or root file system that serves this.

        Its suites, and its firmware.
        """
        return "-".join((*self.suites, *(("firmware",) if self.firmware else ())))

    @property
    def server(self) -> str:
        """The service's own address, without its length."""
        return str(IPv4Interface(self.address).ip)

    @property
    def clients(self) -> tuple[IPv4Address, IPv4Address]:
        """The first and the last address for clients."""
        if self.range:
            return IPv4Address(self.range[0]), IPv4Address(self.range[1])
        return default_range(self.network)

    @property
    def for_clients(self) -> str:
        """What clients get, in a few words."""
        if self.mode == "proxy":
            return "beside another DHCP server, which gives the addresses"
        first, last = self.clients
        left = (
            f" without {len(self.reserved_addresses)} that are in use"
            if self.reserved_addresses
            else ""
        )
        return f"clients {first} to {last}{left}"

    @property
    def settings(self) -> tuple[tuple[str, str], ...]:
        """The wishes as the environment that pxe/bootserver reads."""
        first, last = self.clients
        wished = VERSIONS.get(self.release[0], self.release[0])
        return (
            ("PXE_DEFAULT", self.default or f"debian{wished}"),
            ("PXE_IPV6", self.ipv6),
            ("PXE_RANGE", f"{first},{last}"),
            ("PXE_LEASE", self.lease),
            ("PXE_NAT", "yes" if self.nat else "no"),
            ("PXE_PROXY", "yes" if self.mode == "proxy" else "no"),
            ("PXE_BESIDE_DHCP", "yes" if self.beside_dhcp else "no"),
            ("PXE_ONLY_KNOWN", "yes" if self.only_known else "no"),
            ("PXE_RESERVED_ADDRESSES", " ".join(self.reserved_addresses)),
            ("PXE_ROUTER", self.router),
            *((("PXE_DNS", " ".join(self.dns)),) if self.mode == "lan" else ()),
            ("PXE_APPEND", self.append),
            ("PXE_TIMEOUT", str(self.menu_timeout)),
        )

    def to_json(self) -> str:
        """Return the spec as JSON, for a journal."""
        return msgspec.json.encode(self, order="sorted").decode()

    @classmethod
    def from_json(cls, text: str) -> "PxeSpec":
        """Return the spec that `to_json` wrote. Raises BridgekitError for anything else."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.MsgspecError as error:
            raise BridgekitError(f"a PXE service's settings cannot be read: {error}") from error

    def matches_resolved(self, placed: "PxeSpec") -> bool:
        """Can `placed` be what this wish came to on its wire?"""
        found = replace(
            self, router=placed.router, dns=placed.dns, reserved_addresses=placed.reserved_addresses
        )
        if self.mode == "auto":
            found = replace(found, mode=placed.mode)
        if found.mode in ("lan", "proxy"):
            own = placed.address if self.address == DEFAULT_ADDRESS else self.address
            found = replace(found, nat=False, address=own)
        return found == placed


def check_spec(service: PxeSpec, host_networks: tuple[str, ...]) -> None:
    """Raise UsageError for a wish that makes no sense, Refused for one that this host can't bear.

    `host_networks` are the host's own, each like 192.0.2.0/24.
    """
    _check_choices(service)
    _check_lease(service.lease)
    interface = _interface(service.address)
    if service.mode != "isolated" and service.address == DEFAULT_ADDRESS:
        return  # to be checked when it has its place
    _check_range(service, interface)
    try:
        read_settings(dict(service.settings))
    except SettingsError as error:
        raise UsageError(f"{error}. Nothing was changed.") from error
    if service.mode == "isolated":
        _check_overlap(interface.network, host_networks)
    elif str(interface.network) not in host_networks:
        raise RefusedError(
            f"{interface.network} is no subnet of this host, and the mode {service.mode} serves "
            "one. Nothing was changed; leave --address out or choose one of its own subnet."
        )


def _check_choices(service: PxeSpec) -> None:
    for what, value, known in (
        ("engine", service.engine, ENGINES),
        ("mode", service.mode, MODES),
        *(("release", release, RELEASES) for release in service.release),
    ):
        if value not in known:
            raise UsageError(f"{value!r} is no {what}: it is one of {', '.join(known)}.")
    if service.ipv6 and service.mode != "isolated":
        raise UsageError("IPv6 for clients goes with the mode isolated only; leave one out.")
    if service.only_known and not service.site:
        raise UsageError("Known are the machines of machines.toml, in the folder of --site.")
    if service.site and set(service.site) & set(":,"):
        raise UsageError(f"{service.site} can't be handed to an engine: it has a colon or a comma.")
    if not 0 <= service.menu_timeout <= 3600:
        raise UsageError("The menu waits from 0 to 3600 seconds.")


def _interface(address: str) -> IPv4Interface:
    """Parse ADDRESS/LEN and see that it can be a router's address in a subnet of clients."""
    try:
        interface = IPv4Interface(address)
    except (AddressValueError, NetmaskValueError, ValueError) as error:
        raise UsageError(f"{address!r} is no IPv4 ADDRESS/LEN: {error}.") from error
    network = interface.network
    if "/" not in address or not 8 <= network.prefixlen <= 29:
        raise UsageError(
            f"{address}: clients need a subnet between /8 and /29, written ADDRESS/LEN."
        )
    if interface.ip in (network.network_address, network.broadcast_address):
        kind = "network" if interface.ip == network.network_address else "broadcast"
        raise UsageError(f"{interface.ip} is the {kind} address of {network}; take one inside it.")
    if interface.is_multicast or interface.is_loopback or interface.is_unspecified:
        raise UsageError(f"{interface.ip} can't be the address of a host.")
    return interface


def _check_range(service: PxeSpec, interface: IPv4Interface) -> None:
    try:
        first, last = service.clients
    except ValueError as error:
        raise UsageError(f"The range must be FIRST,LAST, two IPv4 addresses: {error}.") from error
    network = interface.network
    for end in (first, last):
        if end not in network or end in (network.network_address, network.broadcast_address):
            raise UsageError(f"The range's {end} is not an address for clients in {network}.")
    if first > last:
        raise UsageError(f"The range's first address {first} comes after its last, {last}.")
    if first <= interface.ip <= last:
        raise UsageError(
            f"The service's own address {interface.ip} lies inside the range {first},{last}; "
            "choose another address or give a range that leaves it out."
        )


def _check_lease(lease: str) -> None:
    if not LEASE.fullmatch(lease):
        raise UsageError(f"{lease!r} is no lease time: say 30m, 1h, 2d or infinite.")
    if lease == "infinite":
        return
    unit = UNITS.get(lease[-1], 1)
    seconds = int(lease.rstrip("mhd")) * unit
    if not SHORTEST_LEASE <= seconds < 2**32:
        raise UsageError(f"A lease of {lease} can't be given: at least 2m, at most 49000d.")


def _check_overlap(network: IPv4Network, host_networks: tuple[str, ...]) -> None:
    for other in host_networks:
        if network.overlaps(IPv4Network(other, strict=False)):
            raise RefusedError(
                f"The clients' subnet {network} overlaps {other}, a subnet of this host. "
                "Nothing was changed; choose another with --address."
            )
