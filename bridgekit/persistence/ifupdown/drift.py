"""Do the interfaces files give an interface what it has? Told in words, for a person."""

import contextlib
from collections.abc import Iterator
from ipaddress import ip_address, ip_interface

from bridgekit.persistence.ifupdown.drift_lines import routes, rules
from bridgekit.persistence.ifupdown.interfaces import (
    IfaceDefinition,
    ParsedInterfaces,
    bridge_ports,
    definitions_for,
    hook_commands,
)
from bridgekit.persistence.ifupdown.interfaces.document import Option
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.message import attributes, expires, header, table_of
from bridgekit.uapi.rtnetlink import (
    RT_SCOPE_LINK,
    RT_TABLE_MAIN,
    RTA_GATEWAY,
    RTPROT_DHCP,
    RTPROT_KERNEL,
    RTPROT_RA,
)

FAMILIES = {"inet": IPV4, "inet6": IPV6}
WITH_ADDRESSES = ("static", "")
"""Some programs do not need to be told the method."""
ASKING = ("dhcp", "auto", "bootp", "ppp")
PASSING = (RTPROT_KERNEL, RTPROT_RA, RTPROT_DHCP)


def find_drift(parsed: ParsedInterfaces, state: NetworkState, name: str) -> tuple[str, ...]:
    """Return what the files and the running interface do not agree on, a sentence for each.

    Compared are addresses, routers, other routes, rules that name the interface, MTU and ports. An
    address that a line such as `up ip address add …` names counts as given, and so does every one
    of a family for which a stanza asks DHCP or router advertisements.
    """
    stanzas = definitions_for(parsed, name)
    if not stanzas:
        return (f"the file has no stanza for {name}",)
    idle = () if parsed.brings_up(name) else (f"no `auto` or `allow-` line brings {name} up",)
    told = (*_addresses(stanzas, state, name), *_routers(stanzas, state, name))
    own, every = (
        [line for one in found for line in hook_commands(one.options)]
        for found in (stanzas, parsed.definitions)
    )
    made = (*routes(own, every, state, name, _asking(stanzas)), *rules(every, state, name))
    return (*idle, *told, *made, *_mtu(stanzas, state, name), *_ports(stanzas, state, name))


def _addresses(
    stanzas: tuple[IfaceDefinition, ...], state: NetworkState, name: str
) -> Iterator[str]:
    given = {text for one in stanzas for text in _given(one)}
    has = {f"{one.ip}/{one.prefixlen}": one for one in state.addresses_on(name)}
    words = _words_of_hooks(stanzas)
    for text in sorted(given - has.keys()):
        yield f"the file gives {name} {text}, which it does not have"
    for text in sorted(has.keys() - given):
        if _should_be_given(has[text], stanzas) and not {text, has[text].ip} & words:
            yield f"{name} has {text}, which the file does not give it"


def _should_be_given(address: Address, stanzas: tuple[IfaceDefinition, ...]) -> bool:
    """Not one that the kernel makes for the link alone, or that a server or a router may give."""
    own = address.family == IPV6 and address.scope == RT_SCOPE_LINK
    return not own and address.family not in _asking(stanzas)


def _asking(stanzas: tuple[IfaceDefinition, ...]) -> set[int | None]:
    """The families for which a stanza asks a server or a router."""
    asked = {FAMILIES.get(one.family) for one in stanzas if one.method in ASKING}
    return asked | {IPV4 for one in stanzas if Option("use", "dhcp") in one.options}


def _given(stanza: IfaceDefinition) -> Iterator[str]:
    """The addresses of a static stanza, with their prefix lengths; a bad one gives none."""
    found = {option.name: option.value for option in stanza.joined}
    for text in found.get("address", "").split() if stanza.method in WITH_ADDRESSES else ():
        ip, _, length = text.partition("/")
        with contextlib.suppress(ValueError):
            mask = found.get("netmask") or length or _usual_length(ip)
            yield ip_interface(f"{ip}/{mask}").with_prefixlen


def _usual_length(ip: str) -> int:
    """What ifup takes where the file names none: of IPv4 the old classes."""
    address = ip_address(ip)
    if address.version == 6:
        return 128
    first = address.packed[0]
    return 8 if first < 128 else 16 if first < 192 else 24


def _routers(stanzas: tuple[IfaceDefinition, ...], state: NetworkState, name: str) -> Iterator[str]:
    given = {
        str(ip_address(word))
        for one in stanzas
        for option in one.options
        if option.name == "gateway"
        for word in option.value.split()
        if _is_address(word)
    }
    used = dict(_default_routers(state, name))
    for router in sorted(given - used.keys()):
        yield f"the file sends what leaves by {name} to {router}, but no default route does"
    asking = _asking(stanzas)
    for router in sorted(used.keys() - given - _words_of_hooks(stanzas)):
        if not used[router] and (IPV6 if ":" in router else IPV4) not in asking:
            yield f"a default route of {name} goes to {router}, which the file does not say"


def _default_routers(state: NetworkState, name: str) -> Iterator[tuple[str, bool]]:
    """Yield each router of a default route, and whether it comes and goes by itself."""
    routes = state.routes
    for message in routes.on_link(name).messages:
        if header(message).dst_len == 0 and table_of(message) == RT_TABLE_MAIN:
            passing = header(message).protocol in PASSING or expires(message) > 0
            if RTA_GATEWAY in attributes(message):
                yield str(ip_address(attributes(message)[RTA_GATEWAY])), passing


def _mtu(stanzas: tuple[IfaceDefinition, ...], state: NetworkState, name: str) -> Iterator[str]:
    link = state.link(name)
    for option in (option for one in stanzas for option in one.options if option.name == "mtu"):
        if link and option.value != str(link.mtu):
            yield f"the file gives {name} an MTU of {option.value}; it has {link.mtu}"


def _ports(stanzas: tuple[IfaceDefinition, ...], state: NetworkState, name: str) -> Iterator[str]:
    """Those that are words for many, such as `all` or `regex`, are no names."""
    named = set(bridge_ports(tuple(option for one in stanzas for option in one.options)))
    for port in sorted(named & {link.name for link in state.links}):
        if port not in {one.name for one in state.ports(name)}:
            yield f"the file makes {port} a port of {name}, which it is not"


def _words_of_hooks(stanzas: tuple[IfaceDefinition, ...]) -> set[str]:
    return {word for one in stanzas for text in hook_commands(one.options) for word in text.split()}


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
