"""The verbs `attach`, `detach` and `pxe`; `plan` and `apply` share the options of `pxe up`."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import click

from bridgekit.netboot import attach as attaching
from bridgekit.netboot import audit, files, lifecycle, service
from bridgekit.netboot.lifecycle import PxeStatus
from bridgekit.netboot.service import Service

F = TypeVar("F", bound=Callable[..., Any])
Option = Callable[[F], F]
DEFAULTS = Service()
SCHEMA = 1
FOUND_SOMETHING = 10

state_option = click.option(
    "--state-dir",
    metavar="DIR",
    envvar="BRIDGEKIT_STATE_DIR",
    help=f"Where state is kept [{files.DEFAULT_STATE_DIR}].",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
color_option = click.option("--no-color", is_flag=True, help="No colours (there are none here).")
bridge_argument = click.argument("bridge", default=DEFAULTS.bridge)


def service_options(prefix: str = "") -> Callable[[F], F]:
    """Add every option of a PXE service to a command; `prefix` is "" or like "pxe-".

    Their values reach the command under their names with underscores: `pxe_range`, …
    """

    def add(command: F) -> F:
        for option in reversed(_options(prefix)):
            command = option(command)
        return command

    return add


def service_from(params: Mapping[str, Any], prefix: str, bridge: str) -> Service:
    """The service that the options describe, out of a command's parameters; not checked yet."""
    word = prefix.replace("-", "_")
    return Service(
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
        click.option(f"{flag}engine", type=choice(service.ENGINES), default=DEFAULTS.engine,
                     show_default=True, help="What runs it; auto takes the first that works."),
        click.option(f"{flag}address", metavar="ADDRESS/LEN", default=DEFAULTS.address,
                     show_default=True, help="The service's own address in the clients' subnet."),
        click.option(f"{flag}range", metavar="FIRST,LAST", callback=_first_and_last,
                     help="Addresses for clients [.101 to .199 of the subnet]."),
        click.option(f"{flag}lease", metavar="TIME", default=DEFAULTS.lease, show_default=True,
                     help="How long a client keeps its address: 30m, 1h, 2d, infinite."),
        click.option(f"{flag}mode", type=choice(service.MODES), default=DEFAULTS.mode,
                     show_default=True, help="isolated: a subnet of its own on the same wire."),
        click.option(f"{flag}image", metavar="NAME", help="Run this image instead of our own."),
        click.option(f"{flag}release", type=choice(service.RELEASES), default=DEFAULTS.release,
                     show_default=True, help="The Debian release to install and to run."),
        click.option(f"{flag}no-nat", is_flag=True, help="Clients get no way out of their wire."),
        click.option(f"{flag}append", metavar="ARGS", default=DEFAULTS.append,
                     help="More arguments for the clients' kernel, like console=ttyS0."),
        click.option(f"{flag}menu-timeout", type=int, metavar="SECONDS", show_default=True,
                     default=DEFAULTS.menu_timeout, help="How long the boot menu waits."),
        click.option(f"{flag}beside-dhcp", is_flag=True,
                     help="Start even if another DHCP server answers on the wire."),
    )  # fmt: skip


@click.command()
@click.argument("bridge")
@click.argument("container")
@click.argument("address", metavar="ADDRESS/LEN[@GATEWAY]")
@click.argument("mac", required=False)
@state_option
def attach(bridge: str, container: str, address: str, mac: str | None, state_dir: str) -> None:
    """Give CONTAINER the interface eth1 on BRIDGE, which is made if it is missing.

    CONTAINER is docker's or podman's name or id, the name of a PXE service of ours, a name
    of `ip netns`, or a process id. The link ends with the container.

    \b
    Examples:
      bridgekit attach br0 $PXECID 192.168.242.1/24
      bridgekit attach br0 web 192.0.2.7/24@192.0.2.1 02:00:00:00:00:07
    """
    own, _, gateway = address.partition("@")
    state = files.state_dir(state_dir)
    if attaching.attach(bridge, container, own, gateway or None, mac, state=state):
        click.echo(f"{container} has eth1 with {own} on {bridge}")
    else:
        click.echo(f"{container} has eth1 with {own} on {bridge} already; nothing to do")


@click.command()
@click.argument("bridge")
@click.argument("container")
@state_option
def detach(bridge: str, container: str, state_dir: str) -> None:
    """Take CONTAINER's eth1 off BRIDGE again.

    \b
    Example:
      bridgekit detach br0 $PXECID
    """
    done = attaching.detach(bridge, container, state=files.state_dir(state_dir))
    click.echo(f"{container} is off {bridge}" + ("" if done else " already; nothing to do"))


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
@state_option
def build(state_dir: str, **params: Any) -> None:
    """Make the image, or native's root file system, if it is missing.

    \b
    Examples:
      bridgekit pxe build --engine native
      bridgekit pxe build --engine docker --release bookworm
    """
    wish = service_from(params, "", DEFAULTS.bridge)
    service.check(wish, ())
    click.echo(lifecycle.build(wish, files.state_dir(state_dir)))


@pxe.command()
@bridge_argument
@service_options()
@state_option
@json_option
@color_option
def up(bridge: str, state_dir: str, as_json: bool, no_color: bool, **params: Any) -> None:
    """Start the service on BRIDGE and wait until it serves.

    First one DHCPDISCOVER asks whether a DHCP server is on the wire already; if one answers,
    nothing is started. Whatever fails later is taken back whole.

    \b
    Examples:
      bridgekit pxe up br0
      bridgekit pxe up br0 --address 10.7.0.1/24 --range 10.7.0.50,10.7.0.99 --lease 30m
    """
    del no_color
    wish = service_from(params, "", bridge)
    state = files.state_dir(state_dir)
    started = lifecycle.start(wish, state)
    now = lifecycle.status(bridge, state)
    if as_json:
        click.echo(_json((now,) if now else ()))
    else:
        click.echo(_text(now) if now and started else f"{bridge} has it already; nothing to do")


@pxe.command()
@bridge_argument
@state_option
def down(bridge: str, state_dir: str) -> None:
    """Stop BRIDGE's service and remove all of it.

    \b
    Example:
      bridgekit pxe down br0
    """
    done = lifecycle.down(bridge, files.state_dir(state_dir))
    click.echo("the PXE service is gone" if done else "there is no PXE service; nothing to do")


@pxe.command()
@click.argument("bridge", required=False)
@state_option
@json_option
@color_option
def status(bridge: str | None, state_dir: str, as_json: bool, no_color: bool) -> None:
    """Show the services of this host, or BRIDGE's.

    \b
    Examples:
      bridgekit pxe status
      bridgekit pxe status br0 --json
    """
    del no_color
    found = lifecycle.statuses(files.state_dir(state_dir))
    found = tuple(item for item in found if bridge in (None, item.service.bridge))
    if as_json:
        click.echo(_json(found))
    else:
        click.echo("\n".join(map(_text, found)) or "there is no PXE service")


@pxe.command()
@bridge_argument
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
@bridge_argument
@service_options()
@json_option
def check(bridge: str, as_json: bool, **params: Any) -> None:
    """Look for what would keep clients of BRIDGE from booting; exit 10 if there is something.

    \b
    Example:
      bridgekit pxe check br0 --address 10.7.0.1/24
    """
    wish = service_from(params, "", bridge)
    findings = audit.findings(wish)
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "findings": findings}, indent=2))
    else:
        click.echo("\n".join(findings) or f"nothing keeps clients of {bridge} from booting")
    sys.exit(FOUND_SOMETHING if findings else 0)


def _json(found: tuple[PxeStatus, ...]) -> str:
    return json.dumps({"schema": SCHEMA, "services": [asdict(item) for item in found]}, indent=2)


def _text(now: PxeStatus) -> str:
    first, last = now.service.clients
    state = "serves" if now.running else "has ended by itself"
    lines = [
        f"{now.service.bridge}: {now.name} ({now.engine}) {state}",
        f"  {now.service.address}, clients {first} to {last}, lease {now.service.lease}, "
        f"Debian {now.service.suite}, {'NAT' if now.service.nat else 'no NAT'}",
    ]
    return "\n".join([*lines, *(f"  {x.address}  {x.mac}  {x.name}" for x in now.leases)])
