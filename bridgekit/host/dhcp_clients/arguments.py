"""The arguments of a DHCP client, as far as it can be started with them on another link."""

from collections.abc import Callable
from pathlib import PurePath

from msgspec import Struct, field
from msgspec.structs import replace

from bridgekit.state.dhcp_client import DhcpClient


class Options(Struct, frozen=True):
    """The options with which a client can be handed over.

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
    "udhcpc": Options(
        kept=frozenset({"-B", "-C", "-R", "-S", "-o"}),
        valued=frozenset({"-A", "-F", "-O", "-T", "-V", "-s", "-t", "-x"}),
        own=frozenset({"-i", "-p", "-r"}),
        once=frozenset({"-b", "-n"}),
    ),
}


PATHS = frozenset({"-cf", "-df", "-lf", "-pf", "-sf", "-p", "-s"})


class _Arguments(Struct):
    """The arguments of a process, by what becomes of them."""

    kept: tuple[str, ...] = ()
    own: dict[str, str] = field(default_factory=dict)
    rest: tuple[str, ...] = ()


def recognise(argv: tuple[str, ...], link: str) -> DhcpClient | None:
    """Return the client, if it is of this link alone and every argument of it is known.

    Its address is not in its arguments.
    """
    program = PurePath(argv[0]).name
    parsed = _parse(OPTIONS[program], argv[1:]) if program in OPTIONS else None
    if parsed is None or not all(word.isprintable() for word in argv):
        return None
    return _MAKERS[program](parsed, link)


def _parse(options: Options, words: tuple[str, ...]) -> _Arguments | None:
    """Sort the arguments; None if one is an unknown option, or a relative path."""
    parsed, left = _Arguments(), iter(words)
    for word in left:
        value = next(left, "") if word in options.valued | options.own else ""
        if word in PATHS and not value.startswith("/"):
            return None
        if word in options.valued:
            parsed.kept += (word, value)
        elif word in options.own:
            parsed.own[word] = value
        elif word in options.kept:
            parsed.kept += (word,)
        elif word.startswith("-") and word not in options.once:
            return None
        elif word not in options.once:
            parsed.rest += (word,)
    return parsed


def _dhclient(parsed: _Arguments, link: str) -> DhcpClient | None:
    pid_file = parsed.own.get("-pf", "/run/dhclient.pid")
    leases = parsed.own.get("-lf", "/var/lib/dhcp/dhclient.leases")
    return (
        DhcpClient("dhclient", link, parsed.kept, pid_file, leases)
        if parsed.rest == (link,)
        else None
    )


def _udhcpc(parsed: _Arguments, link: str) -> DhcpClient | None:
    if parsed.rest or parsed.own.get("-i") != link:
        return None
    pid_file = parsed.own.get("-p", f"/run/udhcpc.{link}.pid")
    client = DhcpClient("udhcpc", link, parsed.kept, pid_file)
    ours = without_script(client)
    return replace(client, words=parsed.kept[:-2]) if parsed.kept[-2:] == ours else client


_MAKERS: dict[str, Callable[[_Arguments, str], DhcpClient | None]] = {
    "dhclient": _dhclient,
    "udhcpc": _udhcpc,
}


def without_script(client: DhcpClient) -> tuple[str, ...]:
    """Return the arguments that keep udhcpc from flushing the link's addresses at its start."""
    return ("-s", script_override(client)) if client.program == "udhcpc" else ()


def script_override(client: DhcpClient) -> str:
    """Return the path of the script in front of the real one: /run may be `noexec`."""
    return f"/var/lib/misc/bridgekit-{client.program}.{client.link}"
