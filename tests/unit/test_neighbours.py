"""What is asked of the kernel to add neighbours where its table may be full."""

import errno
from types import SimpleNamespace
from typing import Any

from pyroute2.netlink.rtnl.ndmsg import ndmsg

from bridgekit.host.execution.address import add_neighbours
from bridgekit.netlink.message import NLMSGHDR
from bridgekit.netlink.socket import Request
from bridgekit.planning.operations import AddNeighbours
from bridgekit.state.address import IPV4
from bridgekit.state.link import Neighbour
from bridgekit.uapi.neighbour import NTF_EXT_LEARNED, NUD_PERMANENT, NUD_STALE

MAC = "52:54:00:00:00:99"
STALE = Neighbour("br0", IPV4, "192.0.2.8", MAC, NUD_STALE)
PERMANENT = Neighbour("br0", IPV4, "192.0.2.9", MAC, NUD_PERMANENT)


def requests(*entries: Neighbour) -> list[Request]:
    sent: list[Request] = []
    context: Any = SimpleNamespace(index_of=lambda _: 5, sock=SimpleNamespace(exchange=sent.extend))
    add_neighbours(AddNeighbours("br0", entries), context)
    return sent


def learned(request: Request) -> bool:
    message = ndmsg(NLMSGHDR.pack(16 + len(request.body), 0, 0, 0, 0) + request.body)
    message.decode()
    return bool(message["flags"] & NTF_EXT_LEARNED)


def test_each_is_learned_first_for_such_a_one_is_not_counted() -> None:
    """neigh_alloc and neigh_update_gc_list in net/core/neighbour.c."""
    assert [learned(one) for one in requests(STALE, PERMANENT)] == [True, False, True, False]


def test_a_full_table_refuses_only_what_stays() -> None:
    for entry, passed_over in ((STALE, True), (PERMANENT, False)):
        for request in requests(entry):
            assert (errno.ENOBUFS in request.ignore_errnos) == passed_over
