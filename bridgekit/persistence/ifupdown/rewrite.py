"""Rewrite the interfaces(5) files so that a bridge lasts; pure, from parsed files to texts."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.interfaces import ParsedInterfaces
from bridgekit.persistence.ifupdown.render import RenderOptions, bridge_options, bridge_stanzas
from bridgekit.persistence.ifupdown.retarget import configured_mtu, retarget
from bridgekit.persistence.ifupdown.template import IfaceStanza
from bridgekit.planning.intent import Intent
from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.link import Link, Sysctl
from bridgekit.state.network_state import NetworkState, default_sysctls

LEASE = 3600
"""Seconds: any lifetime will do."""
Source = Literal["live", "file"]


class PersistOptions(Struct, frozen=True):
    """For which dialect to write, and whether the bridge's stanza follows the host or the file."""

    dialect: Dialect
    source: Source = "live"


class Rewrite(Struct, frozen=True):
    """One rewriting of the files: what it starts from, and what it is for."""

    parsed: ParsedInterfaces
    before: NetworkState
    after: NetworkState
    intent: Intent
    options: PersistOptions

    @property
    def links(self) -> tuple[str, ...]:
        """The links whose stanzas become the new one: a bridge that existed before has its own."""
        nic, bridge = self.intent.nic, self.intent.bridge
        return (nic, bridge) if self.before.link(bridge) else (nic,)

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
        parsed, nic, dialect = self.parsed, self.intent.nic, self.options.dialect
        dynamic = interfaces.dynamic_options(parsed, nic)
        for_asking = [option for options in dynamic.values() for option in options]
        own = [option for link in self.links for option in interfaces.options_of(parsed, link)]
        bridge = self.after.link(self.intent.bridge)
        stays_up = any(interfaces.is_no_auto_down(parsed, link) for link in self.links)
        return RenderOptions(
            mac=bridge.mac if bridge else None,
            sysctls=changed_sysctls(self.after, self.intent.bridge, dialect),
            kept=interfaces.options_to_keep(
                tuple(option for option in own if option not in for_asking), *self.links
            ),
            dynamic_options=dynamic,
            dhcp_families=dhcp_families(
                self.lasting, self.intent.bridge, interfaces.methods_of(parsed, nic)
            ),
            port=self.intent.spec.port,
            ports=interfaces.bridge_ports(tuple(own)),
            no_auto_down=dialect is CLASSIC and stays_up,
        )

    def stanzas(self, extra: RenderOptions) -> tuple[IfaceStanza, ...]:
        """Return the bridge's stanzas, from the host's state or from the NIC's own stanzas."""
        intent, bridge = self.intent, self.after.link(self.intent.bridge)
        has_own = self.parsed.definitions_of(self.parsed.logical_name(intent.nic))
        if self.options.source == "file" and bridge and has_own:
            first, *others = self._retargeted(bridge, extra)
        else:
            first, *others = bridge_stanzas(
                self.lasting, intent.bridge, intent.nic, extra, self.options.dialect
            )
        return (replace(first, no_auto_down=extra.no_auto_down), *others)

    def _retargeted(self, bridge: Link, extra: RenderOptions) -> tuple[IfaceStanza, ...]:
        """Return the NIC's stanzas as the bridge's, with the options that make it a bridge."""
        intent, parsed = self.intent, self.parsed
        definitions = interfaces.definitions_for(parsed, intent.nic)
        of_bridge = interfaces.options_of(parsed, intent.bridge)
        options = bridge_options(
            replace(bridge, mtu=configured_mtu(definitions)),
            intent.nic,
            replace(extra, kept=interfaces.options_to_keep(of_bridge, intent.bridge)),
            self.options.dialect,
        )
        return retarget(definitions, intent.nic, intent.bridge, tuple(options))

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
        intent, dialect = self.intent, self.options.dialect
        nic = interfaces.find_references(self.parsed, intent.nic)
        nic = replace(nic, named=nic.named or dialect.needs_bare_stanza)
        if intent.bridge in self.links:
            bridge = interfaces.find_references(self.parsed, intent.bridge)
            text = interfaces.disable(text, intent.bridge, "", bridge, dialect)
        return interfaces.disable(text, intent.nic, new_stanza, nic, dialect)


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
