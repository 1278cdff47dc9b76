"""What the interfaces(5) files configure for one interface, and what of it a bridge needs."""

import re

from bridgekit.persistence.ifupdown.interfaces import hooks
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.interfaces.names import is_link_or_alias, matches
from bridgekit.persistence.ifupdown.interfaces.parsed import IfaceDefinition, ParsedInterfaces
from bridgekit.persistence.ifupdown.interfaces.references import NAME_LETTERS

FROM_STATE = frozenset(
    {
        *("address", "netmask", "network", "broadcast", "gateway", "mtu", "hwaddress", "scope"),
        *("metric", "pointopoint", "point-to-point", "accept_ra", "autoconf", "privext"),
        *("dad-attempts", "dad-interval", "preferred-lifetime"),
    }
)
"""Options whose effect the snapshot shows; the new stanza's come from that."""
BRIDGE_FROM_STATE = frozenset(
    f"bridge_{word}"
    for word in (
        *("ports", "stp", "fd", "hello", "maxage", "ageing", "bridgeprio", "hw", "vlan_aware"),
    )
)
"""Likewise, of a bridge that existed before. bridge-utils takes a hyphen for an underscore."""
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


def is_no_auto_down(parsed: ParsedInterfaces, link: str) -> bool:
    """Return whether `no-auto-down` keeps the interface up when the host goes down."""
    return any(matches(link, pattern) for pattern in parsed.no_auto_down)


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


def methods_of(parsed: ParsedInterfaces, link: str) -> frozenset[tuple[str, str]]:
    """Return (`inet` or `inet6`, method) of each stanza of this interface.

    ifupdown-ng takes an option `use dhcp` for the method.
    """
    definitions = definitions_for(parsed, link)
    used = {("inet", "dhcp") for one in definitions if Option("use", "dhcp") in one.options}
    return frozenset({(one.family, one.method) for one in definitions} | used)


def dynamic_options(parsed: ParsedInterfaces, link: str) -> dict[str, tuple[Option, ...]]:
    """Return by family the options of the methods dhcp and auto.

    How a server or router is asked.
    """
    return {
        one.family: tuple(o for o in one.options if o.name in DYNAMIC_METHOD_OPTIONS)
        for one in definitions_for(parsed, link)
        if one.method in ("dhcp", "auto")
    }


def bridge_ports(options: tuple[Option, ...]) -> tuple[str, ...]:
    """Return the words of a bridge's `bridge_ports`; "none" is no port."""
    values = (o.value.split() for o in options if o.name.replace("-", "_") == "bridge_ports")
    return tuple(word for words in values for word in words if word != "none")


def options_to_keep(options: tuple[Option, ...], nic: str, *others: str) -> tuple[Option, ...]:
    """Return those of these links' options that the bridge's stanza needs.

    Left out is what the new stanza says from the state: addresses, and `ip` commands for addresses,
    routes, neighbours and rules that name these links. What concerns the NIC alone still does.
    """
    links = (nic, *others)
    kept = (o for o in options if not _is_from_state(o.name) and not hooks.is_captured(o, links))
    return tuple(hooks.pin_to_nic(option, nic) for option in kept)


def rename_link(option: Option, link: str, new: str) -> Option:
    """Return an `ip` hook with a link's name replaced; other options as they are.

    A `pre-up` hook stays as it is: it runs before the new link exists.
    """
    if option.name not in hooks.HOOKS or option.name == "pre-up" or hooks.program(option) != "ip":
        return option
    letters = "".join(NAME_LETTERS - {"-"}) + "-"
    word = rf"(?<![{letters}]){re.escape(link)}(?![{letters}])"
    return Option(option.name, re.sub(word, lambda _: new, option.value))


def _is_from_state(name: str) -> bool:
    return name in FROM_STATE or name.replace("-", "_") in BRIDGE_FROM_STATE
