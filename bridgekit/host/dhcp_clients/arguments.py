"""What a DHCP client was told, as far as it can be told again on another link."""

from collections.abc import Callable
from pathlib import PurePath

from msgspec import Struct, field
from msgspec.structs import replace

from bridgekit.state.dhcp_client import DhcpClient


class Options(Struct, frozen=True):
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
    "udhcpc": Options(
        kept=frozenset({"-B", "-C", "-R", "-S", "-o"}),
        valued=frozenset({"-A", "-F", "-O", "-T", "-V", "-s", "-t", "-x"}),
        own=frozenset({"-i", "-p", "-r"}),
        once=frozenset({"-b", "-n"}),
    ),
}


PATHS = frozenset({"-cf", "-df", "-lf", "-pf", "-sf", "-p", "-s"})


class _Told(Struct):
    """Arguments, told apart."""

    kept: tuple[str, ...] = ()
    own: dict[str, str] = field(default_factory=dict)
    rest: tuple[str, ...] = ()


def understood(argv: tuple[str, ...], link: str) -> DhcpClient | None:
    """Return the client, if it is one of this link alone and was told nothing that we do not know.

    Without its address, which its words do not say.
    """
    program = PurePath(argv[0]).name
    told = _told(OPTIONS[program], argv[1:]) if program in OPTIONS else None
    if told is None or not all(word.isprintable() for word in argv):
        return None
    return _MAKERS[program](told, link)


def _told(options: Options, words: tuple[str, ...]) -> _Told | None:
    """None if one is an option that we do not know, or a path that we do not know from where."""
    told, left = _Told(), iter(words)
    for word in left:
        value = next(left, "") if word in options.valued | options.own else ""
        if word in PATHS and not value.startswith("/"):
            return None
        if word in options.valued:
            told.kept += (word, value)
        elif word in options.own:
            told.own[word] = value
        elif word in options.kept:
            told.kept += (word,)
        elif word.startswith("-") and word not in options.once:
            return None
        elif word not in options.once:
            told.rest += (word,)
    return told


def _dhclient(told: _Told, link: str) -> DhcpClient | None:
    pid_file = told.own.get("-pf", "/run/dhclient.pid")
    leases = told.own.get("-lf", "/var/lib/dhcp/dhclient.leases")
    return (
        DhcpClient("dhclient", link, told.kept, pid_file, leases) if told.rest == (link,) else None
    )


def _udhcpc(told: _Told, link: str) -> DhcpClient | None:
    if told.rest or told.own.get("-i") != link:
        return None
    pid_file = told.own.get("-p", f"/run/udhcpc.{link}.pid")
    client = DhcpClient("udhcpc", link, told.kept, pid_file)
    ours = without_script(client)
    return replace(client, words=told.kept[:-2]) if told.kept[-2:] == ours else client


_MAKERS: dict[str, Callable[[_Told, str], DhcpClient | None]] = {
    "dhclient": _dhclient,
    "udhcpc": _udhcpc,
}


def without_script(client: DhcpClient) -> tuple[str, ...]:
    """What we tell udhcpc besides, so that it does not begin by flushing the link's addresses."""
    return ("-s", script_override(client)) if client.program == "udhcpc" else ()


def script_override(client: DhcpClient) -> str:
    """The path of the script in front of the real one: not in /run, which may be `noexec`."""
    return f"/var/lib/misc/bridgekit-{client.program}.{client.link}"
