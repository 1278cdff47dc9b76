"""Let an address that ends by itself last longer."""

from msgspec.structs import replace

from bridgekit.netlink import dump, links
from bridgekit.netlink.address_neighbour import address_message
from bridgekit.netlink.socket import NetlinkSocket, Request
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
