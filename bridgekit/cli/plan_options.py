"""The options that `plan` and `apply` share, in the order in which `--help` shows them."""

from functools import wraps
from pathlib import Path
from typing import Any, Literal

import click

from bridgekit.application.plan import PlanRequest
from bridgekit.cli.bridge_options import bridge_options
from bridgekit.cli.options import (
    Command,
    bridge_option,
    dialect_option,
    interfaces_option,
    json_option,
    nic_argument,
)
from bridgekit.cli.pxe_options import pxe_options
from bridgekit.errors import UsageError
from bridgekit.planning.intent import BridgeSpec
from bridgekit.planning.pxe_options import PxeOptions

_OPTIONS = (
    nic_argument,
    bridge_option,
    bridge_options,
    interfaces_option,
    dialect_option,
    click.option(
        "--persist",
        type=click.Choice(["live", "file"]),
        help="What the bridge's stanza follows, where host and file do not agree.  [default: live]",
    ),
    click.option(
        "--no-persist",
        is_flag=True,
        help="Leave the interfaces file alone: gone at the next boot.",
    ),
    click.option(
        "--i-know",
        is_flag=True,
        help="Even though disks are reached over the NIC, or another manager configures it.",
    ),
    click.option(
        "--with-pxe",
        is_flag=True,
        help="Also serve netboot on the bridge (see `pxe up --help`).",
    ),
    pxe_options("pxe-"),
    json_option,
)


def plan_options(command: Command) -> Command:
    """Give a verb all that says which move is asked for; it gets it as `request`."""

    @wraps(command)
    def wrapped(
        *,
        nic: str | None,
        bridge: str,
        spec: BridgeSpec,
        interfaces_file: Path,
        dialect: str | None,
        persist: Literal["live", "file"] | None,
        no_persist: bool,
        i_know: bool,
        with_pxe: bool,
        pxe: PxeOptions,
        **own: Any,
    ) -> Any:
        if no_persist and persist:
            raise UsageError("--persist writes the file and --no-persist does not: leave one out")
        request = PlanRequest(
            nic=nic,
            bridge=bridge,
            interfaces_file=interfaces_file.absolute(),
            persist=None if no_persist else persist or "live",
            spec=spec,
            force=i_know,
            dialect=dialect,
            pxe=pxe if with_pxe else None,
        )
        return command(request=request, **own)

    decorated: Command = wrapped
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated
