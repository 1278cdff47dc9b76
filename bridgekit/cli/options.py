"""Arguments and options that several verbs share."""

import os
from collections.abc import Callable
from copy import copy
from functools import wraps
from pathlib import Path
from typing import Any, get_args

import click

from bridgekit.errors import UsageError
from bridgekit.state.dialect import DialectName
from bridgekit.transaction.store import DEFAULT_FOLDER, Store

Command = Callable[..., Any]
DEFAULT_BRIDGE = "br0"


class RenamedOption(click.Option):
    """An option whose old names are still accepted; help shows the first name alone."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the help of the first name."""
        shown = copy(self)
        shown.opts = self.opts[:1]
        return click.Option.get_help_record(shown, ctx)


def _not_empty(_: click.Context, __: click.Parameter, nic: str | None) -> str | None:
    """Refuse an empty NIC: a script's empty variable must not mean that of the default route."""
    if nic == "":
        raise UsageError("the NIC's name is empty; nothing was changed")
    return nic


def _printable(_: click.Context, __: click.Parameter, path: Path) -> Path:
    """Refuse a path that plans and journals, which keep it as text, cannot hold."""
    if not str(path).isprintable():
        raise UsageError(f"{str(path)!r} cannot be read by a person; nothing was changed")
    return path


nic_argument = click.argument("nic", required=False, callback=_not_empty)
bridge_option = click.option(
    "--bridge", default=DEFAULT_BRIDGE, show_default=True, help="The bridge."
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")
interfaces_option = click.option(
    "--interfaces-file",
    callback=_printable,
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("/etc/network/interfaces"),
    show_default=True,
    help="The interfaces(5) file.",
)
dialect_option = click.option(
    "--dialect",
    "--flavour",
    cls=RenamedOption,
    type=click.Choice(get_args(DialectName)),
    help="Which ifupdown shall read the interfaces file; without it the one that is installed.",
)
_state_dir = click.option(
    "--state-dir",
    callback=_printable,
    type=click.Path(path_type=Path, file_okay=False),
    envvar="BRIDGEKIT_STATE_DIR",
    default=DEFAULT_FOLDER,
    show_default=True,
    help="Where state is kept; one place for all of a host.",
)


def store_option(command: Command) -> Command:
    """Give a verb --state-dir; it gets the `store` in it."""

    @_state_dir
    @wraps(command)
    def wrapped(state_dir: Path, **values: Any) -> Any:
        return command(store=Store(state_dir.absolute()), **values)

    return wrapped


def state_dir_option(command: Command) -> Command:
    """Give a verb --state-dir; it gets the absolute `state_dir`."""

    @_state_dir
    @wraps(command)
    def wrapped(state_dir: Path, **values: Any) -> Any:
        return command(state_dir=state_dir.absolute(), **values)

    return wrapped


def bridge_argument(default: str | None) -> Callable[[Command], Command]:
    """Let a verb take its bridge as an argument or, as elsewhere, by --bridge."""

    def add(command: Command) -> Command:
        @click.argument("bridge", required=False)
        @click.option("--bridge", "named", metavar="NAME", default=default, help="The same.")
        @wraps(command)
        def wrapped(bridge: str | None, named: str | None, **values: Any) -> Any:
            return command(bridge=bridge or named, **values)

        return wrapped

    return add


def interactive() -> bool:
    """Return whether a person is at both ends."""
    return os.isatty(0) and os.isatty(2)
