"""Operations on routes, policy rules and nexthop objects."""

from collections.abc import Sequence

from bridgekit.host.execution.context import Context
from bridgekit.netlink import dump
from bridgekit.netlink.parallel import run_all
from bridgekit.netlink.refusal import NetlinkError
from bridgekit.netlink.route_batch import RouteBatch
from bridgekit.netlink.socket import NetlinkSocket, Request
from bridgekit.planning import operations as op
from bridgekit.state.routes.block import RouteBlock
from bridgekit.uapi.netlink import NLM_F_CREATE, NLM_F_REPLACE
from bridgekit.uapi.rtnetlink import RTM_DELRULE, RTM_NEWNEXTHOP, RTM_NEWROUTE, RTM_NEWRULE


def replace_routes(operation: op.ReplaceRoutes, context: Context) -> None:
    """Replace each route in its place."""
    sock, batch = context.sock, context.route_batch()
    current = dump.routes({index: name for name, index in batch.indices.items()})
    for step in batch.replace_steps(operation.before, operation.after, current):
        sock.exchange(step.requests)
        if step.blocks:
            error = _replace_blocks(step.blocks, batch, context.rolling_back)
            sock.first_error = error or sock.first_error


def _replace_blocks(
    blocks: Sequence[RouteBlock], batch: RouteBatch, continue_on_error: bool
) -> NetlinkError | None:
    """Replace the routes of blocks, both families at once; return the first error passed over."""

    def send(family: int) -> NetlinkError | None:
        with NetlinkSocket(continue_on_error=continue_on_error) as sock:
            for block in blocks:
                if block.sample[0] == family:
                    flags = NLM_F_CREATE | NLM_F_REPLACE
                    sock.exchange_block(RTM_NEWROUTE, flags, block, batch.description)
            return sock.first_error

    return next(filter(None, run_all(send)), None)


def add_routes(operation: op.AddRoutes, context: Context) -> None:
    """Add routes, each behind those with the same key."""
    requests = context.route_batch().add(operation.routes, context.ignore_existing)
    context.sock.exchange(list(requests))


def prepend_routes(operation: op.PrependRoutes, context: Context) -> None:
    """Add routes, each before those with the same key."""
    requests = context.route_batch().prepend(operation.routes, context.ignore_existing)
    context.sock.exchange(list(requests))


def remove_routes(operation: op.RemoveRoutes, context: Context) -> None:
    """Remove exactly these routes."""
    requests = context.route_batch().delete(operation.routes, context.ignore_missing)
    context.sock.exchange(list(requests))


def set_rules(operation: op.SetRules, context: Context) -> None:
    """Set the policy rules of some priorities.

    Deleting in order deletes the right one of several equal rules: the first.
    """
    wanted = operation.after
    places = {(rule.family, rule.priority) for rule in (*operation.before, *wanted)}
    rules = dump.rules(context.sock)
    current = [rule for rule in rules if (rule.family, rule.priority) in places]
    if current != list(wanted):
        new = [Request(RTM_NEWRULE, one.message, f"rule {one}", NLM_F_CREATE) for one in wanted]
        context.sock.exchange(new)
        context.sock.exchange([Request(RTM_DELRULE, one.message, f"rule {one}") for one in current])


def retarget_nexthops(operation: op.RetargetNexthops, context: Context) -> None:
    """Point nexthop objects at another link; groups and blackholes have none."""
    index = context.index_of(operation.after) if operation.after else 0
    flags = NLM_F_CREATE | NLM_F_REPLACE
    context.sock.exchange(
        [
            Request(RTM_NEWNEXTHOP, one.resolved(index), f"nexthop {one}", flags)
            for one in operation.nexthops
        ]
    )
