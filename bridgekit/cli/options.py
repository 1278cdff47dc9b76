"""Options that several verbs share."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import copy
from functools import wraps
from pathlib import Path
from typing import Any, get_args

import click

from bridgekit.errors import BridgekitError, RefusedError, UsageError
from bridgekit.state.dialect import DialectName
from bridgekit.state.text import LINES, printable
from bridgekit.transaction.store import DEFAULT_FOLDER, Store

SCHEMA = 1
Command = Callable[..., Any]


def _not_empty(_: click.Context, __: click.Parameter, nic: str | None) -> str | None:
    """An empty variable of a script must not mean the NIC of the default route."""
    if nic == "":
        raise UsageError("the NIC's name is empty; nothing was changed")
    return nic


nic_argument = click.argument("nic", required=False, callback=_not_empty)
bridge_option = click.option("--bridge", default="br0", show_default=True, help="The bridge.")
json_option = click.option("--json", "as_json", is_flag=True, help="JSON on standard output.")


def _utf8(_: click.Context, __: click.Parameter, path: Path) -> Path:
    """Plans and journals keep the path as text."""
    if not str(path).isprintable():
        raise UsageError(f"{str(path)!r} cannot be read by a person; nothing was changed")
    return path


interfaces_option = click.option(
    "--interfaces-file",
    callback=_utf8,
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("/etc/network/interfaces"),
    show_default=True,
    help="The interfaces(5) file.",
)


class _RenamedOption(click.Option):
    """An option whose old names are still accepted; help shows the first name alone."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        shown = copy(self)
        shown.opts = self.opts[:1]
        return click.Option.get_help_record(shown, ctx)


dialect_option = click.option(
    "--dialect",
    "--flavour",
    cls=_RenamedOption,
    type=click.Choice(get_args(DialectName)),
    help="Which ifupdown shall read the interfaces file; without it the one that is installed.",
)
_state_dir = click.option(
    "--state-dir",
    callback=_utf8,
    type=click.Path(path_type=Path, file_okay=False),
    envvar="BRIDGEKIT_STATE_DIR",
    default=DEFAULT_FOLDER,
    show_default=True,
    help="Where transactions are kept; one place for all of a host.",
)
_no_color = click.option("--no-color", is_flag=True, help="No colour, even on a terminal.")


def store_options(command: Command) -> Command:
    """Give a verb --state-dir and --no-color; it gets the `store`."""

    @_state_dir
    @_no_color
    @wraps(command)
    def wrapped(state_dir: Path, no_color: bool, **rest: Any) -> Any:
        if no_color or "NO_COLOR" in os.environ:
            click.get_current_context().color = False
        return command(store=Store(state_dir.absolute()), **rest)

    return wrapped


@contextmanager
def errors_as_json(wanted: bool) -> Iterator[None]:
    """Within, a known error is also told as JSON on standard output, if JSON is wanted."""
    try:
        yield
    except BridgekitError as error:
        if wanted:
            click.echo(as_json_text({"error": str(error), "exit_code": error.exit_code}))
        raise


def as_json_text(value: dict[str, Any]) -> str:
    """Return one JSON document with the schema's version in it."""
    return json.dumps({"schema": SCHEMA} | value, indent=2)


def print_json(value: dict[str, Any]) -> None:
    """Print that document piece by piece: a list in it may be as long as it likes."""
    json.dump({"schema": SCHEMA} | value, sys.stdout, indent=2)
    click.echo()


def say(text: str) -> None:
    """Print a result for a person: whatever a name in it holds, the terminal does not obey it."""
    click.echo(printable(text, keep=LINES))


def require_root() -> None:
    """RefusedError unless we may change the network."""
    if os.geteuid() != 0:
        raise RefusedError("changing the network needs root; nothing was changed (try sudo)")


def interactive() -> bool:
    """Is a person at both ends?"""
    return os.isatty(0) and os.isatty(2)


def tell(line: str) -> None:
    """Tell the person how it goes; a terminal that is gone must not stop the work."""
    with suppress(OSError):
        click.echo(f"bridgekit: {printable(line, keep=LINES)}", err=True)
