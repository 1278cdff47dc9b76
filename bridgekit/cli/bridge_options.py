"""The options of a bridge, named as in bridge-utils, for the verbs that may make one."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from bridgekit.errors import UsageError
from bridgekit.model.links import BridgeOptions

Command = Callable[..., Any]
USUAL = BridgeOptions()
STP_DELAY = (200, 3000)
"""What the kernel takes for a forward delay with STP on (net/bridge/br_private_stp.h)."""
PRIORITY = click.IntRange(0, 65535)
SECONDS = click.FloatRange(0, 1_000_000)

_OPTIONS = (
    click.option("--stp", is_flag=True, help="Spanning tree on: ports wait before they forward."),
    click.option("--forward-delay", type=SECONDS, metavar="SECONDS", help="[0; with --stp 15]"),
    click.option("--hello", type=SECONDS, default=2, metavar="SECONDS", help="[2]"),
    click.option("--max-age", type=SECONDS, default=20, metavar="SECONDS", help="[20]"),
    click.option("--ageing", type=SECONDS, default=300, metavar="SECONDS", help="[300]"),
    click.option("--priority", type=PRIORITY, default=USUAL.priority, help="[32768]"),
    click.option("--vlan-filtering", is_flag=True, help="The bridge knows VLANs."),
)


def bridge_options(command: Command) -> Command:
    """Give a verb the options of a bridge; it gets them as `options`."""

    @wraps(command)
    def wrapped(**given: Any) -> Any:
        names = ("stp", "forward_delay", "hello", "max_age", "ageing", "priority", "vlan_filtering")
        return command(options=_made(*(given.pop(name) for name in names)), **given)

    for option in reversed(_OPTIONS):
        wrapped = option(wrapped)
    return wrapped


def _made(
    stp: bool,
    forward_delay: float | None,
    hello: float,
    max_age: float,
    ageing: float,
    priority: int,
    vlan_filtering: bool,
) -> BridgeOptions:
    delay = forward_delay if forward_delay is not None else (15 if stp else 0)
    options = BridgeOptions(
        stp=stp,
        forward_delay=round(delay * 100),
        hello_time=round(hello * 100),
        max_age=round(max_age * 100),
        ageing_time=round(ageing * 100),
        priority=priority,
        vlan_filtering=vlan_filtering,
    )
    least, most = STP_DELAY
    if stp and not least <= options.forward_delay <= most:
        raise UsageError("with --stp the forward delay is 2 to 30 seconds; nothing was changed")
    return options
