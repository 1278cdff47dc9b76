"""What of a bridge's stanza follows from the state alone."""

from bridgekit.persistence.ifupdown.dialect import Dialect
from bridgekit.persistence.ifupdown.render import RenderOptions, bridge_stanzas
from bridgekit.persistence.ifupdown.template import IfaceStanza
from bridgekit.planning.intent import Intent
from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.link import Sysctl
from bridgekit.state.network_state import NetworkState, default_sysctls


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
