"""Rewrite the interfaces(5) files so that a bridge lasts; pure, from parsed files to texts."""

from collections.abc import Iterator
from functools import cached_property, partial
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.commands.placement import Links, divide
from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces import Kept, ParsedInterfaces
from bridgekit.persistence.ifupdown.nic_stanza import (
    StanzaParts,
    divide_stanza,
    is_made_by_hooks,
    joining_line,
    nic_stanzas,
)
from bridgekit.persistence.ifupdown.render import RenderOptions, bridge_options, bridge_stanzas
from bridgekit.persistence.ifupdown.retarget import configured_mtu, retarget
from bridgekit.persistence.ifupdown.template import IfaceStanza
from bridgekit.planning.intent import Intent
from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.link import Link, Sysctl
from bridgekit.state.network_state import NetworkState, default_sysctls
from bridgekit.state.routes.towards import link_towards

LEASE = 3600
"""Seconds: any lifetime will do."""
Source = Literal["live", "file"]


class PersistOptions(Struct, frozen=True):
    """For which dialect to write, and whether the bridge's stanza follows the host or the file."""

    dialect: Dialect
    source: Source = "live"


class Rewrite(Struct, frozen=True, dict=True):
    """One rewriting of the files: what it starts from, and what it is for."""

    parsed: ParsedInterfaces
    before: NetworkState
    after: NetworkState
    intent: Intent
    options: PersistOptions

    @property
    def links(self) -> tuple[str, ...]:
        """The links whose stanzas become the new one: a bridge that existed before has its own."""
        bridge = self.intent.bridge
        return (self.nic, bridge) if self.before.link(bridge) else (self.nic,)

    @cached_property
    def nic(self) -> str:
        """The name by which the files call the NIC: the kernel's, or an alternative one."""
        names = interfaces.names_in(self.parsed, self._all_names)
        return names[0] if names else self.intent.nic

    @property
    def _all_names(self) -> tuple[str, ...]:
        link = self.before.link(self.intent.nic)
        return (self.intent.nic, *(link.altnames if link else ()))

    @property
    def shown_links(self) -> Links:
        """The links whose addresses and routes the bridge's state shows."""
        own = frozenset((*self._all_names, self.intent.bridge))
        return Links(own, partial(link_towards, self.after))

    @cached_property
    def of_nic(self) -> tuple[StanzaParts, ...]:
        """The NIC's stanzas, divided into what stays the NIC's and what becomes the bridge's."""
        definitions = interfaces.definitions_for(self.parsed, self.nic)
        return tuple(
            divide_stanza(one, interfaces.NIC_FROM_STATE, self.shown_links) for one in definitions
        )

    @cached_property
    def of_bridge(self) -> tuple[StanzaParts, ...]:
        """The stanzas of a bridge that existed before, divided likewise."""
        definitions = interfaces.definitions_for(self.parsed, self.intent.bridge)
        return tuple(
            divide_stanza(one, interfaces.BRIDGE_FROM_STATE, self.shown_links)
            for one in (definitions if self.intent.bridge in self.links else ())
        )

    @property
    def lasting(self) -> NetworkState:
        """The state to write: a DHCP client's addresses end with its lease.

        udhcpc does not tell the kernel of their lifetime.
        """
        leased = {(client.link, client.address) for client in self.after.clients}
        addresses = (
            replace(a, valid=LEASE, preferred=LEASE) if (a.link, a.ip) in leased else a
            for a in self.after.addresses
        )
        return replace(self.after, addresses=tuple(addresses))

    def render_options(self) -> RenderOptions:
        """Return what the new stanza says beside the bridge's state."""
        parsed, bridge, dialect = self.parsed, self.after.link(self.intent.bridge), self.dialect
        own = [option for link in self.links for option in interfaces.options_of(parsed, link)]
        stays_up = any(interfaces.is_no_auto_down(parsed, link) for link in self.links)
        return RenderOptions(
            mac=bridge.mac if bridge else None,
            sysctls=changed_sysctls(self.after, self.intent.bridge, dialect),
            kept=(
                *([joining_line(self.intent.nic, self.intent.bridge)] if self._made else []),
                *(option for parts in self.of_nic for option in parts.dns),
                *(option for parts in self.of_bridge for option in (*parts.dns, *parts.own)),
            ),
            dynamic_options=interfaces.dynamic_options(parsed, self.nic),
            dhcp_families=dhcp_families(
                self.lasting, self.intent.bridge, interfaces.methods_of(parsed, self.nic)
            ),
            port=self.intent.spec.port,
            ports=interfaces.bridge_ports(tuple(own)),
            no_auto_down=dialect is CLASSIC and stays_up,
        )

    @property
    def _made(self) -> bool:
        return is_made_by_hooks(self.nic, self.of_nic, self.dialect)

    @property
    def dialect(self) -> Dialect:
        """The dialect to write."""
        return self.options.dialect

    def stanzas(self, extra: RenderOptions) -> tuple[IfaceStanza, ...]:
        """Return the NIC's stanzas and the bridge's, from the host's state or the NIC's stanzas."""
        intent, bridge = self.intent, self.after.link(self.intent.bridge)
        has_own = self.parsed.definitions_of(self.parsed.logical_name(self.nic))
        if self.options.source == "file" and bridge and has_own:
            first, *others = self._retargeted(bridge, extra)
        else:
            first, *others = bridge_stanzas(
                self.lasting, intent.bridge, intent.nic, extra, self.dialect
            )
        port, *more = nic_stanzas(self.nic, self.of_nic, self.dialect)
        auto = interfaces.selects_itself(self.parsed, self.nic)
        of_nic = (replace(port, auto=auto), *more)
        return (*of_nic, replace(first, no_auto_down=extra.no_auto_down), *others)

    def _retargeted(self, bridge: Link, extra: RenderOptions) -> tuple[IfaceStanza, ...]:
        """Return the NIC's stanzas as the bridge's, with the options that make it a bridge."""
        definitions = tuple(parts.as_bridge for parts in self.of_nic)
        kept = tuple(option for parts in self.of_bridge for option in parts.own)
        options = bridge_options(
            replace(bridge, mtu=configured_mtu(definitions)),
            self.intent.nic,
            replace(extra, kept=kept),
            self.dialect,
        )
        return retarget(definitions, self.nic, self.intent.bridge, tuple(options))

    def texts(self, new_stanza: str) -> dict[str, tuple[str, str]]:
        """Return each file's text before and after, by path."""
        files = (interfaces.file_of(self.parsed, link) for link in self.links)
        place = next((path for path in files if path), self.parsed.main)
        return {
            path: (text, self._rewritten(text, new_stanza if path == place else ""))
            for path, text in texts(self.parsed).items()
        }

    def _rewritten(self, text: str, new_stanza: str) -> str:
        """Return a file's text in which the links of the new stanza have none of their own."""
        bridge = self.intent.bridge
        if bridge in self.links:
            kept = Kept(name=False, definitions=interfaces.used_by_others(self.parsed, bridge))
            text = interfaces.disable(text, bridge, "", kept, self.dialect)
        definitions = interfaces.used_by_others(self.parsed, self.nic)
        gone = frozenset(line.text for line, parts in self.lines_of_others() if parts == "")
        kept = Kept(definitions=definitions, not_lines=gone)
        return interfaces.disable(text, self.nic, new_stanza, kept, self.dialect)

    def lines_of_others(self) -> Iterator[tuple[interfaces.Line, str | None]]:
        """Yield the other interfaces' lines of which the bridge's state shows something.

        With each what stays of it: nothing, or None if it does more.
        """
        names = (*self._all_names, self.intent.bridge)
        links = replace(self.shown_links, own_variable=False)
        for _, line in interfaces.lines_of_others(self.parsed, self.nic):
            if line.name in interfaces.HOOKS and any(
                interfaces.names_link(line.rest, name) for name in names
            ):
                parts = divide(line.rest, links)
                if parts is None or parts.bridge:
                    yield line, None if parts is None or parts.nic else ""


def texts(parsed: ParsedInterfaces) -> dict[str, str]:
    """Return the text of each file by its path; the main one need not exist."""
    return {parsed.main: ""} | {path: one.text for path, one in parsed.documents.items()}


def stanzas_from_state(
    state: NetworkState, intent: Intent, dialect: Dialect, cidr: bool
) -> tuple[IfaceStanza, ...]:
    """Return the bridge's stanzas without anything that the files say of the NIC."""
    nic = state.link(intent.nic)
    extra = RenderOptions(
        sysctls=changed_sysctls(state, intent.bridge, dialect),
        dhcp_families=dhcp_families(state, intent.bridge),
        cidr=cidr,
        port_vlans=nic.vlans if nic else None,
    )
    return bridge_stanzas(state, intent.bridge, intent.nic, extra, dialect)


def dhcp_families(
    state: NetworkState, bridge: str, methods: frozenset[tuple[str, str]] = frozenset()
) -> frozenset[int]:
    """Return the families whose addresses must come by DHCP at boot, or the host would be lost.

    Who gave an IPv4 address with a lifetime is known from the NIC's manager or stanza; without
    those it was DHCP if nothing else would give the host an address.
    """
    ipv4 = [a for a in state.addresses_on(bridge) if a.family == IPV4]
    by_dhcp = (
        state.managers
        or state.clients_on(bridge)
        or ("inet", "dhcp") in methods
        or all(a.dynamic for a in ipv4)
    )
    families = {IPV4} if by_dhcp and any(a.dynamic for a in ipv4) else set()
    return frozenset(families | ({IPV6} if ("inet6", "dhcp") in methods else set()))


def changed_sysctls(state: NetworkState, bridge: str, dialect: Dialect) -> tuple[Sysctl, ...]:
    """Return the bridge's kernel settings that a new bridge would not have by itself."""
    fresh = default_sysctls(state)
    wanted = state.sysctls_of(bridge)
    changed = {key for key in wanted if fresh.get(key, wanted[key]) != wanted[key]}
    written = changed | (dialect.sysctls_set & wanted.keys())
    return tuple(Sysctl(key.format(bridge), wanted[key]) for key in sorted(written))
