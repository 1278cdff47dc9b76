"""A lab host's whole state as iproute2 and its files show it, to judge the product by.

It shares nothing with what it judges: no netlink library, no decoding of ours. So it parses the
JSON of ip(8) and bridge(8), which the product itself never does. Left out: interface
indices, what remains of finite lifetimes, counters and timers, dynamic neighbours, and the order of
IPv6 routes of the local table: they are the addresses, and of several links that have the same one
any answers.
"""

import difflib
import glob
import json
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from bridgekit.lab.host import Host
from bridgekit.lab.kernel import inside
from bridgekit.system.process import run

_IP: Final = {
    "link": "-d -j link show",
    "address": "-d -j address show",
    "route": "-4 -d -j route show table all",
    "route6": "-6 -d -j route show table all",
    "rule": "-4 -d -j rule show",
    "rule6": "-6 -d -j rule show",
    "nexthop": "-d -j nexthop show",
    "neighbour": "-j neighbour show nud permanent",
    "proxy": "-j neighbour show proxy",
}
_BRIDGE: Final = {"port": "-d -j link show", "fdb": "-d -j fdb show", "vlan": "-j vlan show"}
_UNORDERED: Final = ("link", "neighbour", "proxy", "port", "fdb", "vlan")
_INDICES: Final = ("ifindex", "link_index", "link_netnsid")
_TIMERS: Final = ("hello_timer", "tcn_timer", "topology_change_timer", "gc_timer", "hold_timer")
_PORT_TIMERS: Final = ("message_age_timer", "forward_delay_timer", "expires")
_IGNORED: Final = frozenset((*_INDICES, *_TIMERS, *_PORT_TIMERS))
_LIFETIMES: Final = frozenset(("valid_life_time", "preferred_life_time"))
_SETTINGS: Final = ("/proc/sys/net/ipv[46]/conf/*/*", "/proc/sys/net/ipv[46]/neigh/*/*")
_FOREVER: Final = 4294967295


class StateDump(Struct, frozen=True):
    """A host's state, one line for each object; two are equal when the states are."""

    lines: tuple[str, ...]

    def difference(self, after: "StateDump") -> list[str]:
        """Return what a later state changed, as the lines of a diff, a change of order too.

        Nothing when they are equal.
        """
        found = difflib.unified_diff(self.lines, after.lines, "before", "after", n=0, lineterm="")
        return [line for line in found if not line.startswith(("@@", "---", "+++"))]

    def about(self, *words: str) -> "StateDump":
        """Return the lines that contain any of the words, e.g. "eth1"."""
        return StateDump(tuple(line for line in self.lines if any(word in line for word in words)))


def dump(host: Host, *, files: bool = True, sysctls: bool = True) -> StateDump:
    """Read a host's state with `ip`, `bridge`, and with the settings of its NICs and its files."""
    lines = []
    for program, commands in (("ip", _IP), ("bridge", _BRIDGE)):
        for kind, arguments in commands.items():
            text = run(program, "-n", host.namespace, *arguments.split())
            objects = [
                f"{kind} {line}" for line in _objects(kind, json.loads(text or "[]", strict=False))
            ]
            lines += sorted(objects) if kind in _UNORDERED else _local_last(kind, objects)
    lines += _static_multicast(host)
    lines += _sysctls(host) if sysctls else []
    lines += _files(host.config / "network") if files else []
    return StateDump(tuple(lines))


def _local_last(kind: str, objects: list[str]) -> list[str]:
    if kind != "route6":
        return objects
    local = [line for line in objects if '"table": "local"' in line]
    return [line for line in objects if line not in local] + sorted(local)


def _objects(kind: str, found: list[Any]) -> list[str]:
    """Return a text for each object; an address is one, and learned bridge entries are left out."""
    if kind == "address":
        found = [
            {"dev": link["ifname"], **address} for link in found for address in link["addr_info"]
        ]
    if kind == "port":  # `bridge` shows a cable's other end by an index of another namespace
        found = [{key: port[key] for key in port if key != "link"} for port in found]
    if kind == "fdb":
        found = [entry for entry in found if entry.get("state") == "permanent"]
    return [json.dumps(_normal(item), sort_keys=True) for item in found if item]


def _normal(item: Any) -> Any:
    if isinstance(item, list):
        return [_normal(element) for element in item]
    if isinstance(item, dict):
        return {key: _value(key, value) for key, value in item.items() if key not in _IGNORED}
    return item


def _value(key: str, value: Any) -> Any:
    if key in _LIFETIMES and value != _FOREVER:
        return "finite"
    return _normal(value)


def _static_multicast(host: Host) -> list[str]:
    """Return the addresses added by hand, which only the text of ip(8) tells from the others."""
    link, found = "", []
    for line in run("ip", "-n", host.namespace, "maddress", "show").splitlines():
        link = line.split()[1] if not line.startswith("\t") else link
        found += [f"maddress {link} {line.split()[1]}"] if line.endswith(" static") else []
    return sorted(found)


def _sysctls(host: Host) -> list[str]:
    """Return what `sysctl -a` shows of net.ipv4 and net.ipv6, below conf and neigh."""
    with inside("net", host.pid):
        found = [file for pattern in _SETTINGS for file in glob.glob(pattern)]
        pairs = [(file, _setting(file)) for file in sorted(found)]
    return [f"sysctl {file} {value}" for file, value in pairs if value]


def _setting(file: str) -> str | None:
    """Return a setting's value; None for one that cannot be read, or has none now."""
    try:
        with open(file, encoding="utf-8") as text:
            return text.read().strip()
    except OSError:
        return None


def _files(directory: Path) -> list[str]:
    lines = []
    for file in sorted(path for path in directory.rglob("*") if path.is_file()):
        text = file.read_text(errors="surrogateescape")
        lines += [f"file {file.relative_to(directory)}: {line!r}" for line in text.splitlines(True)]
    return lines
