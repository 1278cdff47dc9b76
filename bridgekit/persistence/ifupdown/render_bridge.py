"""What makes the bridge and its port, in the words of each dialect."""

import shlex
from collections.abc import Callable, Iterator

from bridgekit.persistence.ifupdown.dialect import CLASSIC, IFUPDOWN2, IFUPDOWN_NG, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.state.link import BridgeOptions, Link, PortOptions, Sysctl

ETHERNET_MTU = 1500
TIMES = (("hello", "hello_time"), ("maxage", "max_age"), ("ageing", "ageing_time"))
Words = Callable[[Link, str, PortOptions, str | None], Iterator[Option]]


def mtu(link: Link, port: str) -> Iterator[Option]:
    """Say the MTU, if it is not Ethernet's; ifupdown2 warns of the word, and needs it."""
    if link.mtu != ETHERNET_MTU:
        yield Option("mtu", str(link.mtu))
        yield Option("pre-up", f"ip link set {port} mtu {link.mtu}")


def settings(found: tuple[Sysctl, ...]) -> Iterator[Option]:
    """Say the kernel's settings."""
    for setting in found:
        yield Option("up", f"sysctl -q -w {setting.key}={shlex.quote(setting.value)}")


def behaviour(
    dialect: Dialect, link: Link, port: str, treated: PortOptions, mac: str | None
) -> Iterator[Option]:
    """Say how the bridge behaves and treats its port, and its MAC address if it is pinned."""
    return WORDS[dialect.name](link, port, treated, mac)


def _classic(link: Link, port: str, treated: PortOptions, mac: str | None) -> Iterator[Option]:
    """bridge-utils sets these in an order of its own; times in seconds."""
    options, usual = _options(link), BridgeOptions()
    yield Option("bridge_stp", "on" if options.stp else "off")
    yield Option("bridge_fd", f"{options.forward_delay / 100:g}")
    for word, name in TIMES:
        if getattr(options, name) != getattr(usual, name):
            yield Option(f"bridge_{word}", f"{getattr(options, name) / 100:g}")
    yield from _spelled(("_", "", " "), link, port, treated)
    if mac:
        yield Option("bridge_hw", mac)


def _ifupdown2(link: Link, port: str, treated: PortOptions, mac: str | None) -> Iterator[Option]:
    """It takes whole seconds, and turns IPv6 off on a port."""
    options, usual = _options(link), BridgeOptions()
    yield Option("bridge-stp", "on" if options.stp else "off")
    yield from _whole_seconds("bridge-fd", "forward_delay", link)
    for word, name in TIMES:
        if getattr(options, name) != getattr(usual, name):
            yield from _whole_seconds(f"bridge-{word}", name, link)
    yield from _spelled(("-", "s", "="), link, port, treated)
    if mac:
        yield Option("hwaddress", mac)
    yield Option("up", f"sysctl -q -e -w net/ipv6/conf/{port}/disable_ipv6=0")


def _spelled(
    spelling: tuple[str, str, str], link: Link, port: str, treated: PortOptions
) -> Iterator[Option]:
    """Say what classic and ifupdown2 say alike, but for the signs between words."""
    options, (low, plural, sign) = _options(link), spelling
    if options.priority != BridgeOptions().priority:
        yield Option(f"bridge{low}bridgeprio", str(options.priority))
    if options.vlan_filtering:
        yield Option(f"bridge{low}vlan{low}aware", "yes")
    for word, value in (("pathcost", treated.path_cost), ("portprio", treated.priority)):
        if value is not None:
            yield Option(f"bridge{low}{word}{plural}", f"{port}{sign}{value}")


def _whole_seconds(word: str, name: str, link: Link) -> Iterator[Option]:
    seconds, rest = divmod(getattr(_options(link), name), 100)
    if rest:
        line = f"ip link set dev {link.name} type bridge {name} {seconds * 100 + rest}"
        yield Option("up", line)
    else:
        yield Option(word, str(seconds))


def _ifupdown_ng(link: Link, port: str, treated: PortOptions, mac: str | None) -> Iterator[Option]:
    """Its own words take times in centiseconds or in seconds, and `on` for `off`: see ADR 0012.

    `create` lines come before the bridge has a port or is up.
    """
    options, usual = _options(link), BridgeOptions()
    words = ["stp_state", str(int(options.stp)), "forward_delay", str(options.forward_delay)]
    for name in (*(name for _, name in TIMES), "priority"):
        if getattr(options, name) != getattr(usual, name):
            words += [name, str(getattr(options, name))]
    address = f"address {mac} " if mac else ""
    yield Option("create", f"ip link set dev {link.name} {address}type bridge {' '.join(words)}")
    if mac:
        yield Option("hwaddress", mac)
    if options.vlan_filtering:
        yield Option("bridge-vlan-aware", "yes")
    cost, priority = treated.path_cost, treated.priority
    ways = [f"cost {cost}"] * (cost is not None) + [f"priority {priority}"] * (priority is not None)
    if ways:
        yield Option("pre-up", f"bridge link set dev {port} {' '.join(ways)}")


def _options(link: Link) -> BridgeOptions:
    assert link.bridge is not None, "a bridge has bridge options"
    return link.bridge


WORDS: dict[str, Words] = {
    CLASSIC.name: _classic,
    IFUPDOWN2.name: _ifupdown2,
    IFUPDOWN_NG.name: _ifupdown_ng,
}


def ports(dialect: Dialect, others: tuple[str, ...], port: str) -> Option:
    """Say which ports the bridge has; bridge-utils reads both spellings."""
    word = "bridge_ports" if dialect is CLASSIC else "bridge-ports"
    return Option(word, " ".join([*(name for name in others if name != port), port]))
