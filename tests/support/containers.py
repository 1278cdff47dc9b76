"""A host for the tests of `attach`."""

import json
from collections.abc import Callable
from typing import Any

from bridgekit.lab import layout
from bridgekit.lab.host import Host
from bridgekit.lab.topology import Lab


def with_container(make_lab: Callable[..., Lab]) -> Lab:
    """A lab whose host has br0, whose MTU is 1400, and a container called web."""
    lab = make_lab(host=layout.SIMPLE)
    lab.ip("host", "link add br0 mtu 1400 type bridge forward_delay 0", "link set br0 up")
    lab.run("host", "ip", "netns", "add", "web")
    return lab


def links(host: Host, *where: str) -> list[dict[str, Any]]:
    """The links of the host, or of where these words for `ip` say."""
    found: list[dict[str, Any]] = json.loads(host.run("ip", "-j", "-d", *where, "link").stdout)
    return found
