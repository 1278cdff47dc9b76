"""The options of a bridge, named as in bridge-utils, for the verbs that may make one."""

import math
from functools import wraps
from typing import Any

import click

from bridgekit.cli.options import Command
from bridgekit.errors import UsageError
from bridgekit.planning.intent import BridgeSpec
from bridgekit.state.link import PortOptions
from bridgekit.state.mac import parse_unicast_mac

STP_DELAY = (200, 3000)
"""The kernel's bounds of a forward delay with STP on, in 1/100 s (net/bridge/br_private_stp.h)."""
DELAY, HELLO, MAX_AGE = (click.FloatRange(*ends) for ends in ((0, 30), (1, 10), (6, 40)))
"""The kernel's bounds, in seconds (net/bridge/br_private_stp.h)."""
AGEING = click.FloatRange(0, 1_000_000)
NUMBER = "NUMBER"


def _centiseconds(
    _context: click.Context, _parameter: click.Parameter, seconds: float | None
) -> int | None:
    if seconds is not None and not math.isfinite(seconds):
        raise UsageError(f"{seconds} is no number of seconds; nothing was changed")
    return None if seconds is None else round(seconds * 100)


def _unicast(_context: click.Context, _parameter: click.Parameter, mac: str | None) -> str | None:
    try:
        return None if mac is None else parse_unicast_mac(mac)
    except ValueError as error:
        raise UsageError(f"{error}; nothing was changed") from None


def _seconds(flag: str, field: str, kind: click.FloatRange, default: str) -> Any:
    return click.option(
        flag, field, type=kind, metavar="SECONDS", callback=_centiseconds, help=f"[{default}]"
    )


_BRIDGE_OPTIONS = (
    click.option(
        "--mac", metavar="MAC", callback=_unicast, help="The bridge's MAC address. [the NIC's]"
    ),
    click.option("--stp/--no-stp", default=None, help="Spanning tree: ports wait. [no]"),
    _seconds("--forward-delay", "forward_delay", DELAY, "0; with --stp 15"),
    _seconds("--hello", "hello_time", HELLO, "2"),
    _seconds("--max-age", "max_age", MAX_AGE, "20"),
    _seconds("--ageing", "ageing_time", AGEING, "300"),
    click.option("--priority", type=click.IntRange(0, 65535), metavar=NUMBER, help="[32768]"),
    click.option("--vlan-filtering/--no-vlan-filtering", default=None, help="VLANs. [no]"),
)
_PORT_OPTIONS = (
    click.option("--path-cost", type=click.IntRange(1, 65535), metavar=NUMBER, help="The port's."),
    click.option("--port-priority", type=click.IntRange(0, 63), metavar=NUMBER, help="[32]"),
)


def bridge_options(command: Command) -> Command:
    """Give a verb the options of a bridge; it gets them as `spec`."""

    @wraps(command)
    def wrapped(**values: Any) -> Any:
        port = PortOptions(values.pop("path_cost"), values.pop("port_priority"))
        names = [name for name in BridgeSpec.__struct_fields__ if name != "port"]
        spec = BridgeSpec(port=port, **{name: values.pop(name) for name in names})
        _check_delay(spec)
        return command(spec=spec, **values)

    for option in reversed((*_BRIDGE_OPTIONS, *_PORT_OPTIONS)):
        wrapped = option(wrapped)
    return wrapped


def _check_delay(spec: BridgeSpec) -> None:
    """Refuse a forward delay that the kernel does not take with STP on."""
    least, most = STP_DELAY
    if spec.stp and not least <= spec.for_new_bridge().forward_delay <= most:
        raise UsageError("with --stp the forward delay is 2 to 30 seconds; nothing was changed")
