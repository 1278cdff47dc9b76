"""Operations on what systemd-resolved has for a link."""

from collections.abc import Iterator
from contextlib import contextmanager

from bridgekit.host import resolved
from bridgekit.host.execution.context import Context
from bridgekit.netlink import lifetimes
from bridgekit.planning import operations as op
from bridgekit.state.link import Link


def set_link_dns(operation: op.SetLinkDns, context: Context) -> None:
    """Set the link's DNS settings.

    A rollback does not wait for a resolved that has ended: the comparison afterwards says so.
    """
    context.index_of(operation.link)
    if context.rolling_back and not resolved.running():
        return
    for words in operation.commands():
        resolved.call(*words)


@contextmanager
def kept(link: Link, context: Context) -> Iterator[None]:
    """Let resolved know afterwards what it knew of a port that leaves its bridge meanwhile.

    The kernel tells of that by an RTM_DELLINK of family AF_BRIDGE (del_nbp in net/bridge/br_if.c).
    For resolved the link is gone then, with its DNS settings and addresses, until it hears of them
    again (manager_process_link in resolved-manager.c).
    """
    running = resolved.running()
    before = resolved.read(link.name, link.index) if running else None
    yield
    if running:
        lifetimes.announce(context.sock, link.name, link.index)
    if before:
        set_link_dns(op.SetLinkDns(link.name, (), before.settings), context)
