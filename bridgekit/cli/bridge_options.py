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
"""What the kernel takes for a forward delay with STP on (net/bridge/br_private_stp.h)."""
DELAY, HELLO, MAX_AGE = (click.FloatRange(*ends) for ends in ((0, 30), (1, 10), (6, 40)))
"""What the kernel takes, in seconds (net/bridge/br_private_stp.h)."""
AGEING = click.FloatRange(0, 1_000_000)
NUMBER = "NUMBER"

_OPTIONS = (
    click.option("--mac", metavar="MAC", help="The bridge's MAC address. [the NIC's]"),
    click.option("--stp/--no-stp", default=None, help="Spanning tree: ports wait. [no]"),
    click.option("--forward-delay", type=DELAY, metavar="SECONDS", help="[0; with --stp 15]"),
    click.option("--hello", type=HELLO, metavar="SECONDS", help="[2]"),
    click.option("--max-age", type=MAX_AGE, metavar="SECONDS", help="[20]"),
    click.option("--ageing", type=AGEING, metavar="SECONDS", help="[300]"),
    click.option("--priority", type=click.IntRange(0, 65535), metavar=NUMBER, help="[32768]"),
    click.option("--vlan-filtering/--no-vlan-filtering", default=None, help="VLANs. [no]"),
    click.option("--path-cost", type=click.IntRange(1, 65535), metavar=NUMBER, help="The port's."),
    click.option("--port-priority", type=click.IntRange(0, 63), metavar=NUMBER, help="[32]"),
)


def bridge_options(command: Command) -> Command:
    """Give a verb the options of a bridge; it gets them as `spec`."""

    @wraps(command)
    def wrapped(**given: Any) -> Any:
        names = ("stp", "forward_delay", "hello", "max_age", "ageing", "priority")
        more = ("mac", "vlan_filtering", "path_cost", "port_priority")
        return command(spec=_spec(**{name: given.pop(name) for name in names + more}), **given)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _spec(
    *,
    mac: str | None,
    stp: bool | None,
    forward_delay: float | None,
    hello: float | None,
    max_age: float | None,
    ageing: float | None,
    priority: int | None,
    vlan_filtering: bool | None,
    path_cost: int | None,
    port_priority: int | None,
) -> BridgeSpec:
    spec = BridgeSpec(
        mac=None if mac is None else _unicast(mac),
        stp=stp,
        forward_delay=_centiseconds(forward_delay),
        hello_time=_centiseconds(hello),
        max_age=_centiseconds(max_age),
        ageing_time=_centiseconds(ageing),
        priority=priority,
        vlan_filtering=vlan_filtering,
        port=PortOptions(path_cost, port_priority),
    )
    least, most = STP_DELAY
    if stp and not least <= spec.for_new_bridge().forward_delay <= most:
        raise UsageError("with --stp the forward delay is 2 to 30 seconds; nothing was changed")
    return spec


def _centiseconds(seconds: float | None) -> int | None:
    if seconds is not None and not math.isfinite(seconds):
        raise UsageError(f"{seconds} is no number of seconds; nothing was changed")
    return None if seconds is None else round(seconds * 100)


def _unicast(mac: str) -> str:
    try:
        return parse_unicast_mac(mac)
    except ValueError as error:
        raise UsageError(f"{error}; nothing was changed") from None
