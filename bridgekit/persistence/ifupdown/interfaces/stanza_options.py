"""What the interfaces(5) files configure for one interface, and what of it a bridge needs."""

import contextlib
import re

from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.interfaces.names import is_link_or_alias, matches
from bridgekit.persistence.ifupdown.interfaces.parsed import IfaceDefinition, ParsedInterfaces
from bridgekit.state.link import Link

NIC_FROM_STATE = frozenset(
    {
        *("address", "netmask", "network", "broadcast", "gateway", "mtu", "scope", "metric"),
        *("pointopoint", "point_to_point", "accept_ra", "autoconf", "privext"),
        *("dad_attempts", "dad_interval", "preferred_lifetime"),
    }
)
"""Options of the NIC whose effect the bridge's state shows; hyphens as underscores."""
NAME_LETTER = "[A-Za-z0-9_.@+-]"
BRIDGE_FROM_STATE = NIC_FROM_STATE | {
    "hwaddress",
    *(f"bridge_{word}" for word in ("ports", "stp", "fd", "hello", "maxage", "ageing")),
    *(f"bridge_{word}" for word in ("bridgeprio", "hw", "vlan_aware")),
}
"""Likewise, of a bridge that existed before."""
PORT_OPTIONS = frozenset({"bridge_ports", "bond_slaves", "bond_ports", "slaves"})
DYNAMIC_METHOD_OPTIONS = frozenset(
    {
        *("hostname", "metric", "leasehours", "leasetime", "vendor", "client"),
        *("dhcp", "request_prefix", "ll-attempts", "ll-interval"),
        *("accept_ra", "autoconf", "privext"),
    }
)
"""Options of the methods dhcp and auto."""


def has_mapping(parsed: ParsedInterfaces, link: str) -> bool:
    """Return whether a `mapping` chooses the interface's stanza when it is brought up."""
    return any(mapping.applies_to(link) for mapping in parsed.mappings)


def has_no_scripts(parsed: ParsedInterfaces, link: str) -> bool:
    """Return whether `no-scripts` keeps the programs in /etc/network/if-*.d from this interface."""
    return any(matches(link, pattern) for pattern in parsed.no_scripts)


def is_no_auto_down(parsed: ParsedInterfaces, link: str) -> bool:
    """Return whether `no-auto-down` keeps the interface up when the host goes down."""
    return any(matches(link, pattern) for pattern in parsed.no_auto_down)


def claims(
    parsed: ParsedInterfaces, names: tuple[str, ...], except_for: str
) -> tuple[IfaceDefinition, ...]:
    """Return the stanzas of bridges and bonds that take a link with these names as a port."""
    return tuple(
        one
        for one in parsed.definitions
        if one.name not in (*names, except_for)
        and any(_names_port(option, name) for option in one.options for name in names)
    )


def _names_port(option: Option, link: str) -> bool:
    """Return whether this option's ports include the link: `all`, or `regex` and an expression."""
    if option.name.replace("-", "_") not in PORT_OPTIONS:
        return False
    words = option.value.split()
    expressions = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "regex"]
    physical = link.startswith(("eth", "en", "em", "wl"))
    return (
        link in words
        or ("all" in words and physical)
        or any(_full_match(expression, link) for expression in expressions)
    )


def _full_match(expression: str, name: str) -> bool:
    with contextlib.suppress(re.error):
        return bool(re.fullmatch(expression, name))
    return False


def names_in(parsed: ParsedInterfaces, link: Link) -> tuple[str, ...]:
    """Return those of a link's names that the files use; its own if they use none."""
    defined = {one.name.partition(":")[0] for one in parsed.definitions}
    selected = {target.physical for target in parsed.targets if not target.is_pattern}
    return tuple(name for name in link.names if name in defined | selected) or (link.name,)


def definitions_for(parsed: ParsedInterfaces, link: str) -> tuple[IfaceDefinition, ...]:
    """Return the stanzas that the interface and its aliases get when they are brought up."""
    logical = {parsed.logical_name(link)}
    logical |= {line.partition("=")[2] for line in parsed.ifstate_lines(link)}
    return tuple(
        one
        for one in parsed.definitions
        if one.name in logical or (one.name != link and is_link_or_alias(one.name, link))
    )


def file_of(parsed: ParsedInterfaces, link: str) -> str | None:
    """Return the path of the file with the first stanza of the interface's own name."""
    return next((one.path for one in parsed.definitions if is_link_or_alias(one.name, link)), None)


def options_of(parsed: ParsedInterfaces, link: str) -> tuple[Option, ...]:
    """Return the options of all stanzas of this interface, with what they inherit."""
    return tuple(option for one in definitions_for(parsed, link) for option in one.options)


def methods_of(parsed: ParsedInterfaces, names: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    """Return (`inet` or `inet6`, method) of each stanza of an interface with these names.

    ifupdown-ng takes an option `use dhcp` for the method.
    """
    definitions = [one for name in names for one in definitions_for(parsed, name)]
    used = {("inet", "dhcp") for one in definitions if Option("use", "dhcp") in one.options}
    return frozenset({(one.family, one.method) for one in definitions} | used)


def dynamic_options(
    parsed: ParsedInterfaces, names: tuple[str, ...]
) -> dict[str, tuple[Option, ...]]:
    """Return by family the options of the methods dhcp and auto.

    How a server or router is asked.
    """
    return {
        one.family: tuple(o for o in one.options if o.name in DYNAMIC_METHOD_OPTIONS)
        for name in names
        for one in definitions_for(parsed, name)
        if one.method in ("dhcp", "auto")
    }


def bridge_ports(options: tuple[Option, ...]) -> tuple[str, ...]:
    """Return the words of a bridge's `bridge_ports`; "none" is no port."""
    values = (o.value.split() for o in options if o.name.replace("-", "_") == "bridge_ports")
    return tuple(word for words in values for word in words if word != "none")


def own_options(definition: IfaceDefinition, from_state: frozenset[str]) -> tuple[Option, ...]:
    """Return what a stanza says beside the state: hooks, and options for other programs."""
    asking = DYNAMIC_METHOD_OPTIONS if definition.method in ("dhcp", "auto") else frozenset()
    return tuple(
        one
        for one in definition.options
        if one.name.replace("-", "_") not in from_state
        and one.name not in asking
        and one != Option("use", "dhcp")
    )


def is_dns(option: Option) -> bool:
    """Return whether resolvconf reads this option: it concerns the host, by any link."""
    return option.name.startswith("dns-")


def rename_link(option: Option, names: tuple[str, ...], new: str) -> Option:
    """Return a hook with a link's names replaced; `pre-up` would run before the new link exists."""
    either = "|".join(map(re.escape, names))
    word = rf"(?<!{NAME_LETTER})({either})(?!{NAME_LETTER})"
    name = "up" if option.name == "pre-up" else option.name
    return Option(name, re.sub(word, lambda _: new, option.value))
