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
    address_body,
    changed_for_peers,
    neighbour_body,
    restore_flags,
    without_settings,
)
from bridgekit.netlink.links import link_body
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

    def __init__(self, undoing: bool = False) -> None:
        self._there = ALREADY_THERE if undoing else frozenset()
        self._gone = GONE if undoing else frozenset()
        self._passed_over = (_LinkGoneError,) if undoing else ()
        self._undoing = undoing
        self._redirect: IngressRedirect | None = None

    @contextmanager
    def ingress_redirect(self, operations: Sequence[op.Operation]) -> Iterator[None]:
        """Meanwhile nothing is lost when these let a link join or leave a bridge, if it can be.

        It is no condition for anything: whatever is wrong with it, all goes on without.
        """
        with suppress(Exception), NetlinkSocket() as channel:
            moved = (one.link for one in operations if isinstance(one, op.SetController))
            here = links.link(channel, next(moved, ""))
            self._redirect = IngressRedirect(here) if here else None
        try:
            yield
        finally:
            if self._redirect:
                self._redirect.close()
            self._redirect = None

    def execute(self, operation: op.Operation) -> None:
        """Carry out one operation; NetlinkError or BridgekitError if it can't be done."""
        with NetlinkSocket(continue_on_error=self._undoing) as channel:
            with suppress(*self._passed_over):
                self._do(operation, channel)
            if channel.first_error:
                raise channel.first_error

    @singledispatchmethod
    def _do(self, operation: object, channel: NetlinkSocket) -> None:
        raise TypeError(f"netlink cannot carry out {operation!r}")

    @_do.register
    def _(self, operation: op.CreateBridge, channel: NetlinkSocket) -> None:
        if self._undoing and links.link(channel, operation.name):
            return
        body = links.new_bridge(operation.name, operation.settings)
        channel.exchange([Request(RTM_NEWLINK, body, NLM_F_CREATE | NLM_F_EXCL)])
        made = links.link(channel, operation.name)
        if made and made.addrgenmode is not None:
            channel.exchange([links.set_addrgenmode(made.index, IN6_ADDR_GEN_MODE_NONE)])
        if made and operation.settings.alias:
            alias = links.alias_attribute(operation.settings.alias)
            channel.exchange([Request(RTM_SETLINK, link_body(made.index, alias))])

    @_do.register
    def _(self, operation: op.DeleteBridge, channel: NetlinkSocket) -> None:
        channel.exchange([Request(RTM_DELLINK, link_body(_index(channel, operation.name)))])

    @_do.register
    def _(self, operation: op.SetUp, channel: NetlinkSocket) -> None:
        index = _index(channel, operation.link)
        channel.exchange([Request(RTM_SETLINK, link_body(index, up=operation.up))])

    @_do.register
    def _(self, operation: op.SetAddrGenMode, channel: NetlinkSocket) -> None:
        channel.exchange([links.set_addrgenmode(_index(channel, operation.link), operation.after)])

    @_do.register
    def _(self, operation: op.ChangeBridge, channel: NetlinkSocket) -> None:
        index = _index(channel, operation.name)
        pairs = zip(_attributes(operation.after), _attributes(operation.before), strict=True)
        changed = b"".join(new for new, old in pairs if new != old)
        channel.exchange([Request(RTM_SETLINK, link_body(index, changed))])

    @_do.register
    def _(self, operation: op.SetController, channel: NetlinkSocket) -> None:
        """The request for the controller's state makes the kernel start its queue at once."""
        nic = _link(channel, operation.link)
        target = _link(channel, operation.after) if operation.after else None
        bridge = target or links.link(channel, operation.before or "")
        number = nlattr.number(IFLA_MASTER, target.index if target else 0)
        change = [Request(RTM_SETLINK, link_body(nic.index, number))]
        if target and operation.port != PortOptions():
            change.append(Request(RTM_NEWLINK, links.port_body(nic.index, operation.port)))
        change += [Request(RTM_GETLINK, link_body(target.index))] if target else []
        with self._redirect.to(bridge) if self._redirect else nullcontext():
            channel.exchange(change)
        if target:
            readiness.wait_operational(channel, target, operation.link)

    @_do.register
    def _(self, operation: op.AddAddresses, channel: NetlinkSocket) -> None:
        index = _index(channel, operation.link)
        if self._undoing:
            channel.exchange(_misplaced(channel, index, operation))
        requests = [self._new_address(address, index) for address in operation.addresses]
        channel.exchange(requests)
        proven = [a for a in operation.addresses if a.family == IPV6 and not a.tentative]
        readiness.wait_usable(channel, operation.link, proven)
        channel.exchange([restore_flags(a, index) for a in proven if not a.flags & IFA_F_NODAD])
        extra = changed_for_peers(index, proven, operation.connected)
        channel.exchange([Request(RTM_DELROUTE, body, 0, GONE) for body in extra])
        # the kernel's own, where someone has given that route another source or metrics
        bare = without_settings(operation.connected, operation.addresses)
        replay = RouteBatch(links.indices(channel), self._undoing)
        channel.exchange(list(replay.removed(bare, GONE)))
        # changing an address's flags may take away the route of another with another metric
        channel.exchange(list(replay.added(operation.connected, ALREADY_THERE)))

    @_do.register
    def _(self, operation: op.RemoveAddresses, channel: NetlinkSocket) -> None:
        index = _index(channel, operation.link)
        replay = RouteBatch(links.indices(channel), self._undoing)
        routes = replay.removed(operation.connected, GONE)
        bodies = [address_body(address, index, 0) for address in reversed(operation.addresses)]
        channel.exchange([*routes, *(Request(RTM_DELADDR, b, 0, self._gone) for b in bodies)])

    @_do.register
    def _(self, operation: op.AddNeighbours, channel: NetlinkSocket) -> None:
        index = _index(channel, operation.link)
        bodies = [neighbour_body(entry, index) for entry in operation.entries]
        channel.exchange(
            [Request(RTM_NEWNEIGH, body, NLM_F_CREATE | NLM_F_REPLACE) for body in bodies]
        )

    @_do.register
    def _(self, operation: op.RemoveNeighbours, channel: NetlinkSocket) -> None:
        index = _index(channel, operation.link)
        bodies = [neighbour_body(entry, index) for entry in operation.entries]
        channel.exchange([Request(RTM_DELNEIGH, body, 0, GONE) for body in bodies])

    @_do.register
    def _(self, operation: op.AddStaticMacs, channel: NetlinkSocket) -> None:
        fdb.change(channel, operation.macs, True, self._there)

    @_do.register
    def _(self, operation: op.RemoveStaticMacs, channel: NetlinkSocket) -> None:
        fdb.change(channel, operation.macs, False, self._gone)

    @_do.register
    def _(self, operation: op.ReplaceRoutes, channel: NetlinkSocket) -> None:
        here = links.indices(channel)
        now = dump.routes({index: name for name, index in here.items()})
        replay = RouteBatch(here, self._undoing)
        for stage in replay.replaced(operation.before, operation.after, now):
            channel.exchange(stage.requests)
            if stage.blocks:
                channel.first_error = self._replace(stage.blocks, replay) or channel.first_error

    @_do.register
    def _(self, operation: op.AddRoutes, channel: NetlinkSocket) -> None:
        replay = RouteBatch(links.indices(channel), self._undoing)
        channel.exchange(list(replay.added(operation.routes, self._there)))

    @_do.register
    def _(self, operation: op.RemoveRoutes, channel: NetlinkSocket) -> None:
        replay = RouteBatch(links.indices(channel), self._undoing)
        channel.exchange(list(replay.removed(operation.routes, self._gone)))

    @_do.register
    def _(self, operation: op.SetRules, channel: NetlinkSocket) -> None:
        """Deleting in order deletes the right one of several that are alike: the first."""
        wanted = operation.after
        places = {(rule.family, rule.priority) for rule in wanted}
        now = [rule for rule in dump.rules(channel) if (rule.family, rule.priority) in places]
        if now != list(wanted):
            channel.exchange([Request(RTM_NEWRULE, rule.message, NLM_F_CREATE) for rule in wanted])
            channel.exchange([Request(RTM_DELRULE, rule.message) for rule in now])

    @_do.register
    def _(self, operation: op.RetargetNexthops, channel: NetlinkSocket) -> None:
        index = _index(channel, operation.after)
        bodies = (nexthop.resolved(index) for nexthop in operation.nexthops)
        channel.exchange(
            [Request(RTM_NEWNEXTHOP, body, NLM_F_CREATE | NLM_F_REPLACE) for body in bodies]
        )

    def _replace(self, groups: Sequence[RouteBlock], replay: RouteBatch) -> NetlinkError | None:
        """Replace routes alike; while undoing, return the first error."""

        def send(family: int) -> NetlinkError | None:
            with NetlinkSocket(continue_on_error=self._undoing) as channel:
                for group in groups:
                    if group.sample[0] == family:
                        channel.exchange_alike(
                            RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, group, replay.words
                        )
                return channel.first_error

        return next(filter(None, run_all(send)), None)

    def _new_address(self, address: Address, index: int) -> Request:
        """Proven IPv6 addresses go without duplicate detection: it would take over a second."""
        unproven = address.family == IPV4 or address.tentative
        body = address_body(address, index, address.flags | (0 if unproven else IFA_F_NODAD))
        return Request(RTM_NEWADDR, body, NLM_F_CREATE | NLM_F_EXCL, self._there)


def _misplaced(channel: NetlinkSocket, index: int, operation: op.AddAddresses) -> list[Request]:
    """Delete what stands where an address that is missing belongs: their order is that of adding.

    Of several IPv4 addresses in a network the first is the one that the host speaks with.
    """
    found = dump.addresses(channel, {index: operation.link})
    here, behind, gone = {_name(one) for one in found}, list[Address](), set[int]()
    for address in operation.addresses:
        if _name(address) not in here:
            gone.add(address.family)
        elif address.family in gone:
            behind.append(address)
    bodies = (address_body(address, index, 0) for address in reversed(behind))
    return [Request(RTM_DELADDR, body, 0, GONE) for body in bodies]


def _name(address: Address) -> tuple[str, int, str | None]:
    return address.ip, address.prefixlen, address.peer


def _attributes(settings: BridgeSettings) -> tuple[bytes, ...]:
    return (*links.settings_attributes(settings), links.alias_attribute(settings.alias or ""))


def _link(channel: NetlinkSocket, name: str) -> Link:
    found = links.link(channel, name)
    if found is None:
        raise BridgekitError(f"there is no interface {name} any more")
    return found


def _index(channel: NetlinkSocket, name: str) -> int:
    found = links.number(channel, name)
    if found is None:
        raise _LinkGoneError(f"there is no interface {name} any more")
    return found
