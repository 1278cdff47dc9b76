"""The spec of a PXE service: what the user asked for, and its checks. Pure: reads nothing."""

from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, NetmaskValueError

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bridgekit.bootserver.settings import LEASE, SettingsError, read_settings
from bridgekit.bootserver.subnet import default_range
from bridgekit.errors import BridgekitError, RefusedError, UsageError

ENGINES = ("auto", "docker", "podman", "native")
MODES = ("isolated", "lan", "proxy", "auto")
VERSIONS = {"trixie": "13", "bookworm": "12"}
RELEASES = (*VERSIONS, *VERSIONS.values())
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
    beside a DHCP server that does; "auto" is proxy where one answers, else isolated. resolve.py
    finds what that leaves open: the address in lan and proxy, `router` and `dns` of clients in
    lan, and the `reserved_addresses` of the range, which others use.
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
        """The spec as the environment that pxe/bootserver reads."""
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

    def matches_resolved(self, resolved: "PxeSpec") -> bool:
        """Return whether `resolved` can be what this spec was resolved to."""
        ours = replace(
            self,
            router=resolved.router,
            dns=resolved.dns,
            reserved_addresses=resolved.reserved_addresses,
        )
        if self.mode == "auto":
            ours = replace(ours, mode=resolved.mode)
        if ours.mode in ("lan", "proxy"):
            address = resolved.address if self.address == DEFAULT_ADDRESS else self.address
            ours = replace(ours, nat=False, address=address)
        return ours == resolved


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
