"""Changes of addresses that are there: a longer lifetime, or a mere notification."""

from msgspec.structs import replace

from bridgekit.netlink import dump, links
from bridgekit.netlink.address_neighbour import address_message
from bridgekit.netlink.socket import NetlinkSocket, Request
from bridgekit.state.address import IPV4
from bridgekit.uapi.if_addr import IFA_F_TEMPORARY
from bridgekit.uapi.netlink import NLM_F_CREATE, NLM_F_REPLACE
from bridgekit.uapi.rtnetlink import RTM_NEWADDR


def extend(sock: NetlinkSocket, link: str, ip: str, seconds: int) -> None:
    """Set the remaining lifetime of this address of the link, if it has one at all."""
    index = links.index_by_name(sock).get(link, 0)
    for address in dump.addresses(sock, {index: link}):
        if address.ip == ip and address.link == link and address.dynamic:
            extended = replace(address, valid=seconds, preferred=seconds)
            flags = NLM_F_CREATE | NLM_F_REPLACE
            body = address_message(extended, index, address.flags)
            sock.exchange([Request(RTM_NEWADDR, body, f"address {address} dev {link}", flags)])


def announce(sock: NetlinkSocket, link: str, index: int) -> None:
    """Let the kernel notify of the link's addresses: each is changed to what it is.

    Equivalent to: `ip address change ADDRESS dev LINK`. Temporary IPv6 ones are the kernel's alone.
    """
    addresses = (one for one in dump.addresses(sock, {index: link}) if one.link == link)
    lasting = (one for one in addresses if not one.flags & IFA_F_TEMPORARY or one.family == IPV4)
    pairs = [
        (f"address {one} dev {link}", address_message(one, index, one.flags)) for one in lasting
    ]
    sock.exchange([Request(RTM_NEWADDR, body, what, NLM_F_REPLACE) for what, body in pairs])
