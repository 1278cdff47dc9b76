"""Where the interfaces files and a running interface differ, in words for a person."""

import contextlib
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_interface, ip_network

from msgspec import Struct

from bridgekit.persistence.ifupdown.commands import shell
from bridgekit.persistence.ifupdown.commands.reader import read_command
from bridgekit.persistence.ifupdown.interfaces import (
    IfaceDefinition,
    ParsedInterfaces,
    bridge_ports,
    definitions_for,
    hook_commands,
    names_in,
)
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.persistence.ifupdown.render_routes import lasting_routes
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.message import attributes, expires, header, table_of
from bridgekit.uapi.rtnetlink import (
    RT_SCOPE_LINK,
    RT_TABLE_MAIN,
    RTA_DST,
    RTA_GATEWAY,
    RTPROT_DHCP,
    RTPROT_KERNEL,
    RTPROT_RA,
)

FAMILIES = {"inet": IPV4, "inet6": IPV6}
STATIC_METHODS = ("static", "")
"""ifupdown2 and ifupdown-ng need no method for addresses."""
DYNAMIC_METHODS = ("dhcp", "auto", "bootp", "ppp")
DYNAMIC_PROTOCOLS = (RTPROT_KERNEL, RTPROT_RA, RTPROT_DHCP)
Network = IPv4Network | IPv6Network
WORDS_OF_EVERY_RULE = frozenset({"from", "all", "priority", "lookup"})


def find_drift(parsed: ParsedInterfaces, state: NetworkState, link: str) -> tuple[str, ...]:
    """Return what the files and the running interface do not agree on, a sentence for each.

    Compared are addresses, routers, other routes, rules that name the interface, MTU and ports. An
    address that a line such as `up ip address add …` names counts as configured, and so does every
    one of a family for which a stanza asks DHCP or router advertisements.
    """
    names = names_in(parsed, state.require(link))
    definitions = tuple(one for name in names for one in definitions_for(parsed, name))
    if not definitions:
        return (f"the file has no stanza for {link}",)
    commands = [line for one in definitions for line in hook_commands(one.options)]
    all_commands = [line for one in parsed.definitions for line in hook_commands(one.options)]
    comes_up = any(map(parsed.brings_up, names))
    comparison = _Comparison(definitions, state, link)
    return (
        *(() if comes_up else (f"no `auto` or `allow-` line brings {link} up",)),
        *comparison.addresses(),
        *comparison.routers(),
        *comparison.routes(commands, all_commands),
        *comparison.rules(all_commands),
        *comparison.mtu(),
        *comparison.ports(),
    )


class _Comparison(Struct, frozen=True):
    """One interface's stanzas and its state; each method yields where they differ in one thing."""

    definitions: tuple[IfaceDefinition, ...]
    state: NetworkState
    link: str

    @property
    def options(self) -> tuple[Option, ...]:
        """The options of all stanzas."""
        return tuple(option for one in self.definitions for option in one.options)

    @property
    def hook_words(self) -> set[str]:
        """All words of the commands that the stanzas run."""
        return {word for command in hook_commands(self.options) for word in command.split()}

    @property
    def dynamic_families(self) -> set[int | None]:
        """The families for which a stanza asks a server or a router."""
        asked = {FAMILIES.get(o.family) for o in self.definitions if o.method in DYNAMIC_METHODS}
        return asked | {IPV4 for option in self.options if option == Option("use", "dhcp")}

    def addresses(self) -> Iterator[str]:
        """Yield addresses that the file or the link has alone."""
        configured = {text for one in self.definitions for text in _static_addresses(one)}
        present = {f"{a.ip}/{a.prefixlen}": a for a in self.state.addresses_on(self.link)}
        words = self.hook_words
        for text in sorted(configured - present.keys()):
            yield f"the file gives {self.link} {text}, which it does not have"
        for text in sorted(present.keys() - configured):
            if self._needs_stanza(present[text]) and not {text, present[text].ip} & words:
                yield f"{self.link} has {text}, which the file does not give it"

    def _needs_stanza(self, address: Address) -> bool:
        """Return whether nobody else makes the address: not the kernel, a server or a router."""
        by_kernel = address.family == IPV6 and address.scope == RT_SCOPE_LINK
        return not by_kernel and address.family not in self.dynamic_families

    def routers(self) -> Iterator[str]:
        """Yield routers of default routes that the file or the link has alone."""
        gateways = (option.value for option in self.options if option.name == "gateway")
        configured = {
            str(ip_address(word)) for text in gateways for word in text.split() if _is_ip(word)
        }
        link, present = self.link, dict(self._default_routers())
        for router in sorted(configured - present.keys()):
            yield f"the file sends what leaves by {link} to {router}, but no default route does"
        dynamic = self.dynamic_families
        for router in sorted(present.keys() - configured - self.hook_words):
            if not present[router] and (IPV6 if ":" in router else IPV4) not in dynamic:
                yield f"a default route of {link} goes to {router}, which the file does not say"

    def _default_routers(self) -> Iterator[tuple[str, bool]]:
        """Yield each router of a default route, and whether the route comes and goes by itself."""
        for message in self.state.routes.on_link(self.link).messages:
            top, fields = header(message), attributes(message)
            if top.dst_len == 0 and table_of(message) == RT_TABLE_MAIN and RTA_GATEWAY in fields:
                dynamic = top.protocol in DYNAMIC_PROTOCOLS or expires(message) > 0
                yield str(ip_address(fields[RTA_GATEWAY])), dynamic

    def routes(self, commands: Iterable[str], all_commands: Iterable[str]) -> Iterator[str]:
        """Yield routes that the link or lines of its own stanzas have alone.

        A line of any stanza counts for a route that exists. What a server may give, for families
        that it is asked for, needs no line.
        """
        lasting = lasting_routes(self.state.routes, self.link, self.state.addresses_on(self.link))
        needed = {
            _destination(message)
            for message in lasting.messages
            if header(message).dst_len and message[0] not in self.dynamic_families
        }
        for network in sorted(needed - _made_by(all_commands), key=str):
            yield f"{self.link} has a route to {network}, which no line of the file makes"
        if self.state.routes.blocks:
            return
        present = {_destination(message) for message in self.state.routes.messages}
        for network in sorted(_made_by(commands) - present, key=str):
            yield f"a line of the file makes a route to {network}, which is not there"

    def rules(self, all_commands: Iterable[str]) -> Iterator[str]:
        """Yield the rules that name the link and that no line makes."""
        lines = [
            {*command.replace("$IFACE", self.link).split()}
            for command in all_commands
            if "rule" in command
        ]
        for rule in (rule for rule in self.state.rules if rule.names(self.link)):
            words = set(str(rule).split()) - WORDS_OF_EVERY_RULE
            if not any(words <= line for line in lines):
                yield f"{self.link} has the rule {rule}, which no line of the file makes"

    def mtu(self) -> Iterator[str]:
        """Yield each MTU of the file that is not the link's."""
        link = self.state.link(self.link)
        for option in (option for option in self.options if option.name == "mtu"):
            if link and option.value != str(link.mtu):
                yield f"the file gives {self.link} an MTU of {option.value}; it has {link.mtu}"

    def ports(self) -> Iterator[str]:
        """Yield links that the file makes ports, and that are none.

        Words for many ports, such as `all` or `regex`, are no names of links.
        """
        named = set(bridge_ports(self.options)) & {link.name for link in self.state.links}
        for port in sorted(named - {port.name for port in self.state.ports(self.link)}):
            yield f"the file makes {port} a port of {self.link}, which it is not"


def _static_addresses(definition: IfaceDefinition) -> Iterator[str]:
    """Yield the addresses of a static stanza with their prefix lengths, but no malformed one."""
    if definition.method not in STATIC_METHODS:
        return
    values = {option.name: option.value for option in definition.joined}
    for text in values.get("address", "").split():
        ip, _, length = text.partition("/")
        with contextlib.suppress(ValueError):
            mask = values.get("netmask") or length or _classful_length(ip)
            yield ip_interface(f"{ip}/{mask}").with_prefixlen


def _classful_length(ip: str) -> int:
    """Return the prefix length that ifup takes where the file has none: IPv4's old classes."""
    address = ip_address(ip)
    if address.version == 6:
        return 128
    first = address.packed[0]
    return 8 if first < 128 else 16 if first < 192 else 24


def _made_by(commands: Iterable[str]) -> set[Network]:
    """Return the destinations of the routes that these commands make."""
    networks = set()
    for part in (part for command in commands for part in shell.fragments(command)):
        change = read_command(part.words)
        if change and change.object == "route" and change.adds:
            with contextlib.suppress(ValueError):
                networks.add(ip_network(change.destination, strict=False))
    return networks


def _destination(message: bytes) -> Network:
    top, size = header(message), 4 if message[0] == IPV4 else 16
    return ip_network((attributes(message).get(RTA_DST, bytes(size)), top.dst_len))


def _is_ip(text: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ip_address(text).version)
    return False
