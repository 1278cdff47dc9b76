"""The options that make the bridge and its port, in each dialect."""

import shlex
from collections.abc import Callable, Iterator

from bridgekit.persistence.ifupdown.dialect import CLASSIC, IFUPDOWN2, IFUPDOWN_NG, Dialect
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.state.link import BridgeOptions, Link, PortOptions, Sysctl

ETHERNET_MTU = 1500
TIMERS = (("hello", "hello_time"), ("maxage", "max_age"), ("ageing", "ageing_time"))
Renderer = Callable[[Link, str, PortOptions, str | None], Iterator[Option]]


def mtu(link: Link, port: str) -> Iterator[Option]:
    """Yield the MTU, if it is not Ethernet's; ifupdown2 warns of the option, and needs it."""
    if link.mtu != ETHERNET_MTU:
        yield Option("mtu", str(link.mtu))
        yield Option("pre-up", f"ip link set {port} mtu {link.mtu}")


def sysctls(settings: tuple[Sysctl, ...]) -> Iterator[Option]:
    """Yield lines for the kernel's settings."""
    for setting in settings:
        yield Option("up", f"sysctl -q -w {setting.key}={shlex.quote(setting.value)}")


def settings(
    dialect: Dialect, link: Link, port: str, port_options: PortOptions, mac: str | None
) -> Iterator[Option]:
    """Yield the settings of the bridge and its port, and its MAC address if it is pinned."""
    return RENDERERS[dialect.name](link, port, port_options, mac)


def _classic(link: Link, port: str, port_options: PortOptions, mac: str | None) -> Iterator[Option]:
    """Yield bridge-utils' options, which it applies in an order of its own; times in seconds."""
    options, default = _options(link), BridgeOptions()
    yield Option("bridge_stp", "on" if options.stp else "off")
    yield Option("bridge_fd", f"{options.forward_delay / 100:g}")
    for word, name in TIMERS:
        if getattr(options, name) != getattr(default, name):
            yield Option(f"bridge_{word}", f"{getattr(options, name) / 100:g}")
    yield from _common_options(("_", "", " "), link, port, port_options)
    if mac:
        yield Option("bridge_hw", mac)


def _ifupdown2(
    link: Link, port: str, port_options: PortOptions, mac: str | None
) -> Iterator[Option]:
    """Yield ifupdown2's options: it takes whole seconds, and turns IPv6 off on a port."""
    options, default = _options(link), BridgeOptions()
    yield Option("bridge-stp", "on" if options.stp else "off")
    yield from _whole_seconds("bridge-fd", "forward_delay", link)
    for word, name in TIMERS:
        if getattr(options, name) != getattr(default, name):
            yield from _whole_seconds(f"bridge-{word}", name, link)
    yield from _common_options(("-", "s", "="), link, port, port_options)
    if mac:
        yield Option("hwaddress", mac)
    yield Option("up", f"sysctl -q -e -w net/ipv6/conf/{port}/disable_ipv6=0")


def _common_options(
    spelling: tuple[str, str, str], link: Link, port: str, port_options: PortOptions
) -> Iterator[Option]:
    """Yield the options of which classic and ifupdown2 differ only in the signs between words."""
    options, (low, plural, sign) = _options(link), spelling
    if options.priority != BridgeOptions().priority:
        yield Option(f"bridge{low}bridgeprio", str(options.priority))
    if options.vlan_filtering:
        yield Option(f"bridge{low}vlan{low}aware", "yes")
    for word, value in (("pathcost", port_options.path_cost), ("portprio", port_options.priority)):
        if value is not None:
            yield Option(f"bridge{low}{word}{plural}", f"{port}{sign}{value}")


def _whole_seconds(word: str, name: str, link: Link) -> Iterator[Option]:
    seconds, rest = divmod(getattr(_options(link), name), 100)
    if rest:
        line = f"ip link set dev {link.name} type bridge {name} {seconds * 100 + rest}"
        yield Option("up", line)
    else:
        yield Option(word, str(seconds))


def _ifupdown_ng(
    link: Link, port: str, port_options: PortOptions, mac: str | None
) -> Iterator[Option]:
    """Yield ifupdown-ng's few options that work, and `ip` lines for the rest: see ADR 0012.

    `create` lines come before the bridge has a port or is up.
    """
    options, default = _options(link), BridgeOptions()
    words = ["stp_state", str(int(options.stp)), "forward_delay", str(options.forward_delay)]
    for name in (*(name for _, name in TIMERS), "priority"):
        if getattr(options, name) != getattr(default, name):
            words += [name, str(getattr(options, name))]
    address = f"address {mac} " if mac else ""
    yield Option("create", f"ip link set dev {link.name} {address}type bridge {' '.join(words)}")
    if mac:
        yield Option("hwaddress", mac)
    if options.vlan_filtering:
        yield Option("bridge-vlan-aware", "yes")
    cost, priority = port_options.path_cost, port_options.priority
    settings = [f"cost {cost}"] * (cost is not None) + [f"priority {priority}"] * (
        priority is not None
    )
    if settings:
        yield Option("pre-up", f"bridge link set dev {port} {' '.join(settings)}")


def _options(link: Link) -> BridgeOptions:
    assert link.bridge is not None, "a bridge has bridge options"
    return link.bridge


RENDERERS: dict[str, Renderer] = {
    CLASSIC.name: _classic,
    IFUPDOWN2.name: _ifupdown2,
    IFUPDOWN_NG.name: _ifupdown_ng,
}


def ports(dialect: Dialect, former_ports: tuple[str, ...], port: str) -> Option:
    """Return the option that names the bridge's ports; bridge-utils reads both spellings."""
    word = "bridge_ports" if dialect is CLASSIC else "bridge-ports"
    return Option(word, " ".join([*(name for name in former_ports if name != port), port]))
