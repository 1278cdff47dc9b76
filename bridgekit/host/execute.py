"""Carry out operations through netlink, each completely: what it promises is there and usable.

While undoing, work that is found done already counts as done.
"""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import singledispatchmethod

from bridgekit.errors import BridgekitError
from bridgekit.host import readiness
from bridgekit.host.ingress_redirect import IngressRedirect
from bridgekit.netlink import dump, fdb, links
from bridgekit.netlink.address_neighbour import (
    address_message,
    as_the_kernel_makes_them,
    neighbour_message,
    peer_prefix_routes,
    restore_flags,
)
from bridgekit.netlink.links import link_message
from bridgekit.netlink.parallel import run_all
from bridgekit.netlink.route_batch import RouteBatch
from bridgekit.netlink.socket import NetlinkError, NetlinkSocket, Request
from bridgekit.planning import operations as op
from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.link import BridgeSettings, Link, PortOptions
from bridgekit.state.routes.block import RouteBlock
from bridgekit.uapi.if_addr import IFA_F_NODAD
from bridgekit.uapi.if_link import IFLA_MASTER, IN6_ADDR_GEN_MODE_NONE
from bridgekit.uapi.netlink import NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE
from bridgekit.uapi.rtnetlink import (
    RTM_DELADDR,
    RTM_DELLINK,
    RTM_DELNEIGH,
    RTM_DELROUTE,
    RTM_DELRULE,
    RTM_GETLINK,
    RTM_NEWADDR,
    RTM_NEWLINK,
    RTM_NEWNEIGH,
    RTM_NEWNEXTHOP,
    RTM_NEWROUTE,
    RTM_NEWRULE,
    RTM_SETLINK,
)

ALREADY_THERE = frozenset({errno.EEXIST})
GONE = frozenset({errno.ENOENT, errno.ESRCH, errno.EADDRNOTAVAIL, errno.ENODEV})


class _LinkGoneError(BridgekitError):
    """A link that an operation is about is not there any more."""


class Executor:
    """Executes operations in the caller's network namespace."""

    def __init__(self, rolling_back: bool = False) -> None:
        self._there = ALREADY_THERE if rolling_back else frozenset()
        self._gone = GONE if rolling_back else frozenset()
        self._passed_over = (_LinkGoneError,) if rolling_back else ()
        self._rolling_back = rolling_back
        self._redirect: IngressRedirect | None = None

    @contextmanager
    def ingress_redirect(self, operations: Sequence[op.Operation]) -> Iterator[None]:
        """Meanwhile nothing is lost when these let a link join or leave a bridge, if it can be.

        It is no condition for anything: whatever is wrong with it, all goes on without.
        """
        with suppress(Exception), NetlinkSocket() as sock:
            moved = (one.link for one in operations if isinstance(one, op.SetController))
            here = links.get_link(sock, next(moved, ""))
            self._redirect = IngressRedirect(here) if here else None
        try:
            yield
        finally:
            if self._redirect:
                self._redirect.close()
            self._redirect = None

    def execute(self, operation: op.Operation) -> None:
        """Carry out one operation; NetlinkError or BridgekitError if it can't be done."""
        with NetlinkSocket(continue_on_error=self._rolling_back) as sock:
            with suppress(*self._passed_over):
                self._do(operation, sock)
            if sock.first_error:
                raise sock.first_error

    @singledispatchmethod
    def _do(self, operation: object, sock: NetlinkSocket) -> None:
        raise TypeError(f"netlink cannot carry out {operation!r}")

    @_do.register
    def _(self, operation: op.CreateBridge, sock: NetlinkSocket) -> None:
        if self._rolling_back and links.get_link(sock, operation.name):
            return
        body = links.create_bridge_body(operation.name, operation.settings)
        sock.exchange([Request(RTM_NEWLINK, body, NLM_F_CREATE | NLM_F_EXCL)])
        made = links.get_link(sock, operation.name)
        if made and made.addrgenmode is not None:
            sock.exchange([links.set_addrgenmode(made.index, IN6_ADDR_GEN_MODE_NONE)])
        if made and operation.settings.alias:
            alias = links.alias_attribute(operation.settings.alias)
            sock.exchange([Request(RTM_SETLINK, link_message(made.index, alias))])

    @_do.register
    def _(self, operation: op.DeleteBridge, sock: NetlinkSocket) -> None:
        sock.exchange([Request(RTM_DELLINK, link_message(_index(sock, operation.name)))])

    @_do.register
    def _(self, operation: op.SetUp, sock: NetlinkSocket) -> None:
        index = _index(sock, operation.link)
        sock.exchange([Request(RTM_SETLINK, link_message(index, up=operation.up))])

    @_do.register
    def _(self, operation: op.SetAddrGenMode, sock: NetlinkSocket) -> None:
        sock.exchange([links.set_addrgenmode(_index(sock, operation.link), operation.after)])

    @_do.register
    def _(self, operation: op.ChangeBridge, sock: NetlinkSocket) -> None:
        index = _index(sock, operation.name)
        pairs = zip(_attributes(operation.after), _attributes(operation.before), strict=True)
        changed = b"".join(new for new, old in pairs if new != old)
        sock.exchange([Request(RTM_SETLINK, link_message(index, changed))])

    @_do.register
    def _(self, operation: op.SetController, sock: NetlinkSocket) -> None:
        """The request for the controller's state makes the kernel start its queue at once."""
        nic = _link(sock, operation.link)
        target = _link(sock, operation.after) if operation.after else None
        bridge = target or links.get_link(sock, operation.before or "")
        number = nlattr.pack_u32(IFLA_MASTER, target.index if target else 0)
        change = [Request(RTM_SETLINK, link_message(nic.index, number))]
        if target and operation.port != PortOptions():
            change.append(Request(RTM_NEWLINK, links.port_message(nic.index, operation.port)))
        change += [Request(RTM_GETLINK, link_message(target.index))] if target else []
        with self._redirect.to(bridge) if self._redirect else nullcontext():
            sock.exchange(change)
        if target:
            readiness.wait_operational(sock, target, operation.link)

    @_do.register
    def _(self, operation: op.AddAddresses, sock: NetlinkSocket) -> None:
        index = _index(sock, operation.link)
        if self._rolling_back:
            sock.exchange(_misplaced(sock, index, operation))
        requests = [self._new_address(address, index) for address in operation.addresses]
        sock.exchange(requests)
        proven = [a for a in operation.addresses if a.family == IPV6 and not a.tentative]
        readiness.wait_usable(sock, operation.link, proven)
        sock.exchange([restore_flags(a, index) for a in proven if not a.flags & IFA_F_NODAD])
        extra = peer_prefix_routes(index, proven, operation.connected)
        sock.exchange([Request(RTM_DELROUTE, body, 0, GONE) for body in extra])
        # the kernel's own, where someone has given that route another source or metrics
        bare = as_the_kernel_makes_them(operation.connected, operation.addresses)
        replay = RouteBatch(links.index_by_name(sock), self._rolling_back)
        sock.exchange(list(replay.delete(bare, GONE)))
        # changing an address's flags may take away the route of another with another metric
        sock.exchange(list(replay.add(operation.connected, ALREADY_THERE)))

    @_do.register
    def _(self, operation: op.RemoveAddresses, sock: NetlinkSocket) -> None:
        index = _index(sock, operation.link)
        replay = RouteBatch(links.index_by_name(sock), self._rolling_back)
        routes = replay.delete(operation.connected, GONE)
        bodies = [address_message(address, index, 0) for address in reversed(operation.addresses)]
        sock.exchange([*routes, *(Request(RTM_DELADDR, b, 0, self._gone) for b in bodies)])

    @_do.register
    def _(self, operation: op.AddNeighbours, sock: NetlinkSocket) -> None:
        index = _index(sock, operation.link)
        bodies = [neighbour_message(entry, index) for entry in operation.entries]
        sock.exchange(
            [Request(RTM_NEWNEIGH, body, NLM_F_CREATE | NLM_F_REPLACE) for body in bodies]
        )

    @_do.register
    def _(self, operation: op.RemoveNeighbours, sock: NetlinkSocket) -> None:
        index = _index(sock, operation.link)
        bodies = [neighbour_message(entry, index) for entry in operation.entries]
        sock.exchange([Request(RTM_DELNEIGH, body, 0, GONE) for body in bodies])

    @_do.register
    def _(self, operation: op.AddStaticMacs, sock: NetlinkSocket) -> None:
        fdb.change(sock, operation.macs, True, self._there)

    @_do.register
    def _(self, operation: op.RemoveStaticMacs, sock: NetlinkSocket) -> None:
        fdb.change(sock, operation.macs, False, self._gone)

    @_do.register
    def _(self, operation: op.ReplaceRoutes, sock: NetlinkSocket) -> None:
        here = links.index_by_name(sock)
        now = dump.routes({index: name for name, index in here.items()})
        replay = RouteBatch(here, self._rolling_back)
        for stage in replay.replace_steps(operation.before, operation.after, now):
            sock.exchange(stage.requests)
            if stage.blocks:
                sock.first_error = self._replace(stage.blocks, replay) or sock.first_error

    @_do.register
    def _(self, operation: op.AddRoutes, sock: NetlinkSocket) -> None:
        replay = RouteBatch(links.index_by_name(sock), self._rolling_back)
        sock.exchange(list(replay.add(operation.routes, self._there)))

    @_do.register
    def _(self, operation: op.RemoveRoutes, sock: NetlinkSocket) -> None:
        replay = RouteBatch(links.index_by_name(sock), self._rolling_back)
        sock.exchange(list(replay.delete(operation.routes, self._gone)))

    @_do.register
    def _(self, operation: op.SetRules, sock: NetlinkSocket) -> None:
        """Deleting in order deletes the right one of several that are alike: the first."""
        wanted = operation.after
        places = {(rule.family, rule.priority) for rule in wanted}
        now = [rule for rule in dump.rules(sock) if (rule.family, rule.priority) in places]
        if now != list(wanted):
            sock.exchange([Request(RTM_NEWRULE, rule.message, NLM_F_CREATE) for rule in wanted])
            sock.exchange([Request(RTM_DELRULE, rule.message) for rule in now])

    @_do.register
    def _(self, operation: op.RetargetNexthops, sock: NetlinkSocket) -> None:
        index = _index(sock, operation.after)
        bodies = (nexthop.resolved(index) for nexthop in operation.nexthops)
        sock.exchange(
            [Request(RTM_NEWNEXTHOP, body, NLM_F_CREATE | NLM_F_REPLACE) for body in bodies]
        )

    def _replace(self, groups: Sequence[RouteBlock], replay: RouteBatch) -> NetlinkError | None:
        """Replace routes alike; while undoing, return the first error."""

        def send(family: int) -> NetlinkError | None:
            with NetlinkSocket(continue_on_error=self._rolling_back) as sock:
                for group in groups:
                    if group.sample[0] == family:
                        sock.exchange_block(
                            RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, group, replay.description
                        )
                return sock.first_error

        return next(filter(None, run_all(send)), None)

    def _new_address(self, address: Address, index: int) -> Request:
        """Proven IPv6 addresses go without duplicate detection: it would take over a second."""
        unproven = address.family == IPV4 or address.tentative
        body = address_message(address, index, address.flags | (0 if unproven else IFA_F_NODAD))
        return Request(RTM_NEWADDR, body, NLM_F_CREATE | NLM_F_EXCL, self._there)


def _misplaced(sock: NetlinkSocket, index: int, operation: op.AddAddresses) -> list[Request]:
    """Delete what stands where an address that is missing belongs: their order is that of adding.

    Of several IPv4 addresses in a network the first is the one that the host speaks with.
    """
    found = dump.addresses(sock, {index: operation.link})
    here, behind, gone = {_name(one) for one in found}, list[Address](), set[int]()
    for address in operation.addresses:
        if _name(address) not in here:
            gone.add(address.family)
        elif address.family in gone:
            behind.append(address)
    bodies = (address_message(address, index, 0) for address in reversed(behind))
    return [Request(RTM_DELADDR, body, 0, GONE) for body in bodies]


def _name(address: Address) -> tuple[str, int, str | None]:
    return address.ip, address.prefixlen, address.peer


def _attributes(settings: BridgeSettings) -> tuple[bytes, ...]:
    return (*links.settings_attributes(settings), links.alias_attribute(settings.alias or ""))


def _link(sock: NetlinkSocket, name: str) -> Link:
    found = links.get_link(sock, name)
    if found is None:
        raise BridgekitError(f"there is no interface {name} any more")
    return found


def _index(sock: NetlinkSocket, name: str) -> int:
    found = links.index_of(sock, name)
    if found is None:
        raise _LinkGoneError(f"there is no interface {name} any more")
    return found
