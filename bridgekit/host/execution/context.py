"""What the operations of every kind are carried out with."""

import errno

from bridgekit.errors import BridgekitError
from bridgekit.host.ingress_redirect import IngressRedirect
from bridgekit.netlink import links
from bridgekit.netlink.refusal import NetlinkError
from bridgekit.netlink.route_batch import RouteBatch
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.state.link import Link

EXISTS = frozenset({errno.EEXIST})
MISSING = frozenset({errno.ENOENT, errno.ESRCH, errno.EADDRNOTAVAIL, errno.ENODEV})


class LinkGoneError(BridgekitError):
    """A link that an operation is about does not exist any more."""


class Context:
    """How one operation is carried out, and its netlink socket while it is in the context."""

    def __init__(self, rolling_back: bool = False, redirect: IngressRedirect | None = None) -> None:
        self.rolling_back = rolling_back
        self.redirect = redirect
        self._sock: NetlinkSocket | None = None

    def __enter__(self) -> "Context":
        return self

    def __exit__(self, *_: object) -> None:
        if self._sock:
            self._sock.close()

    @property
    def sock(self) -> NetlinkSocket:
        """The netlink socket, opened at its first use: some operations need none."""
        if self._sock is None:
            self._sock = NetlinkSocket(continue_on_error=self.rolling_back)
        return self._sock

    @property
    def first_error(self) -> NetlinkError | None:
        """The first request that the kernel refused while rolling back."""
        return self._sock.first_error if self._sock else None

    @property
    def ignore_existing(self) -> frozenset[int]:
        """The errnos that mean that something to be added is already there."""
        return EXISTS if self.rolling_back else frozenset()

    @property
    def ignore_missing(self) -> frozenset[int]:
        """The errnos that mean that something to be removed is already gone."""
        return MISSING if self.rolling_back else frozenset()

    def index_of(self, name: str) -> int:
        """Return the index of the link of this name; LinkGoneError if there is none."""
        index = links.index_of(self.sock, name)
        if index is None:
            raise LinkGoneError(f"there is no interface {name} any more")
        return index

    def link(self, name: str) -> Link:
        """Return the link of this name; BridgekitError if there is none."""
        link = links.get_link(self.sock, name)
        if link is None:
            raise BridgekitError(f"there is no interface {name} any more")
        return link

    def route_batch(self) -> RouteBatch:
        """Return a batch of route requests for the links that there are now."""
        return RouteBatch(links.index_by_name(self.sock), self.rolling_back)
