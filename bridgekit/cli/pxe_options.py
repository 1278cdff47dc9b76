"""The options of a PXE service, for `pxe up` and, with a prefix, for `plan` and `apply`."""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from bridgekit.cli.options import Command
from bridgekit.planning.pxe_options import ENGINES, MODES, RELEASES, PxeOptions

DEFAULTS = PxeOptions()
FLAGS = {"nat": "no-nat"}
"""Options that are not called like their field."""


def pxe_options(prefix: str = "") -> Callable[[Command], Command]:
    """Give a verb the options of a PXE service; it gets them as `pxe`.

    `prefix` is "" or one like "pxe-", which stands before each name.
    """
    word = prefix.replace("-", "_")

    def add(command: Command) -> Command:
        @wraps(command)
        def wrapped(**values: Any) -> Any:
            names = PxeOptions.__struct_fields__
            pxe = PxeOptions(**{name: values.pop(f"{word}{name}") for name in names})
            return command(pxe=pxe, **values)

        for name, keywords in reversed(_OPTIONS.items()):
            flag = f"--{prefix}{FLAGS.get(name, name.replace('_', '-'))}"
            wrapped = click.option(flag, f"{word}{name}", **keywords)(wrapped)
        return wrapped

    return add


def _first_and_last(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[str, str] | None:
    if value is None:
        return None
    first, comma, last = value.partition(",")
    if not comma:
        raise click.BadParameter("write FIRST,LAST, like 192.168.242.101,192.168.242.199")
    return first.strip(), last.strip()


def _absolute(_context: click.Context, _parameter: click.Parameter, path: str | None) -> str | None:
    return path and os.path.abspath(path)


def _negated(_context: click.Context, _parameter: click.Parameter, value: bool) -> bool:
    return not value


def _shown(default: object, **keywords: Any) -> dict[str, Any]:
    return {"default": default, "show_default": True, **keywords}


_OPTIONS: dict[str, dict[str, Any]] = {
    "engine": _shown(
        DEFAULTS.engine,
        type=click.Choice(ENGINES),
        help="What runs it; auto takes the first that works.",
    ),
    "address": _shown(
        DEFAULTS.address,
        metavar="ADDRESS/LEN",
        help="The service's own address; lan and proxy find one.",
    ),
    "range": {
        "metavar": "FIRST,LAST",
        "callback": _first_and_last,
        "help": "Addresses for clients [.101 to .199 of the subnet].",
    },
    "lease": _shown(
        DEFAULTS.lease,
        metavar="TIME",
        help="How long a client keeps its address: 30m, 1h, 2d, infinite.",
    ),
    "mode": _shown(
        DEFAULTS.mode,
        type=click.Choice(MODES),
        help="isolated: a subnet of its own; lan: the host's own; proxy: beside another DHCP"
        " server; auto: proxy if there is one, else isolated.",
    ),
    "image": {"metavar": "NAME", "help": "Run this image instead of our own."},
    "release": _shown(
        DEFAULTS.release,
        type=click.Choice(RELEASES),
        multiple=True,
        help="A Debian release to offer; several times for several.",
    ),
    "default": {
        "default": DEFAULTS.default,
        "metavar": "ENTRY",
        "help": "The entry that starts by itself [the first release's installer].",
    },
    "site": {
        "metavar": "DIR",
        "type": click.Path(exists=True, file_okay=False),
        "callback": _absolute,
        "help": "Your own catalogue, machines, answer files, kernels: docs/pxe.md.",
    },
    "only_known": {
        "is_flag": True,
        "help": "Serve the machines of your machines.toml and no other.",
    },
    "firmware": {
        "is_flag": True,
        "help": "Hand non-free firmware to the installer, for hardware that needs it.",
    },
    "ipv6": {
        "default": DEFAULTS.ipv6,
        "metavar": "ADDRESS/64",
        "help": "Serve IPv6 as well; the service's own address, like fd00:242::1/64.",
    },
    "nat": {
        "is_flag": True,
        "callback": _negated,
        "help": "Clients reach nothing beyond their own subnet.",
    },
    "append": {
        "default": DEFAULTS.append,
        "metavar": "ARGS",
        "help": "More arguments for the clients' kernel, like console=ttyS0.",
    },
    "menu_timeout": _shown(
        DEFAULTS.menu_timeout,
        type=int,
        metavar="SECONDS",
        help="How long the boot menu waits.",
    ),
    "beside_dhcp": {
        "is_flag": True,
        "help": "Start even if another DHCP server answers on the bridge.",
    },
}
