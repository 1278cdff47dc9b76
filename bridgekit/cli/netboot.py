"""The verbs of `pxe`; `plan` and `apply` share the options of `pxe up`."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import Any, cast

import click

from bridgekit.cli.netboot_options import DEFAULTS, F, service_from, service_options
from bridgekit.cli.netboot_words import SCHEMA, color_option, state_option, step_text, tell
from bridgekit.cli.options import errors_as_json, json_option
from bridgekit.netboot import abi, audit, files, lifecycle, preview, service, trial
from bridgekit.netboot.lifecycle import PxeStatus
from bridgekit.netboot.pretend import Step, pretend
from bridgekit.transaction import signals

__all__ = ("pxe", "service_from", "service_options")


FOUND_SOMETHING = 10


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
        service.check(wish, ())
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

    First one DHCPDISCOVER asks whether a DHCP server is on the wire already; if one answers,
    nothing is started. Whatever fails later is taken back whole.

    \b
    Examples:
      bridgekit pxe up br0
      bridgekit pxe up br0 --address 10.7.0.1/24 --range 10.7.0.50,10.7.0.99 --lease 30m
    """
    wish = service_from(params, "", bridge)
    state = files.state_dir(state_dir)
    with errors_as_json(as_json), signals.raised():
        started = lifecycle.start(wish, state)
    now = lifecycle.status(bridge, state)
    if as_json:
        click.echo(_json((now,) if now else ()))
    else:
        click.echo(_text(now) if now and started else f"{bridge} has it already; nothing to do")


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
@state_option
@json_option
@color_option
def status(bridge: str | None, state_dir: str, as_json: bool) -> None:
    """Show the services of this host, or BRIDGE's.

    \b
    Examples:
      bridgekit pxe status
      bridgekit pxe status br0 --json
    """
    found = lifecycle.statuses(files.state_dir(state_dir))
    found = tuple(item for item in found if bridge in (None, item.service.bridge))
    if as_json:
        click.echo(_json(found))
    else:
        click.echo("\n".join(map(_text, found)) or "there is no PXE service")


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
    sys.exit(lifecycle.logs(bridge, files.state_dir(state_dir), follow))


@pxe.command()
@on_bridge
@service_options()
@click.option(
    "--mirror",
    metavar="URL",
    help="Does this Debian mirror have the modules of the installer's kernel?",
)
@state_option
@json_option
@color_option
def check(bridge: str, mirror: str | None, state_dir: str, as_json: bool, **params: Any) -> None:
    """Look for what would keep clients of BRIDGE from booting; exit 10 if there is something.

    Where a service runs, a client of each kind goes the whole way up to kernel and initrd, out
    of a network namespace on BRIDGE, and every file is compared with its recorded checksum.

    \b
    Examples:
      bridgekit pxe check br0 --address 10.7.0.1/24
      bridgekit pxe check br0 --mirror http://mirror.example/debian
    """
    wish, state = service_from(params, "", bridge), files.state_dir(state_dir)
    steps: list[Step] = []
    with errors_as_json(as_json):
        now = lifecycle.status(bridge, state)
        root = lifecycle.root(bridge, state)
        findings = audit.findings(wish, ours=bool(now and now.running))
        if mirror:
            tree = root / "srv/tftp" if root else None
            findings += abi.findings(now.service if now else wish, tree, mirror)
        if root and now and now.running:
            for step in trial.trial(bridge, root, state):
                steps.append(step)
                if not as_json:
                    click.echo(step_text(step))
    findings += tuple(f"{one.client}, {one.what}: {one.trouble}" for one in steps if one.trouble)
    if as_json:
        found = {"findings": findings, "clients": [asdict(step) for step in steps]}
        click.echo(json.dumps({"schema": SCHEMA, **found}, indent=2))
    else:
        click.echo("\n".join(findings) or f"nothing keeps clients of {bridge} from booting")
    sys.exit(FOUND_SOMETHING if findings else 0)


@pxe.command()
@click.argument("answer", required=False)
@click.option("--mac", required=True, metavar="MAC", help="The machine's MAC address.")
@service_options()
@json_option
@color_option
def render(answer: str | None, mac: str, as_json: bool, **params: Any) -> None:
    """Show what a machine would be given: its menus and answer files, or only ANSWER.

    \b
    Examples:
      bridgekit pxe render --mac 52:54:00:c1:00:01
      bridgekit pxe render preseed.cfg --mac 52:54:00:c1:00:01 --site /etc/bridgekit/pxe
    """
    with errors_as_json(as_json):
        wish = service_from(params, "", DEFAULTS.bridge)
        service.check(wish, ())
        found = dict(preview.rendered(wish, mac.lower(), answer))
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "files": found}, indent=2))
    elif answer:
        click.echo("".join(found.values()), nl=False)
    else:
        click.echo("\n".join(f"== {name}\n{text}" for name, text in found.items()), nl=False)


@pxe.command("pretend", hidden=True)
@click.argument("nic")
def pretend_firmware(nic: str) -> None:
    """Be each kind of client on NIC, when told so; `pxe check` starts this."""
    click.echo("ready")
    sys.stdin.readline()
    for step in pretend(nic):
        click.echo(json.dumps(asdict(step)))
    click.echo()
    sys.stdin.readline()  # its interface is taken away first


@pxe.command(hidden=True)
@on_bridge
@state_option
def keep(bridge: str, state_dir: str) -> None:
    """Keep BRIDGE's service running and attached, for ever; `pxe up` starts this."""
    lifecycle.keep(bridge, files.state_dir(state_dir))


def _json(found: tuple[PxeStatus, ...]) -> str:
    return json.dumps({"schema": SCHEMA, "services": [asdict(item) for item in found]}, indent=2)


def _text(now: PxeStatus) -> str:
    state = "serves" if now.running else "has ended by itself"
    lines = [
        f"{now.service.bridge}: {now.name} ({now.engine}) {state}",
        f"  {now.service.address}, {now.service.for_clients}, lease {now.service.lease}, "
        f"Debian {', '.join(now.service.suites)}, {'NAT' if now.service.nat else 'no NAT'}",
    ]
    if now.rival:
        lines.append(f"  offers nothing as long as another DHCP server answers: {now.rival}")
    return "\n".join([*lines, *(f"  {x.address}  {x.mac}  {x.name}" for x in now.leases)])
