"""End a DHCP client and start one, with an address that must not go away meanwhile.

A client is ended by SIGKILL: it can then neither send a release nor run its script, which would
take the address away.
"""

import contextlib
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

from bridgekit.errors import BridgekitError
from bridgekit.host.dhcp_clients import dhcpcd
from bridgekit.host.dhcp_clients.arguments import script_override, without_script
from bridgekit.host.dhcp_clients.discovery import processes_of
from bridgekit.state.address import FOREVER
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.system import atomic_file

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UDHCPC_SCRIPT = "/etc/udhcpc/default.script"
FIRST_EVENT = '#!/bin/sh\nexec ln -sf {} "$0"\n'
"""A script that gives its place to another one instead of running it."""
LEASE_BYTES = 1 << 20
END_SECONDS = 5.0
LEASE_SECONDS = 10.0
"""How long a server may take to confirm a lease; the client goes on asking after that."""


def stop(client: DhcpClient, rolling_back: bool = False) -> None:
    """End the client and wait until it is gone; BridgekitError if there is none to be ended."""
    pids = processes_of(client)
    if not pids and not rolling_back:
        raise BridgekitError(f"there is no {client} any more; it ended by itself")
    _kill(pids, client)
    for path in (client.pid_file, script_override(client), dhcpcd.note(client.link)):
        with contextlib.suppress(OSError):
            Path(path).unlink()


def _kill(pids: tuple[int, ...], client: DhcpClient) -> None:
    """Kill the processes by handles opened before a second look: a PID may be reused by now."""
    with contextlib.ExitStack() as stack:
        held = {}
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                held[pid] = os.pidfd_open(pid)
                stack.callback(os.close, held[pid])
        still = processes_of(client)
        handles = [handle for pid, handle in held.items() if pid in still]
        for handle in handles:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
        for handle in handles:
            if not select.select([handle], [], [], END_SECONDS)[0]:
                raise BridgekitError(f"{client} does not end: process {pids[0]}")


def inherit(client: DhcpClient, other: DhcpClient) -> int | None:
    """Give the client the newest lease of the two, or what it needs instead.

    Return for how many seconds the lease was granted, if the client does not tell the kernel.
    """
    if client.program == "udhcpc":
        _skip_first_event(client)
        return None
    newest = max((other, client), key=lambda one: _changed(one.leases))
    text = atomic_file.read(Path(newest.leases)) or b""
    if len(text) > LEASE_BYTES:
        raise BridgekitError(f"{newest.leases} has {len(text)} bytes: that is no lease file")
    if client.program == "dhclient":
        text = _for_link(text, newest, client)
    if text:
        atomic_file.write(Path(client.leases), text, Path(newest.leases))
    return _granted(text) if client.program == "dhclient" else None


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0


def _for_link(text: bytes, old: DhcpClient, new: DhcpClient) -> bytes:
    """Return the lease as one of the new link, without its routers.

    If no server answers, dhclient's script asks them instead, and takes every address of the link
    away if they are silent too.
    """
    before, after = (f'interface "{client.link}";'.encode() for client in (old, new))
    return re.sub(rb"(?m)^\s*option routers [^;]*;\n", b"", text.replace(before, after))


def _granted(text: bytes) -> int | None:
    seconds = re.findall(rb"option dhcp-lease-time (\d{1,10});", text)
    return min(int(seconds[-1]), FOREVER) if seconds else None


def _skip_first_event(client: DhcpClient) -> None:
    """Put a script in front of udhcpc's own, which begins by flushing the link's addresses."""
    words, place = client.words, Path(script_override(client))
    script = Path(words[words.index("-s") + 1] if "-s" in words else UDHCPC_SCRIPT)
    if not os.access(script, os.X_OK):
        raise BridgekitError(f"{script}, the script of {client}, cannot be run")
    place.unlink(missing_ok=True)  # a link to the real one, which must not be written to
    atomic_file.write(place, FIRST_EVENT.format(shlex.quote(str(script))).encode(), script)


def start(client: DhcpClient, prefix: tuple[str, ...] = ()) -> None:
    """Start the client and wait, within limits, until it has its lease and goes to the background.

    `prefix` is the command in front of it that keeps it from ending with the caller.
    """
    if processes_of(client):
        return
    program = shutil.which(client.program, path=PATH)
    if program is None:
        raise BridgekitError(f"{client.program} is not installed any more")
    command = program, *client.argv[1:], *without_script(client)
    code = _run((*prefix, *command)) and _run(command)  # better in our own scope than not at all
    if code:
        raise BridgekitError(f"{client} ended with {code}; see the system log")
    if client.program == dhcpcd.PROGRAM:
        dhcpcd.leave_note(client, processes_of(client))


def _run(argv: tuple[str, ...]) -> int:
    """Return its exit code, or 0 if it still asks for a lease when its time is up."""
    devnull = subprocess.DEVNULL
    process = subprocess.Popen(
        argv,
        stdin=devnull,
        stdout=devnull,
        stderr=devnull,
        env={"PATH": PATH},
        cwd="/",
        start_new_session=True,
    )
    try:
        return process.wait(LEASE_SECONDS)
    except subprocess.TimeoutExpired:
        return 0
