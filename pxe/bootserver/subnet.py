"""The clients' subnet and range, from the address of the service's interface."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from .settings import Settings, SettingsError

MAX_PREFIX_LENGTH = 30


@dataclass(frozen=True, slots=True)
class Subnet:
    """The service's own address, and the first and last for clients."""

    interface: IPv4Interface
    first: IPv4Address
    last: IPv4Address

    @property
    def server(self) -> str:
        """The service's own address."""
        return str(self.interface.ip)


def default_range(network: IPv4Network) -> tuple[IPv4Address, IPv4Address]:
    """Return .101 to .199, in a smaller subnet the same share of it."""
    share = min(network.num_addresses, 256)
    last = min(share * 199 // 256, network.num_addresses - 2)
    return network[share * 101 // 256], network[last]


def subnet_of(address: str, settings: Settings) -> Subnet:
    """Return the subnet of ADDRESS/LEN. Raises SettingsError if the range does not fit in."""
    interface = IPv4Interface(address)
    network = interface.network
    if network.prefixlen > MAX_PREFIX_LENGTH:
        raise SettingsError(f"the subnet of {address} has no room for clients")
    first, last = settings.range or default_range(network)
    if not (network.network_address < first <= last < network.broadcast_address):
        raise SettingsError(
            f"the range {first},{last} does not lie inside the subnet of {interface.ip}"
        )
    if first <= interface.ip <= last:
        raise SettingsError(f"the own address {interface.ip} lies inside the range {first},{last}")
    return Subnet(interface, first, last)
