"""Rewrite the interfaces(5) files so that a bridge lasts; pure, from parsed files to texts."""

from collections.abc import Iterator
from functools import cached_property, partial
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.commands.placement import Links, divide
from bridgekit.persistence.ifupdown.dialect import CLASSIC, Dialect
from bridgekit.persistence.ifupdown.from_state import changed_sysctls, dhcp_families
from bridgekit.persistence.ifupdown.interfaces import Kept, ParsedInterfaces
from bridgekit.persistence.ifupdown.interfaces.document import Option
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
from bridgekit.state.link import Link
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.lookup import link_towards

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
        return (*self.names, bridge) if self.before.link(bridge) else self.names

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names by which the files call the NIC: the kernel's, or alternative ones."""
        return interfaces.names_in(self.parsed, self.before.require(self.intent.nic))

    @property
    def nic(self) -> str:
        """The name of the NIC's new stanza."""
        return self.names[0]

    @property
    def has_stanza(self) -> bool:
        """Whether the files have a stanza for the NIC."""
        logical = (self.parsed.logical_name(name) for name in self.names)
        return any(map(self.parsed.definitions_of, logical))

    @property
    def shown_links(self) -> Links:
        """The links whose addresses and routes the bridge's state shows."""
        own = frozenset((*self.before.require(self.intent.nic).names, self.intent.bridge))
        return Links(own, partial(link_towards, self.after.routes))

    @cached_property
    def of_nic(self) -> tuple[StanzaParts, ...]:
        """The NIC's stanzas, divided into what stays the NIC's and what becomes the bridge's."""
        return tuple(
            divide_stanza(one, interfaces.NIC_FROM_STATE, self.shown_links)
            for name in self.names
            for one in interfaces.definitions_for(self.parsed, name)
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
            kept=(*(option for parts in self.of_nic for option in parts.dns), *self._more_options),
            dynamic_options=interfaces.dynamic_options(parsed, self.names),
            dhcp_families=dhcp_families(
                self.lasting, self.intent.bridge, interfaces.methods_of(parsed, self.names)
            ),
            port=self.intent.spec.port,
            ports=interfaces.bridge_ports(tuple(own)),
            no_auto_down=dialect is CLASSIC and stays_up,
        )

    @property
    def _more_options(self) -> tuple[Option, ...]:
        """What the bridge's stanza says beside the NIC's and the state."""
        made = is_made_by_hooks(self.nic, self.of_nic, self.dialect)
        joining = (joining_line(self.intent.nic, self.intent.bridge),) if made else ()
        own = (option for parts in self.of_bridge for option in (*parts.dns, *parts.own))
        return (*joining, *own)

    @property
    def dialect(self) -> Dialect:
        """The dialect to write."""
        return self.options.dialect

    def stanzas(self, extra: RenderOptions) -> tuple[IfaceStanza, ...]:
        """Return the NIC's stanzas and the bridge's, from the host's state or the NIC's stanzas."""
        intent, bridge = self.intent, self.after.link(self.intent.bridge)
        if self.options.source == "file" and bridge and self.has_stanza:
            first, *others = self._retargeted(bridge, extra)
        else:
            first, *others = bridge_stanzas(
                self.lasting, intent.bridge, intent.nic, extra, self.dialect
            )
        port, *more = nic_stanzas(self.nic, self.of_nic, self.dialect)
        auto = any(interfaces.selects_itself(self.parsed, name) for name in self.names)
        of_nic = (replace(port, auto=auto), *more)
        return (*of_nic, replace(first, no_auto_down=extra.no_auto_down), *others)

    def _retargeted(self, bridge: Link, extra: RenderOptions) -> tuple[IfaceStanza, ...]:
        """Return the NIC's stanzas as the bridge's, with the options that make it a bridge."""
        definitions = tuple(parts.as_bridge for parts in self.of_nic)
        options = bridge_options(
            replace(bridge, mtu=configured_mtu(definitions)),
            self.intent.nic,
            replace(extra, kept=self._more_options),
            self.dialect,
        )
        return retarget(
            definitions, self.names, self.intent.bridge, (*options, *self._lines_taken_over())
        )

    def _lines_taken_over(self) -> Iterator[Option]:
        """Yield the lines that the bridge's stanza has from other interfaces'."""
        for line, rest in self.lines_of_others():
            if rest == "":
                option = Option(line.name, line.rest)
                yield interfaces.rename_link(option, self.names, self.intent.bridge)

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
        for name in self.names[1:]:
            kept = Kept(name=False, definitions=interfaces.used_by_others(self.parsed, name))
            text = interfaces.disable(text, name, "", kept, self.dialect)
        definitions = interfaces.used_by_others(self.parsed, self.nic)
        gone = frozenset(line.text for line, rest in self.lines_of_others() if rest == "")
        kept = Kept(definitions=definitions, not_lines=gone)
        return interfaces.disable(text, self.nic, new_stanza, kept, self.dialect)

    def lines_of_others(self) -> Iterator[tuple[interfaces.Line, str | None]]:
        """Yield the other interfaces' lines of which the bridge's state shows something.

        With each what stays of it: nothing, or None if it does more. A route by a router that is
        reached over the NIC is such a line: that interface may come up before the bridge.
        """
        links = replace(self.shown_links, own_variable=False)
        for line in interfaces.hooks_of_others(self.parsed, self.links):
            parts = divide(line.rest, links)
            if parts is None or parts.bridge:
                yield line, None if parts is None or parts.nic else ""


def texts(parsed: ParsedInterfaces) -> dict[str, str]:
    """Return the text of each file by its path; the main one need not exist."""
    return {parsed.main: ""} | {path: one.text for path, one in parsed.documents.items()}
