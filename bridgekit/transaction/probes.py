"""Is the host as reachable as before? Only what answered before a change must answer after it.

A probe is written KIND:TARGET: gateway:IP (ARP or NDP), ping:HOST, tcp:HOST:PORT, http:URL,
cmd:COMMAND.
"""

import shlex
import socket
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from ipaddress import ip_address

from bridgekit.errors import BridgekitError, UsageError
from bridgekit.host.command import run
from bridgekit.host.netlink import reach
from bridgekit.model.routes import RouteSet

TRY_SECONDS = 2.0
HANDFUL = 4
SETTLE_SECONDS = 8.0
"""How long an answer may take to come back after a change."""


def _ping(target: str, link: str) -> None:
    run("ping", "-n", "-c", "1", "-W", "1", target)


def _tcp(target: str, link: str) -> None:
    host, _, port = target.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), TRY_SECONDS).close()


def _http(target: str, link: str) -> None:
    urllib.request.urlopen(f"http:{target}", timeout=TRY_SECONDS).close()


def _command(target: str, link: str) -> None:
    run(*shlex.split(target), timeout=SETTLE_SECONDS)


def _gateway(target: str, link: str) -> None:
    if not reach.answers(target, link, TRY_SECONDS):
        raise BridgekitError(f"{target} does not answer on {link}")


KINDS: dict[str, Callable[[str, str], None]] = {
    "gateway": _gateway,
    "ping": _ping,
    "tcp": _tcp,
    "http": _http,
    "cmd": _command,
}


def check(probe: str) -> str:
    """Return the probe; UsageError if it is not KIND:TARGET."""
    kind, _, target = probe.partition(":")
    if kind not in KINDS or not target or not _is_target(kind, target):
        raise UsageError(f"{probe!r} is no probe; write one of {', '.join(KINDS)}, then :TARGET")
    return probe


def _is_target(kind: str, target: str) -> bool:
    try:
        if kind == "gateway":
            ip_address(target)
        if kind == "tcp":
            return 0 < int(target.rpartition(":")[2]) < 65536
        return bool(shlex.split(target))
    except ValueError:
        return False


def answering(probes: tuple[str, ...], link: str) -> tuple[str, ...]:
    """Return the probes that are answered now, tried once each."""
    return tuple(probe for probe in probes if _answers(probe, link))


def silent(probes: tuple[str, ...], link: str) -> tuple[str, ...]:
    """Return the probes that stay unanswered for the whole settle time."""
    deadline = time.monotonic() + SETTLE_SECONDS
    left = tuple(probe for probe in probes if not _answers(probe, link))
    while left and time.monotonic() < deadline:
        left = tuple(probe for probe in left if not _answers(probe, link))
    return left


def _answers(probe: str, link: str) -> bool:
    kind, _, target = probe.partition(":")
    try:
        KINDS[kind](target, link)
    except (OSError, ValueError, HTTPException, BridgekitError):
        return False
    return True


def gateways(routes: RouteSet, link: str) -> tuple[str, ...]:
    """Return a probe for each router that is used over this link, at most a handful."""
    found: dict[str, None] = {}
    for message in routes.naming(link).messages:
        for packed, _ in routes.gateways(message, link):
            found[f"gateway:{ip_address(packed)}"] = None
        if len(found) >= HANDFUL:
            break
    return tuple(found)[:HANDFUL]
