"""The links, addresses, routes and resolvers of the host or of another network namespace.

A `namespace` is a path; None is the caller's own.
"""

from ipaddress import IPv4Interface, ip_address
from pathlib import Path

from bridgekit.netlink import dump, vlans
from bridgekit.netlink import links as link_reader
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state.address import IPV4, Address
from bridgekit.state.link import Link
from bridgekit.state.routes.message import attributes, destination, table_of
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.system.netns import inside
from bridgekit.uapi.rtnetlink import RT_SCOPE_LINK, RT_TABLE_MAIN, RTA_GATEWAY

RESOLV_CONF = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


def links(namespace: str | None = None) -> tuple[Link, ...]:
    """Return all links.

    Equivalent to: ip -details link show; bridge vlan show
    """
    with inside(namespace), NetlinkSocket() as sock:
        return vlans.with_vlans(sock, link_reader.list_links(sock))


def link(name: str, namespace: str | None = None) -> Link | None:
    """Return the link of this name, or None."""
    return next((item for item in links(namespace) if item.name == name), None)


def lower_index(name: str, namespace: str | None = None) -> int:
    """Return the index of a veth's other end, or of the link below; see netlink.links."""
    with inside(namespace), NetlinkSocket() as sock:
        return link_reader.lower_index(sock, name)


def forwards(port: str) -> bool:
    """Tell whether a bridge's port is in the state forwarding.

    Equivalent to: bridge link show dev PORT
    """
    with NetlinkSocket() as sock:
        found = link_reader.get_link(sock, port)
    return found is not None and found.forwarding


def addresses(namespace: str | None = None, nic: str | None = None) -> tuple[str, ...]:
    """Return the IPv4 addresses as ADDRESS/LEN, of all links or of one.

    Equivalent to: ip -4 address show
    """
    found = _addresses(namespace)
    return tuple(_text(one) for one in found if one.family == IPV4 and nic in (None, one.link))


def own(nic: str, namespace: str) -> frozenset[str]:
    """Return a NIC's addresses of both families as ADDRESS/LEN.

    No link-local and no dynamic one.
    """
    return frozenset(
        _text(one)
        for one in _addresses(namespace)
        if one.link == nic and one.scope != RT_SCOPE_LINK and not one.dynamic
    )


def routes(nic: str, namespace: str | None = None) -> frozenset[tuple[str, str]]:
    """Return a NIC's routes of both families as (PREFIX, GATEWAY or ""); the default is a /0.

    Equivalent to: ip route show dev NIC; ip -6 route show dev NIC
    """
    found = _main_table(namespace).on_link(nic)
    return frozenset((str(destination(m)), _gateway(m)) for m in found.all_messages())


def gateways(nic: str, namespace: str | None = None) -> frozenset[str]:
    """Return the gateways of the default routes over a NIC."""
    found = routes(nic, namespace)
    return frozenset(via for prefix, via in found if via and prefix in ("0.0.0.0/0", "::/0"))


def host_networks() -> tuple[str, ...]:
    """Return the host's IPv4 subnets: of its addresses, and of its routes but the default."""
    found = _main_table(None).where(lambda message: message[0] == IPV4)
    reached = (destination(message) for message in found.all_messages())
    owned = (str(IPv4Interface(address).network) for address in addresses())
    return tuple(dict.fromkeys((*owned, *(str(one) for one in reached if one.prefixlen))))


def resolvers() -> tuple[str, ...]:
    """Return the IPv4 DNS servers that another namespace can ask too: none on the loopback."""
    for path in RESOLV_CONF:
        text = path.read_text() if path.exists() else ""
        words = (line.split() for line in text.splitlines())
        found = tuple(word[1] for word in words if len(word) > 1 and word[0] == "nameserver")
        if reachable := tuple(server for server in found if _leaves_the_host(server)):
            return reachable
    return ()


def _leaves_the_host(server: str) -> bool:
    try:
        address = ip_address(server)
    except ValueError:
        return False
    return address.version == 4 and not address.is_loopback


def _addresses(namespace: str | None) -> tuple[Address, ...]:
    with inside(namespace), NetlinkSocket() as sock:
        return dump.addresses(sock, _names(sock))


def _main_table(namespace: str | None) -> RouteSet:
    with inside(namespace), NetlinkSocket() as sock:
        found = dump.routes(_names(sock))
    return found.where(lambda message: table_of(message) == RT_TABLE_MAIN)


def _names(sock: NetlinkSocket) -> dict[int, str]:
    return {index: name for name, index in link_reader.index_by_name(sock).items()}


def _text(address: Address) -> str:
    return f"{address.ip}/{address.prefixlen}"


def _gateway(message: bytes) -> str:
    packed = attributes(message).get(RTA_GATEWAY, b"")
    return str(ip_address(packed)) if packed else ""
