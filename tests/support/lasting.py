"""What of a witness's dumped lasts, where a bridge was there before."""

import re

from bridgekit.lab.state_dump import StateDump

OF_THE_MOMENT = re.compile(
    r'"(operstate|bridge_id|root_id|tso_max_size|qdisc)": ("[^"]*"|\d+)'
    r'|"(linkdown|LOWER_UP|NO-CARRIER)"'
    r'|fdb .*"br0", "mac": "33:33:00:00:00:01".*'
)
"""What a bridge that has had a port once, or was up once, shows ever after. Nobody can set it."""


def lasting(dumped: StateDump) -> StateDump:
    """Return the dumped without what br0 shows of the moment."""
    lines = (OF_THE_MOMENT.sub("", line) if '"br0"' in line else line for line in dumped.lines)
    return StateDump(tuple(re.sub(r"[][, ]+", " ", line) for line in lines if line))
