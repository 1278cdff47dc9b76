"""Let an address that ends by itself last longer."""

from msgspec.structs import replace

from bridgekit.netlink import dump, links
from bridgekit.netlink.address_neighbour import address_message
from bridgekit.netlink.socket import NetlinkSocket, Request
from bridgekit.uapi.netlink import NLM_F_CREATE, NLM_F_REPLACE
from bridgekit.uapi.rtnetlink import RTM_NEWADDR


def extend(link: str, ip: str, seconds: int) -> None:
    """Let this address of the link last so long from now on, if it has a lifetime at all."""
    with NetlinkSocket() as sock:
        index = links.index_by_name(sock).get(link, 0)
        for address in dump.addresses(sock, {index: link}):
            if address.ip == ip and address.link == link and address.dynamic:
                lasting = replace(address, valid=seconds, preferred=seconds)
                body = address_message(lasting, index, address.flags)
                sock.exchange([Request(RTM_NEWADDR, body, NLM_F_CREATE | NLM_F_REPLACE)])
