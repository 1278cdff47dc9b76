"""Operations as requests to the kernel in memory, as `bridgekit.host.execution` sends them."""

import errno
from collections.abc import Callable, Collection
from typing import Any

from msgspec.structs import replace

from bridgekit.errors import BridgekitError
from bridgekit.netlink.address_neighbour import with_kernel_defaults
from bridgekit.planning import operations as op
from bridgekit.state.address import Address
from bridgekit.state.routes import message as rt
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.if_link import IN6_ADDR_GEN_MODE_NONE
from bridgekit.uapi.neighbour import NUD_STALE
from tests.support.fake_kernel import FakeKernel

EXISTS = {errno.EEXIST}
MISSING = {errno.ENOENT, errno.ESRCH, errno.EADDRNOTAVAIL, errno.ENODEV}


class Requests:
    """The requests of one operation. While rolling back work that is done already counts as done.

    A rollback sends all requests and reports the first refusal; a change stops at it.
    """

    def __init__(self, kernel: FakeKernel, rolling_back: bool) -> None:
        self.kernel, self.rolling_back = kernel, rolling_back
        self.error: OSError | None = None
        self.existing = EXISTS if rolling_back else set[int]()
        self.missing = MISSING if rolling_back else set[int]()

    def send(self, request: Callable[..., None], *what: Any, ignore: Collection[int] = ()) -> None:
        try:
            request(*what)
        except OSError as error:
            if error.errno not in ignore:
                if not self.rolling_back:
                    raise
                self.error = self.error or error

    def resolved(self, routes: RouteSet) -> RouteSet:
        """Return the routes with the kernel's numbers; a rollback omits links that are gone."""
        indices = {link.name: link.index for link in self.kernel.state.links}
        gone = {name for _, name in routes.used_names() if name not in indices}
        if gone and not self.rolling_back:
            raise OSError(errno.ENODEV, f"there is no interface {', '.join(gone)} any more")
        return routes.where(lambda one: gone.isdisjoint(routes.links(one))).resolved(indices)

    def add_routes(self, routes: RouteSet, ignore: Collection[int]) -> None:
        for message in self.resolved(routes).all_messages():
            self.send(self.kernel.add_route, message, ignore=ignore)

    def prepend_routes(self, routes: RouteSet, ignore: Collection[int]) -> None:
        for message in self.resolved(routes).all_messages():
            self.send(self.kernel.add_route, message, True, ignore=ignore)

    def delete_routes(self, routes: RouteSet, ignore: Collection[int]) -> None:
        for message in self.resolved(routes).all_messages():
            self.send(self.kernel.delete_route, message, ignore=ignore)


def carry_out(operation: op.Operation, kernel: FakeKernel, rolling_back: bool) -> None:
    """Carry out one operation; BridgekitError if the kernel refuses a part of it."""
    requests = Requests(kernel, rolling_back)
    try:
        HANDLERS[type(operation)](operation, requests)
    except OSError as error:
        if not (rolling_back and error.errno == errno.ENODEV):
            raise BridgekitError(f"{type(operation).__name__}: {error}") from error
    if requests.error:
        raise BridgekitError(f"{type(operation).__name__}: {requests.error}")


def _create_bridge(one: op.CreateBridge, to: Requests) -> None:
    if to.rolling_back and to.kernel.state.link(one.name):
        return
    to.kernel.create_bridge(one.name, one.settings)
    if to.kernel.link(one.name).addrgenmode is not None:
        to.kernel.change_link(one.name, addrgenmode=IN6_ADDR_GEN_MODE_NONE)
    to.kernel.change_link(one.name, alias=one.settings.alias)


def _change_bridge(one: op.ChangeBridge, to: Requests) -> None:
    names = ("mac", "mtu", "qlen", "group", "alias")
    to.kernel.change_link(one.name, **{name: getattr(one.after, name) for name in names})


def _set_controller(one: op.SetController, to: Requests) -> None:
    if not all(map(to.kernel.state.link, filter(None, (one.link, one.after)))):
        raise BridgekitError("there is no such interface any more")
    target = to.kernel.state.link(one.after or "")
    to.kernel.set_controller(one.link, one.after, one.port)
    if target:
        to.kernel.change_link(target.name, mtu=target.mtu)


def _add_addresses(one: op.AddAddresses, to: Requests) -> None:
    to.kernel.link(one.link)
    if to.rolling_back:
        for address in reversed(_misplaced(one, to.kernel)):
            to.send(to.kernel.delete_address, address, ignore=MISSING)
    for address in one.addresses:
        to.send(to.kernel.add_address, address, ignore=to.existing)
    to.delete_routes(with_kernel_defaults(one.connected, one.addresses), {errno.ESRCH})
    to.add_routes(one.connected, EXISTS)


def _misplaced(one: op.AddAddresses, kernel: FakeKernel) -> list[Address]:
    """Return the addresses behind a missing one: the kernel lists them in the order of adding."""
    there = {(x.ip, x.prefixlen, x.peer) for x in kernel.state.addresses_on(one.link)}
    found, incomplete = list[Address](), set[int]()
    for address in one.addresses:
        if (address.ip, address.prefixlen, address.peer) not in there:
            incomplete.add(address.family)
        elif address.family in incomplete:
            found.append(address)
    return found


def _remove_addresses(one: op.RemoveAddresses, to: Requests) -> None:
    to.kernel.link(one.link)
    to.delete_routes(one.connected, {errno.ESRCH})
    for address in reversed(one.addresses):
        to.send(to.kernel.delete_address, address.on(one.link), ignore=to.missing)


def _add_neighbours(one: op.AddNeighbours, to: Requests) -> None:
    for entry in one.entries:
        state = entry.state if entry.lasting else NUD_STALE
        to.send(to.kernel.replace_neighbour, replace(entry, state=state))


def _remove_neighbours(one: op.RemoveNeighbours, to: Requests) -> None:
    for entry in one.entries:
        to.send(to.kernel.delete_neighbour, entry, ignore=MISSING)


def _add_static_macs(one: op.AddStaticMacs, to: Requests) -> None:
    for entry in one.macs:
        to.send(to.kernel.add_static_mac, entry, ignore=to.existing)


def _remove_static_macs(one: op.RemoveStaticMacs, to: Requests) -> None:
    for entry in one.macs:
        to.send(to.kernel.delete_static_mac, entry, ignore=to.missing)


def _set_sysctl(one: op.SetSysctl, to: Requests) -> None:
    to.send(to.kernel.set_sysctl, one.key, one.after, ignore=to.missing)


def _replace_routes(one: op.ReplaceRoutes, to: Requests) -> None:
    """Put each route in the place of its pair; those through a gateway come last."""
    pairs = zip(_singly(one.before), _singly(one.after), strict=True)
    for old, new in sorted(pairs, key=lambda pair: rt.has_gateway(next(pair[1].all_messages()))):
        _replace_route(old, new, to)


def _singly(routes: RouteSet) -> list[RouteSet]:
    return [RouteSet(routes.names, (message,)) for message in routes.all_messages()]


def _replace_route(old: RouteSet, new: RouteSet, to: Requests) -> None:
    """Fail where the old route is not the first now; a rollback inserts the new one before it."""
    wanted = to.resolved(new)
    if not len(wanted):
        return
    kernel, message = to.kernel, wanted.messages[0]
    now = kernel.snapshot().routes
    key = rt.replace_key(message)
    standing = [now.identity(m) for m in now.all_messages() if rt.replace_key(m) == key]
    (before,), (after,) = old.identities(), new.identities()
    if standing[:1] == [before] and after not in standing:
        to.send(kernel.replace_first, message)
    elif not to.rolling_back:
        raise BridgekitError("something else changed the route")
    else:
        if after not in standing:
            to.send(kernel.add_route, message, True, ignore=EXISTS)
        if before in standing:
            to.delete_routes(old, MISSING)


def _set_rules(one: op.SetRules, to: Requests) -> None:
    places = {(rule.family, rule.priority) for rule in (*one.before, *one.after)}
    now = [x for x in to.kernel.state.rules if (x.family, x.priority) in places]
    if now != list(one.after):
        for rule in one.after:
            to.send(to.kernel.add_rule, rule)
        for rule in now:
            to.send(to.kernel.delete_rule, rule)


def _retarget_nexthops(one: op.RetargetNexthops, to: Requests) -> None:
    if one.after:
        to.kernel.link(one.after)
    for hop in one.nexthops:
        to.send(to.kernel.replace_nexthop, hop.on(one.after or None))


HANDLERS: dict[type[op.Operation], Callable[[Any, Requests], None]] = {
    op.CreateBridge: _create_bridge,
    op.DeleteBridge: lambda one, to: to.kernel.delete_link(one.name),
    op.ChangeBridge: _change_bridge,
    op.SetUp: lambda one, to: to.kernel.set_up(one.link, one.up),
    op.SetAddrGenMode: lambda one, to: to.kernel.change_link(one.link, addrgenmode=one.after),
    op.SetController: _set_controller,
    op.SetLro: lambda one, to: to.kernel.change_link(one.link, lro=one.on),
    op.SetSysctl: _set_sysctl,
    op.AddAddresses: _add_addresses,
    op.RemoveAddresses: _remove_addresses,
    op.AddNeighbours: _add_neighbours,
    op.RemoveNeighbours: _remove_neighbours,
    op.AddStaticMacs: _add_static_macs,
    op.RemoveStaticMacs: _remove_static_macs,
    op.ReplaceRoutes: _replace_routes,
    op.PrependRoutes: lambda one, to: to.prepend_routes(one.routes, to.existing),
    op.AddRoutes: lambda one, to: to.add_routes(one.routes, to.existing),
    op.RemoveRoutes: lambda one, to: to.delete_routes(one.routes, to.missing),
    op.SetRules: _set_rules,
    op.RetargetNexthops: _retarget_nexthops,
    op.StopClient: lambda one, to: to.kernel.stop_client(one.client, to.missing),
    op.StartClient: lambda one, to: to.kernel.start_client(one.client),
    op.SetUnmanaged: lambda one, to: None,  # nothing of the kernel's
    op.SetLinkDns: lambda one, to: to.kernel.set_dns(one.link, one.after),
}
