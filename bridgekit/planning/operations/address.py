"""Changes of what a link answers to and whom it knows: addresses and neighbours."""

from collections.abc import Iterator

from bridgekit.planning.operations.operation import Operation
from bridgekit.planning.operations.route import route_words
from bridgekit.state.address import IPV6, Address
from bridgekit.state.link import Neighbour, StaticMac
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.if_addr import IFA_F_NODAD
from bridgekit.uapi.neighbour import NTF_PROXY


class AddAddresses(Operation, frozen=True):
    """Add addresses in this order, without duplicate detection where they are proven already.

    Done when all that can be used are usable. The kernel makes the connected routes.
    """

    link: str
    addresses: tuple[Address, ...]
    connected: RouteSet

    def inverse(self) -> "RemoveAddresses":
        """Return the removal of these addresses."""
        return RemoveAddresses(self.link, self.addresses, self.connected)

    def describe(self) -> Iterator[str]:
        """Yield `ip address add` for each address, or `ip route append` for the routes alone."""
        for address in self.addresses:
            proven = address.family == IPV6 and not (
                address.tentative or address.flags & IFA_F_NODAD
            )
            yield f"ip address add {address} dev {self.link}{' nodad' if proven else ''}"
        if not self.addresses:
            yield from route_words("append", self.connected)


class RemoveAddresses(Operation, frozen=True):
    """Remove the connected routes, then the addresses, last added first."""

    link: str
    addresses: tuple[Address, ...]
    connected: RouteSet

    def inverse(self) -> AddAddresses:
        """Return the addition of these addresses."""
        return AddAddresses(self.link, self.addresses, self.connected)

    def describe(self) -> Iterator[str]:
        """Yield `ip route delete`, then `ip address delete`."""
        yield from route_words("delete", self.connected)
        for address in reversed(self.addresses):
            yield f"ip address delete {_identity(address)} dev {self.link}"


def _identity(address: Address) -> str:
    """Return the words by which `ip address delete` finds an address."""
    if address.peer:
        return f"{address.ip} peer {address.peer}/{address.prefixlen}"
    return f"{address.ip}/{address.prefixlen}"


class AddNeighbours(Operation, frozen=True):
    """Add neighbour entries, so that nothing waits for ARP or NDP."""

    link: str
    entries: tuple[Neighbour, ...]

    def inverse(self) -> "RemoveNeighbours":
        """Return the removal of these entries."""
        return RemoveNeighbours(self.link, self.entries)

    def describe(self) -> Iterator[str]:
        """Yield `ip neighbour replace` for each entry."""
        for entry in self.entries:
            yield f"ip neighbour replace {entry}"


class RemoveNeighbours(Operation, frozen=True):
    """Remove neighbour entries."""

    link: str
    entries: tuple[Neighbour, ...]

    def inverse(self) -> AddNeighbours:
        """Return the addition of these entries."""
        return AddNeighbours(self.link, self.entries)

    def describe(self) -> Iterator[str]:
        """Yield `ip neighbour delete` for each entry."""
        for entry in self.entries:
            proxy = "proxy " if entry.flags & NTF_PROXY else ""
            yield f"ip neighbour delete {proxy}{entry.ip} dev {self.link}"


class AddStaticMacs(Operation, frozen=True):
    """Let a link take frames for these MAC addresses beside its own."""

    link: str
    macs: tuple[StaticMac, ...]

    def inverse(self) -> "RemoveStaticMacs":
        """Return the removal of these addresses."""
        return RemoveStaticMacs(self.link, self.macs)

    def describe(self) -> Iterator[str]:
        """Yield `ip maddress add` or `bridge fdb add` for each address."""
        yield from (_mac_words("add", entry) for entry in self.macs)


class RemoveStaticMacs(Operation, frozen=True):
    """Let a link take frames for these MAC addresses no more."""

    link: str
    macs: tuple[StaticMac, ...]

    def inverse(self) -> AddStaticMacs:
        """Return the addition of these addresses."""
        return AddStaticMacs(self.link, self.macs)

    def describe(self) -> Iterator[str]:
        """Yield `ip maddress delete` or `bridge fdb delete` for each address."""
        yield from (_mac_words("delete", entry) for entry in self.macs)


def _mac_words(verb: str, entry: StaticMac) -> str:
    if entry.multicast:
        return f"ip maddress {verb} {entry}"
    return f"bridge fdb {verb} {entry} self permanent"
