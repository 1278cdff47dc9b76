"""Probe that the host is as reachable as before: what answered before a change must after it.

A probe is written KIND:TARGET: gateway:IP (ARP or NDP), ping:HOST, tcp:HOST:PORT, http:URL,
dns:IP, cmd:COMMAND, and ssh:CONNECTION, where that is what sshd calls SSH_CONNECTION. A name server
that answered with another code than NOERROR before is dns:IP=CODE.
"""

import shlex
import socket
import time
from collections.abc import Callable
from ipaddress import ip_address

from bridgekit.errors import BridgekitError, UsageError
from bridgekit.host import neighbour_probe
from bridgekit.netlink import sock_diag
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.system import ssh_session
from bridgekit.system.process import run
from bridgekit.transaction import name_servers

TRY_SECONDS = 2.0
MAX_PROBES = 4
RETRY_SECONDS = 0.1
SETTLE_SECONDS = 8.0
"""How long an answer may take to come back after a change."""


def _ping(target: str, link: str) -> None:
    run("ping", "-n", "-c", "1", "-W", "1", "--", target)


def _tcp(target: str, link: str) -> None:
    host, _, port = target.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), TRY_SECONDS).close()


def _http(target: str, link: str) -> None:
    import urllib.request  # slow to import, and seldom needed
    from http.client import HTTPException

    try:
        urllib.request.urlopen(f"http:{target}", timeout=TRY_SECONDS).close()
    except HTTPException as error:
        raise BridgekitError(f"no HTTP from {target}: {error!r}") from error


def _command(target: str, link: str) -> None:
    run(*shlex.split(target), timeout=SETTLE_SECONDS)


def _gateway(target: str, link: str) -> None:
    if not neighbour_probe.answers(target, link, TRY_SECONDS):
        raise BridgekitError(f"{target} does not answer on {link}")


def _dns(target: str, link: str) -> None:
    server, _, before = target.partition("=")
    code = name_servers.code_of(server)
    if code not in (name_servers.NOERROR, before):
        raise BridgekitError(f"{server} answers with {code}")


def _ssh(target: str, link: str) -> None:
    client, client_port, server, server_port = target.split(" ")
    if not sock_diag.all_acknowledged((server, int(server_port)), (client, int(client_port))):
        raise BridgekitError(f"{client} acknowledges nothing any more")


KINDS: dict[str, Callable[[str, str], None]] = {
    "gateway": _gateway,
    "ping": _ping,
    "tcp": _tcp,
    "http": _http,
    "dns": _dns,
    "ssh": _ssh,
    "cmd": _command,
}


def parse_probe(probe: str) -> str:
    """Return the probe; UsageError if it is not KIND:TARGET."""
    kind, _, target = probe.partition(":")
    if kind not in KINDS or not target or not _is_target(kind, target):
        raise UsageError(f"{probe!r} is no probe; write one of {', '.join(KINDS)}, then :TARGET")
    return probe


def _is_target(kind: str, target: str) -> bool:
    try:
        if kind in ("gateway", "dns"):
            ip_address(target.partition("=")[0] if kind == "dns" else target)
        if kind == "ssh":
            client, client_port, server, server_port = target.split(" ")
            versions = {ip_address(host).version for host in (client, server)}
            return len(versions) == 1 and _is_port(client_port) and _is_port(server_port)
        if kind == "tcp":
            host, _, port = target.rpartition(":")
            return bool(host) and _is_port(port)
        return bool(shlex.split(target))
    except ValueError:
        return False


def _is_port(text: str) -> bool:
    return 0 < int(text) < 65536


def answering(probes: tuple[str, ...], link: str) -> tuple[str, ...]:
    """Return the probes that are answered now, tried once each; of name servers also how."""
    return tuple(found for one in probes if (found := _answered(one, link)))


def _answered(probe: str, link: str) -> str:
    """Return the probe if it is answered, of a name server with a code other than NOERROR."""
    kind, _, server = probe.partition(":")
    if kind != "dns" or "=" in server:
        return probe if _answers(probe, link) else ""
    try:
        code = name_servers.code_of(server)
    except (OSError, BridgekitError):
        return ""
    return probe if code == name_servers.NOERROR else f"{probe}={code}"


def unanswered(probes: tuple[str, ...], link: str) -> tuple[str, ...]:
    """Return the probes that stay unanswered for the whole settle time."""
    deadline = time.monotonic() + SETTLE_SECONDS
    left = tuple(probe for probe in probes if not _answers(probe, link))
    while left and time.monotonic() < deadline:
        time.sleep(RETRY_SECONDS)  # a name server says SERVFAIL at once
        left = tuple(probe for probe in left if not _answers(probe, link))
    return left


def _answers(probe: str, link: str) -> bool:
    kind, _, target = probe.partition(":")
    try:
        KINDS[kind](target, link)
    except (OSError, ValueError, BridgekitError):
        return False
    return True


def resolver_probes() -> tuple[str, ...]:
    """Return a probe for each name server of this host, at most a handful."""
    return tuple(f"dns:{one}" for one in name_servers.servers())[:MAX_PROBES]


def ssh_probe() -> tuple[str, ...]:
    """Return a probe for the SSH connection that the caller came by, if there is one."""
    found = ssh_session.connection()
    return (f"ssh:{found}",) if found and _is_target("ssh", found) else ()


def gateway_probes(routes: RouteSet, link: str) -> tuple[str, ...]:
    """Return a probe for each router that is used over this link, at most a handful."""
    found: dict[str, None] = {}
    for message in routes.on_link(link).representatives():
        for packed, _ in routes.gateways(message, link):
            found[f"gateway:{ip_address(packed)}"] = None
        if len(found) >= MAX_PROBES:
            break
    return tuple(found)[:MAX_PROBES]
