"""DHCP clients: which can be handed over to another link, and ending and starting them.

A client is ended by SIGKILL: it can then neither send a release nor run its script, which would
take the address away. What processes and lease files say may be anything.
"""

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bridgekit.errors import BridgekitError
from bridgekit.model.addresses import FOREVER, IPV4, Address
from bridgekit.model.dhcp import DhcpClient

PROC = Path("/proc")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
CONFIGURATION = "/etc/dhcp/dhclient.conf"
NAMESPACES = ("net", "mnt", "pid")
LEASE_BYTES = 1 << 20
END_SECONDS = 5.0
LEASE_SECONDS = 10.0
"""How long a server may take to confirm a lease; the client goes on asking after that."""
Read = Callable[[Path], bytes | None]
Write = Callable[[Path, bytes, Path], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What a client may have been told and still be handed over.

    `kept` are flags and `valued` options with a value that go on with it; `own` are options whose
    value belongs to the link; `once` are flags about its first start.
    """

    kept: frozenset[str]
    valued: frozenset[str]
    own: frozenset[str]
    once: frozenset[str]


OPTIONS = {
    "dhclient": Options(
        kept=frozenset({"-4", "-i", "-I", "-q", "-v"}),
        valued=frozenset({"-cf", "-df", "-e", "-sf"}),
        own=frozenset({"-pf", "-lf"}),
        once=frozenset({"-1", "-nw"}),
    ),
}


def clients(link: str, addresses: Iterable[Address]) -> tuple[tuple[int, DhcpClient], ...]:
    """Return the clients of this link that can be handed over, each with its process.

    Only root's, and only what runs among the caller's own files and processes.
    """
    ours = [address.ip for address in addresses if address.family == IPV4]
    found = ((pid, _client(words, link, ours)) for pid, words in _processes())
    return tuple((pid, client) for pid, client in found if client)


def stop(client: DhcpClient, undoing: bool = False) -> None:
    """End the client and wait until it is gone; BridgekitError if there is none to be ended."""
    pids = [pid for pid, words in _processes() if _is_of(words, client)]
    if not pids and not undoing:
        raise BridgekitError(f"there is no {client} any more; it ended by itself")
    for pid in pids:
        _kill(pid, client)
    with contextlib.suppress(OSError):
        Path(client.pid_file).unlink()


def inherit(client: DhcpClient, other: DhcpClient, read: Read, write: Write) -> int | None:
    """Give the client the newest lease of the two; return for how many seconds it was granted.

    Without the routers in it: if no server answers, dhclient's script asks the router instead, and
    takes every address of the link away if that is silent too.
    """
    newest = max((other, client), key=lambda one: _changed(one.leases))
    path = Path(newest.leases)
    text = read(path)
    if text is None:
        return None
    if len(text) > LEASE_BYTES:
        raise BridgekitError(f"{path} has {len(text)} bytes: that is no lease file")
    text = text.replace(b'interface "%s";' % newest.link.encode(), _interface(client))
    text = re.sub(rb"(?m)^\s*option routers [^;]*;\n", b"", text)
    write(Path(client.leases), text, path)
    return _granted(text)


def start(client: DhcpClient, apart: tuple[str, ...] = ()) -> None:
    """Start the client and wait, within limits, until it has its lease and goes to the background.

    `apart` are the words in front of the command that keep it from ending with the caller.
    """
    if any(_is_of(words, client) for _, words in _processes()):
        return
    program = shutil.which(client.program, path=PATH)
    if program is None:
        raise BridgekitError(f"{client.program} is not installed any more")
    with tempfile.TemporaryFile() as told:
        process = subprocess.Popen(
            (*apart, program, *client.argv[1:]),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=told,
            env={"PATH": PATH},
            cwd="/",
            start_new_session=True,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            if process.wait(LEASE_SECONDS):
                told.seek(0)
                words = told.read()[-500:].decode(errors="replace").strip()
                raise BridgekitError(f"{client} ended with {process.returncode}: {words}")


def _processes() -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield root's DHCP clients in our namespaces, each with its words."""
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError, UnicodeDecodeError):
            words = (folder / "cmdline").read_bytes().decode().split("\0")[:-1]
            if words and Path(words[0]).name in OPTIONS and _is_ours(folder):
                yield int(folder.name), tuple(words)


def _is_ours(folder: Path) -> bool:
    status = (folder / "status").read_text()
    return "\nUid:\t0\t0\t0\t0\n" in status and all(
        os.path.samefile(folder / "ns" / kind, PROC / "self/ns" / kind) for kind in NAMESPACES
    )


def _is_of(words: tuple[str, ...], client: DhcpClient) -> bool:
    """Is it a client of this kind for this link?"""
    found = _client(words, client.link, [])
    return found is not None and found.program == client.program


def _client(words: tuple[str, ...], link: str, addresses: list[str]) -> DhcpClient | None:
    """Return the client, if it is one of this link alone and does nothing that we do not know."""
    program = Path(words[0]).name
    told = _told(OPTIONS[program], words[1:])
    if told is None or not all(word.isprintable() for word in words):
        return None
    kept, own, links = told
    if links != [link] or _configured_by_name(kept, link):
        return None
    leases = own.get("-lf", "/var/lib/dhcp/dhclient.leases")
    return DhcpClient(
        program,
        link,
        tuple(kept),
        own.get("-pf", "/run/dhclient.pid"),
        leases,
        _address(leases, addresses),
    )


def _told(
    options: Options, words: tuple[str, ...]
) -> tuple[list[str], dict[str, str], list[str]] | None:
    """Tell apart what is kept, what is the link's own, and the links; None if one is unknown."""
    kept: list[str] = []
    own: dict[str, str] = {}
    links: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in options.valued:
            kept += [word, next(rest, "")]
        elif word in options.own:
            own[word] = next(rest, "")
        elif word in options.kept:
            kept.append(word)
        elif word.startswith("-") and word not in options.once:
            return None
        elif word not in options.once:
            links.append(word)
    return kept, own, links


def _configured_by_name(words: list[str], link: str) -> bool:
    """Does dhclient's configuration have a part of its own for this link?"""
    path = words[words.index("-cf") + 1] if "-cf" in words else CONFIGURATION
    try:
        text = re.sub(rb"#.*", b"", Path(path).read_bytes())
        return f'"{link}"'.encode() in text
    except OSError:
        return "-cf" in words


def _address(leases: str, addresses: list[str]) -> str:
    """The address of the last lease, if the link has it."""
    with contextlib.suppress(OSError):
        found = re.findall(rb"fixed-address ([0-9.]+);", Path(leases).read_bytes())
        return next((ip for ip in addresses if found and ip.encode() == found[-1]), "")
    return ""


def _changed(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0


def _interface(client: DhcpClient) -> bytes:
    return b'interface "%s";' % client.link.encode()


def _granted(text: bytes) -> int | None:
    seconds = re.findall(rb"option dhcp-lease-time (\d{1,10});", text)
    return min(int(seconds[-1]), FOREVER) if seconds else None


def _kill(pid: int, client: DhcpClient) -> None:
    """The process is held while it is looked at again: its number may be another's by now."""
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(pid)
        try:
            if (pid, True) in ((one, _is_of(words, client)) for one, words in _processes()):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                if not select.select([handle], [], [], END_SECONDS)[0]:
                    raise BridgekitError(f"{client} (process {pid}) does not end")
        finally:
            os.close(handle)
