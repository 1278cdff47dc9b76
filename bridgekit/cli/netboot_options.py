"""The options of a PXE service, for `pxe up` and, with a prefix, for `plan` and `apply`."""

import os
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, cast

import click

from bridgekit.pxe import spec
from bridgekit.pxe.spec import PxeSpec

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[F], F]
DEFAULTS = PxeSpec()


def service_options(prefix: str = "") -> Callable[[F], F]:
    """Add every option of a PXE service to a command; `prefix` is "" or like "pxe-".

    Their values reach the command under their names with underscores: `pxe_range`, …
    """

    def add(command: F) -> F:
        for option in reversed(_options(prefix)):
            command = option(command)
        return command

    return add


def service_from(params: Mapping[str, Any], prefix: str, bridge: str) -> PxeSpec:
    """The service that the options describe, out of a command's parameters; not checked yet."""
    word = prefix.replace("-", "_")
    return PxeSpec(
        bridge=bridge,
        engine=params[f"{word}engine"],
        address=params[f"{word}address"],
        range=params[f"{word}range"],
        lease=params[f"{word}lease"],
        mode=params[f"{word}mode"],
        image=params[f"{word}image"],
        release=params[f"{word}release"],
        nat=not params[f"{word}no_nat"],
        append=params[f"{word}append"],
        default=params[f"{word}default"],
        site=params[f"{word}site"] and os.path.abspath(params[f"{word}site"]),
        ipv6=params[f"{word}ipv6"],
        only_known=params[f"{word}only_known"],
        firmware=params[f"{word}firmware"],
        menu_timeout=params[f"{word}menu_timeout"],
        beside_dhcp=params[f"{word}beside_dhcp"],
    )


def _first_and_last(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[str, str] | None:
    if value is None:
        return None
    first, comma, last = value.partition(",")
    if not comma:
        raise click.BadParameter("write FIRST,LAST, like 192.168.242.101,192.168.242.199")
    return first.strip(), last.strip()


def _options(prefix: str) -> tuple[Option[Any], ...]:
    flag = f"--{prefix}"
    choice = click.Choice
    return (
        click.option(f"{flag}engine", type=choice(spec.ENGINES), default=DEFAULTS.engine,
                     show_default=True, help="What runs it; auto takes the first that works."),
        click.option(f"{flag}address", metavar="ADDRESS/LEN", default=DEFAULTS.address,
                     show_default=True, help="The service's own address; lan and proxy find one."),
        click.option(f"{flag}range", metavar="FIRST,LAST", callback=_first_and_last,
                     help="Addresses for clients [.101 to .199 of the subnet]."),
        click.option(f"{flag}lease", metavar="TIME", default=DEFAULTS.lease, show_default=True,
                     help="How long a client keeps its address: 30m, 1h, 2d, infinite."),
        click.option(f"{flag}mode", type=choice(spec.MODES), default=DEFAULTS.mode,
                     show_default=True,
                     help="isolated: a subnet of its own; lan: the host's own; proxy: beside "
                     "another DHCP server; auto: proxy if there is one, else isolated."),
        click.option(f"{flag}image", metavar="NAME", help="Run this image instead of our own."),
        click.option(f"{flag}release", type=choice(spec.RELEASES), default=DEFAULTS.release,
                     show_default=True, multiple=True,
                     help="A Debian release to offer; several times for several."),
        click.option(f"{flag}default", metavar="ENTRY", default=DEFAULTS.default,
                     help="The entry that starts by itself [the first release's installer]."),
        click.option(f"{flag}site", metavar="DIR", type=click.Path(exists=True, file_okay=False),
                     help="Your own catalogue, machines, answer files, kernels: docs/pxe.md."),
        click.option(f"{flag}only-known", is_flag=True,
                     help="Serve the machines of your machines.toml and no other."),
        click.option(f"{flag}firmware", is_flag=True,
                     help="Hand non-free firmware to the installer, for cards that need it."),
        click.option(f"{flag}ipv6", metavar="ADDRESS/64", default=DEFAULTS.ipv6,
                     help="IPv6 for clients as well, like fd00:242::1/64: its own address there."),
        click.option(f"{flag}no-nat", is_flag=True, help="Clients get no way out of their wire."),
        click.option(f"{flag}append", metavar="ARGS", default=DEFAULTS.append,
                     help="More arguments for the clients' kernel, like console=ttyS0."),
        click.option(f"{flag}menu-timeout", type=int, metavar="SECONDS", show_default=True,
                     default=DEFAULTS.menu_timeout, help="How long the boot menu waits."),
        click.option(f"{flag}beside-dhcp", is_flag=True,
                     help="Start even if another DHCP server answers on the wire."),
    )  # fmt: skip


def bridge_words(default: str | None) -> Callable[[F], F]:
    """Let a verb take its bridge as a word or, as elsewhere, by --bridge."""

    def add(command: F) -> F:
        @click.argument("bridge", required=False)
        @click.option("--bridge", "named", metavar="NAME", default=default, help="The same.")
        @wraps(command)
        def wrapped(bridge: str | None, named: str | None, **rest: Any) -> Any:
            return command(bridge=bridge or named, **rest)

        return cast(F, wrapped)

    return add


on_bridge = bridge_words(DEFAULTS.bridge)
