"""The verbs of `pxe`; `plan` and `apply` share the options of `pxe up`."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins

from bridgekit.cli.netboot_look import check, page, render, simulate_clients
from bridgekit.cli.netboot_options import (
    DEFAULTS,
    bridge_words,
    on_bridge,
    service_from,
    service_options,
)
from bridgekit.cli.netboot_words import SCHEMA, color_option, state_option, tell
from bridgekit.cli.options import errors_as_json, json_option, say
from bridgekit.pxe import files, lifecycle, spec
from bridgekit.pxe import status as services
from bridgekit.pxe.runtime_state import ClientProgress
from bridgekit.pxe.status import PxeStatus
from bridgekit.state.mac import with_vendor
from bridgekit.system import signals


@click.group()
def pxe() -> None:
    """Build, start, stop and look at the PXE service.

    \b
    Examples:
      bridgekit pxe up br0                             Debian's installer for br0's wire
      bridgekit pxe up br0 --append "console=ttyS0"    for clients with a serial console
      bridgekit pxe logs br0 --follow                  what clients ask for, and get
      bridgekit pxe down br0
    """


for looking in (check, page, simulate_clients, render):
    pxe.add_command(looking)


@pxe.command()
@service_options()
@click.option("--fresh", is_flag=True, help="Anew, from today's packages.")
@state_option
@json_option
@color_option
def build(fresh: bool, state_dir: str, as_json: bool, **params: Any) -> None:
    """Make the image, or native's root file system, if it is missing.

    \b
    Examples:
      bridgekit pxe build --engine native
      bridgekit pxe build --engine docker --release bookworm
    """
    wish = service_from(params, "", DEFAULTS.bridge)
    with errors_as_json(as_json):
        spec.check_spec(wish, ())
        made = lifecycle.build(wish, files.state_dir(state_dir), fresh=fresh)
    click.echo(json.dumps({"schema": SCHEMA, "built": made}) if as_json else made)


@pxe.command()
@on_bridge
@service_options()
@state_option
@json_option
@color_option
def up(bridge: str, state_dir: str, as_json: bool, **params: Any) -> None:
    """Start the service on BRIDGE and wait until it serves.

    First the wire is looked at: is another DHCP server there, and who has the addresses that
    are to be used? What follows from that is --mode. Whatever fails later is taken back whole.

    \b
    Examples:
      bridgekit pxe up br0
      bridgekit pxe up br0 --mode auto
      bridgekit pxe up br0 --address 10.7.0.1/24 --range 10.7.0.50,10.7.0.99 --lease 30m
    """
    wish = service_from(params, "", bridge)
    state = files.state_dir(state_dir)
    with errors_as_json(as_json), signals.raise_on_signal():
        started = lifecycle.start(wish, state)
    now = services.status(bridge, state)
    if as_json:
        click.echo(_json((now,) if now else ()))
    else:
        say(_text(now) if now and started else f"{bridge} has it already; nothing to do")


@pxe.command()
@on_bridge
@state_option
@json_option
@color_option
def down(bridge: str, state_dir: str, as_json: bool) -> None:
    """Stop BRIDGE's service and remove all of it.

    \b
    Example:
      bridgekit pxe down br0
    """
    with errors_as_json(as_json):
        done = lifecycle.down(bridge, files.state_dir(state_dir))
    tell(as_json, done, f"the PXE service of {bridge} is gone")


@pxe.command()
@bridge_words(None)
@click.option("--watch", "-w", is_flag=True, help="Again every second, until Ctrl-C.")
@state_option
@json_option
@color_option
def status(bridge: str | None, watch: bool, state_dir: str, as_json: bool) -> None:
    """Show the services of this host, or BRIDGE's, and how far each client has come.

    \b
    Examples:
      bridgekit pxe status
      bridgekit pxe status br0 --watch
      bridgekit pxe status br0 --json
    """
    state = files.state_dir(state_dir)
    _show(bridge, state, as_json)
    with suppress(KeyboardInterrupt):
        while watch:
            time.sleep(1)
            click.clear()
            _show(bridge, state, as_json)


def _show(bridge: str | None, state: Path, as_json: bool) -> None:
    found = services.statuses(state)
    found = tuple(item for item in found if bridge in (None, item.service.bridge))
    text = "\n".join(map(_text, found)) or "there is no PXE service"
    say(_json(found) if as_json else text)


@pxe.command()
@on_bridge
@click.option("--follow", "-f", is_flag=True, help="Go on until the service ends.")
@state_option
def logs(bridge: str, follow: bool, state_dir: str) -> None:
    """Print what BRIDGE's service says.

    \b
    Example:
      bridgekit pxe logs br0 --follow
    """
    with suppress(KeyboardInterrupt):
        for line in services.logs(bridge, files.state_dir(state_dir), follow):
            say(line)


@pxe.command(hidden=True)
@on_bridge
@state_option
def keep(bridge: str, state_dir: str) -> None:
    """Keep BRIDGE's service running and attached, for ever; `pxe up` starts this."""
    lifecycle.supervise(bridge, files.state_dir(state_dir))


def _json(found: tuple[PxeStatus, ...]) -> str:
    return json.dumps({"schema": SCHEMA, "services": to_builtins(found)}, indent=2)


def _text(now: PxeStatus) -> str:
    state = "serves" if now.running else "has ended by itself"
    lines = [
        f"{now.service.bridge}: {now.name} ({now.engine}) {state}",
        f"  {now.service.address}, {now.service.for_clients}, lease {now.service.lease}, "
        f"Debian {', '.join(now.service.suites)}, {'NAT' if now.service.nat else 'no NAT'}",
    ]
    if now.other_servers:
        lines.append(
            f"  offers nothing as long as another DHCP server answers: {now.other_servers}"
        )
    lines += (f"  {with_vendor(one.mac)}  {one.stage}{_hangs(one)}" for one in now.clients)
    return "\n".join(
        [*lines, *(f"  {x.address}  {with_vendor(x.mac)}  {x.name}" for x in now.leases)]
    )


def _hangs(client: ClientProgress) -> str:
    ago = f", {_ago(time.time() - client.since)}"
    return f"{ago}; it hangs there: {client.stalled}" if client.stalled else ago


def _ago(seconds: float) -> str:
    for unit, name in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name} ago"
    return f"{max(0, seconds):.0f} s ago"
