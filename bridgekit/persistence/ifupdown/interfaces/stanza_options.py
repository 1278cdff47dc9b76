"""What the interfaces(5) files say of one interface, and what other lines of them need of it."""

import re
from collections.abc import Iterator

from msgspec import Struct

from bridgekit.persistence.ifupdown.interfaces import hooks
from bridgekit.persistence.ifupdown.interfaces.lines import Line
from bridgekit.persistence.ifupdown.interfaces.names import is_of, is_vlan_of, matches, target
from bridgekit.persistence.ifupdown.interfaces.parsed import Definition, ParsedInterfaces
from bridgekit.persistence.ifupdown.option import Option

OF_NAMES = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@+-")
EXPRESSED = frozenset(
    {
        *("address", "netmask", "network", "broadcast", "gateway", "mtu", "hwaddress", "scope"),
        *("metric", "pointopoint", "point-to-point", "accept_ra", "autoconf", "privext"),
        *("dad-attempts", "dad-interval", "preferred-lifetime"),
    }
)
"""Options whose effect the snapshot shows, so that the new stanza says it anew."""
OF_THE_BRIDGE = frozenset(
    f"bridge_{word}"
    for word in (
        "ports",
        "stp",
        "fd",
        "hello",
        "maxage",
        "ageing",
        "bridgeprio",
        "hw",
        "vlan_aware",
    )
)
"""Likewise, of a bridge that was there already. bridge-utils takes a hyphen for a low line."""
ASKED_WITH = frozenset(
    {
        *("hostname", "metric", "leasehours", "leasetime", "vendor", "client"),
        *("dhcp", "request_prefix", "ll-attempts", "ll-interval"),
        *("accept_ra", "autoconf", "privext"),
    }
)
"""Options of the methods dhcp and auto."""


class NameReferences(Struct, frozen=True):
    """What holds an interface's name in the files when its own stanzas go.

    `definitions`: its stanzas that others inherit from, or that other interfaces get.
    `groups`: the `allow-GROUP`s in which its VLANs come up together with it.
    `named`: some other line needs or brings up the name, so a stanza must be there.
    """

    definitions: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    named: bool = False


def find_references(reading: ParsedInterfaces, link: str) -> NameReferences:
    """Return what other lines need of this interface's name."""
    words = [(group, target(w)) for group in reading.activated for w in reading.activated[group]]
    used = {one.inherits for one in reading.definitions if not is_of(one.name, link)}
    used |= {one.logical for _, one in words if not is_of(one.physical, link)}
    vlans = {group for group, one in words if is_vlan_of(one.physical, link)}
    groups = {group for group, one in words if one.may_match(link)} & vlans - {"auto"}
    patterns = any(one.is_pattern and one.may_match(link) for _, one in words)
    vlan_stanzas = any(is_vlan_of(one.name, link) for one in reading.definitions)
    named = bool(groups) or patterns or vlan_stanzas or any(others_naming(reading, link))
    definitions = frozenset(name for name in used if name and is_of(name, link))
    return NameReferences(definitions, frozenset(groups), named or bool(definitions))


def mapped(reading: ParsedInterfaces, link: str) -> bool:
    """Would a `mapping` choose another stanza for the interface when it is brought up?"""
    return any(mapping.concerns(link) for mapping in reading.mappings)


def stays_up(reading: ParsedInterfaces, link: str) -> bool:
    """Does `no-auto-down` keep the interface up when the host goes down?"""
    return any(matches(link, pattern) for pattern in reading.no_auto_down)


def stanzas_of(reading: ParsedInterfaces, link: str) -> tuple[Definition, ...]:
    """Return the stanzas that the interface and its aliases get when they are brought up."""
    name = reading.stanza_of(link)
    given = {name, *(word.partition("=")[2] for word in reading.running(link))}
    return tuple(
        one
        for one in reading.definitions
        if one.name in given or (one.name != link and is_of(one.name, link))
    )


def home(reading: ParsedInterfaces, link: str) -> str | None:
    """The file that has the first stanza of the interface's own name."""
    return next((one.path for one in reading.definitions if is_of(one.name, link)), None)


def options(reading: ParsedInterfaces, link: str) -> tuple[Option, ...]:
    """Return the options of all stanzas of this interface, with what they inherit."""
    return tuple(option for one in stanzas_of(reading, link) for option in one.options)


def methods(reading: ParsedInterfaces, link: str) -> frozenset[tuple[str, str]]:
    """Return (`inet` or `inet6`, method) of each stanza of this interface.

    ifupdown-ng takes an option `use dhcp` for the method.
    """
    found = stanzas_of(reading, link)
    used = {("inet", "dhcp") for one in found if Option("use", "dhcp") in one.options}
    return frozenset({(one.family, one.method) for one in found} | used)


def others_naming(reading: ParsedInterfaces, link: str) -> Iterator[tuple[str, Line]]:
    """Yield (path, line) for the option lines of others' stanzas that name this interface."""
    for path, document in reading.documents.items():
        for stanza in document.of("iface"):
            if not is_of(stanza.words[0] if stanza.words else "", link):
                yield from ((path, line) for line in stanza.options if names(line.rest, link))


def names(text: str, link: str) -> bool:
    """Does an option's value name this interface, rather than its VLAN or alike?"""
    return link in "".join(letter if letter in OF_NAMES else " " for letter in text).split()


def renamed(option: Option, link: str, other: str) -> Option:
    """Return an option with another link's name where an `ip` command of its says this one's.

    Not one that runs before the other link is there.
    """
    letters = "".join(OF_NAMES - {"-"}) + "-"
    word = rf"(?<![{letters}]){re.escape(link)}(?![{letters}])"
    program = "".join(option.value.split()[:1]).rpartition("/")[2]
    if option.name not in hooks.NAMES or option.name == "pre-up" or program != "ip":
        return option
    return Option(option.name, re.sub(word, lambda _: other, option.value))


def options_to_keep(own: tuple[Option, ...], link: str, *more: str) -> tuple[Option, ...]:
    """Return the options that the bridge's stanza needs from those of these links.

    Left out is what the new stanza says by itself: addresses, and `ip` commands for addresses,
    routes, neighbours and rules that name links, whose effect is in the snapshot. The first link is
    the card; what is about that goes on to be.
    """
    links = (link, *more)
    kept = (o for o in own if not _is_expressed(o.name) and not hooks.is_captured(o, links))
    return tuple(hooks.pin_to_nic(option, link) for option in kept)


def asking(reading: ParsedInterfaces, link: str) -> dict[str, tuple[Option, ...]]:
    """Return by family the options that say how a server or a router is asked for addresses."""
    return {
        one.family: tuple(o for o in one.options if o.name in ASKED_WITH)
        for one in stanzas_of(reading, link)
        if one.method in ("dhcp", "auto")
    }


def ports(own: tuple[Option, ...]) -> tuple[str, ...]:
    """Return the words of a bridge's `bridge_ports`; "none" is no port."""
    values = (o.value.split() for o in own if o.name.replace("-", "_") == "bridge_ports")
    return tuple(word for words in values for word in words if word != "none")


def _is_expressed(name: str) -> bool:
    return name in EXPRESSED or name.replace("-", "_") in OF_THE_BRIDGE
