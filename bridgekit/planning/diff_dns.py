"""Differences of what systemd-resolved has for links."""

from collections.abc import Iterable, Iterator
from typing import Literal

from bridgekit.planning.difference import Difference
from bridgekit.planning.operations import SetLinkDns
from bridgekit.state.link_dns import LinkDns, Setting
from bridgekit.state.network_state import NetworkState


def dns_differences(
    wanted: NetworkState, actual: NetworkState, links: Iterable[str]
) -> Iterator[Difference]:
    """Compare the links' DNS settings, if any are wanted.

    Older records have none, and what others set meanwhile is no reason to fail.
    """
    for link in sorted(links) if wanted.dns else ():
        before, after = actual.dns_settings_of(link), wanted.dns_settings_of(link)
        if before != after:
            text = str(LinkDns(link, after or before))
            repair = (SetLinkDns(link, before, after),)
            yield Difference(_what(before, after), text, repair, (link,))


def _what(
    before: tuple[Setting, ...], after: tuple[Setting, ...]
) -> Literal["missing", "unexpected", "changed"]:
    if not after:
        return "unexpected"
    return "changed" if before else "missing"
