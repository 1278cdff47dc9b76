"""What of a witness's testimony lasts, where a bridge was there before."""

import re

from bridgekit.lab.witness import Testimony

OF_THE_MOMENT = re.compile(
    r'"(operstate|bridge_id|root_id|tso_max_size|qdisc)": ("[^"]*"|\d+)'
    r'|"(linkdown|LOWER_UP|NO-CARRIER)"'
    r'|fdb .*"br0", "mac": "33:33:00:00:00:01".*'
)
"""What a bridge that has had a port once, or was up once, shows ever after. Nobody can set it."""


def lasting(testimony: Testimony) -> Testimony:
    """Return the testimony without what br0 shows of the moment."""
    lines = (OF_THE_MOMENT.sub("", line) if '"br0"' in line else line for line in testimony.lines)
    return Testimony(tuple(re.sub(r"[][, ]+", " ", line) for line in lines if line))
