"""Where Docker drops what it does not know: letting a bridge's frames and a link's packets pass.

With bridge-nf-call-iptables a bridge's own frames pass the FORWARD chain too, and Docker's policy
there is DROP: DHCP from the L2 segment would never reach a container. A rule of ours stands in
Docker's chain for rules of others, else in FORWARD; it is found again by its comment.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bridgekit.netlink.links import list_links
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.system.process import CommandError, run

ALIAS = "bridgekit"
"""Marks the host's ends of the links that `attach` made."""

SEEN_BY_IPTABLES = Path("/proc/sys/net/bridge/bridge-nf-call-iptables")
MARK = ("-m", "comment", "--comment", "bridgekit", "-j", "ACCEPT")
IPTABLES = ("iptables", "--wait", "5")
CHAINS = ("DOCKER-USER", "FORWARD")

Match = tuple[str, ...]


def open_bridge(bridge: str) -> bool:
    """Equivalent to: iptables -I DOCKER-USER -i BRIDGE -o BRIDGE -j ACCEPT; tell if it was done."""
    seen = SEEN_BY_IPTABLES.exists() and SEEN_BY_IPTABLES.read_text().strip() == "1"
    return seen and _open(_bridge(bridge))


@contextmanager
def opened(bridge: str) -> Iterator[None]:
    """Within, the bridge's frames pass; afterwards as before."""
    made = open_bridge(bridge)
    try:
        yield
    finally:
        if made:
            close_bridge(bridge)


def close_bridge(bridge: str) -> None:
    """Remove that rule, if there is one."""
    _close(_bridge(bridge))


def close_if_unused(bridge: str) -> None:
    """Remove that rule if no port of the bridge was made by `attach`."""
    with NetlinkSocket() as sock:
        ports = [link for link in list_links(sock) if link.controller == bridge]
    if not any(port.alias == ALIAS for port in ports):
        close_bridge(bridge)


def open_link(link: str) -> None:
    """Let packets from the link pass, and the answers to them."""
    for match in _link(link):
        _open(match)


def close_link(link: str) -> None:
    """Remove those rules, if there are any."""
    for match in _link(link):
        _close(match)


def _bridge(bridge: str) -> Match:
    return ("-i", bridge, "-o", bridge)


def _link(link: str) -> tuple[Match, ...]:
    return (("-i", link), ("-o", link, "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED"))


def _open(match: Match) -> bool:
    if not _drops():
        return False
    chain = next(chain for chain in CHAINS if _iptables("-S", chain) is not None)
    missing = _iptables("-C", chain, *match, *MARK) is None
    if missing:
        run(*IPTABLES, "-I", chain, *match, *MARK)
    return missing


def _close(match: Match) -> None:
    if not shutil.which("iptables"):
        return
    for chain in CHAINS:
        while _iptables("-D", chain, *match, *MARK) is not None:
            pass


def _drops() -> bool:
    """Return whether the policy of the chain FORWARD is DROP."""
    rules = _iptables("-S", "FORWARD") if shutil.which("iptables") else None
    return (rules or "").startswith("-P FORWARD DROP")


def _iptables(*words: str) -> str | None:
    with suppress(CommandError):
        return run(*IPTABLES, *words)
    return None
