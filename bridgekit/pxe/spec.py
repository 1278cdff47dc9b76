"""The spec of a PXE service: what the user asked for, on a bridge. Pure: reads nothing."""

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import msgspec
from msgspec.structs import replace

from bridgekit.bootserver.subnet import default_range
from bridgekit.errors import BridgekitError
from bridgekit.planning.pxe_options import DEFAULT_ADDRESS, VERSIONS, PxeOptions


class PxeSpec(PxeOptions, frozen=True, rename={"reserved_addresses": "taken"}):
    """The options of a PXE service, its bridge, and what the options leave open.

    resolve.py finds that: the address in lan and proxy, `router` and `dns` of clients in lan, and
    the `reserved_addresses` of the range, which others use.
    """

    bridge: str = "br0"
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
        default_release = VERSIONS.get(self.release[0], self.release[0])
        return (
            ("PXE_DEFAULT", self.default or f"debian{default_release}"),
            ("PXE_IPV6", self.ipv6),
            ("PXE_RANGE", f"{first},{last}"),
            ("PXE_LEASE", self.lease),
            ("PXE_NAT", "yes" if self.nat else "no"),
            ("PXE_PROXY", "yes" if self.mode == "proxy" else "no"),
            ("PXE_BESIDE_DHCP", "yes" if self.beside_dhcp else "no"),
            ("PXE_ONLY_KNOWN", "yes" if self.only_known else "no"),
            ("PXE_TAKEN", " ".join(self.reserved_addresses)),
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
