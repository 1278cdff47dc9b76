"""The machine as the transaction sees it: read it whole, and carry out one operation."""

from functools import cache

from bridgekit.host import managers, sysctl
from bridgekit.host.netlink import read
from bridgekit.host.netlink.channel import Channel
from bridgekit.host.netlink.execute import Executor
from bridgekit.migration.operations import Operation, SetSysctl
from bridgekit.model.snapshot import Snapshot


def snapshot(*links: str) -> Snapshot:
    """Return this namespace's network state; settings and managers of the links named.

    Links that are not there are left out.
    """
    with Channel() as channel:
        found = read.links(channel)
        names = {link.index: link.name for link in found}
        state = Snapshot(
            links=found,
            addresses=read.addresses(channel, names),
            routes=read.routes(channel, names),
            neighbours=read.neighbours(channel, names),
            rules=read.rules(channel),
            nexthops=read.nexthops(channel, names),
            sysctls=sysctl.read_settings(links),
            owners=tuple(
                owner
                for link in found
                if link.name in links
                for owner in managers.owners(link.name, link.index)
            ),
        )
    return state


def execute(operation: Operation, undoing: bool = False) -> None:
    """Carry out one operation completely, or raise BridgekitError."""
    if isinstance(operation, SetSysctl):
        sysctl.write(operation.key, operation.after, undoing)
    else:
        _executor(undoing).execute(operation)


@cache
def _executor(undoing: bool) -> Executor:
    return Executor(undoing)
