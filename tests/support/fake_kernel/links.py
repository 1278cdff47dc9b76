"""Links and their settings, and what happens to everything else when one changes."""

import errno

from msgspec.structs import replace

from bridgekit.state.address import IPV6, Address, link_local
from bridgekit.state.link import BridgeSettings, Link, PortOptions, Sysctl
from bridgekit.state.network_state import default_sysctls, without
from bridgekit.uapi.if_link import IN6_ADDR_GEN_MODE_EUI64
from bridgekit.uapi.rtnetlink import (
    RT_SCOPE_LINK,
    RTN_MULTICAST,
)
from tests.support.fake_kernel.addresses import Addresses
from tests.support.fake_kernel.messages import (
    is_host4,
    kernel_route,
    matches,
    oifs_of,
)
from tests.support.fake_kernel.objects import Objects
from tests.support.fake_kernel.state import refuse

ETH_DATA_LEN = 1500


class FakeKernel(Addresses, Objects):
    """The state of one network namespace. A refusal is an OSError with the kernel's errno."""

    def create_bridge(self, name: str, settings: BridgeSettings) -> None:
        if self.state.link_by_any_name(name):
            raise refuse(errno.EEXIST)
        ipv6 = any(link.addrgenmode is not None for link in self.state.links)
        made = Link(
            *(max(self._indices().values(), default=0) + 1, name, "bridge"),
            *(settings.mac, settings.mtu, False, False),
            addrgenmode=0 if ipv6 else None,
            bridge=settings.options,
            qlen=settings.qlen,
            group=settings.group,
        )
        defaults = default_sysctls(self.state).items()
        settings_made = tuple(Sysctl(key.format(name), value) for key, value in defaults)
        self._set(links=(*self.state.links, made), sysctls=self.state.sysctls + settings_made)
        self.follows_ports.add(name)

    def delete_link(self, name: str) -> None:
        index = self.link(name).index
        for hop in self.state.nexthops:
            if hop.link == name:
                self._drop_routes_of_nexthop(hop)
        self._drop_routes(index)
        rest = without(self.state, name)
        freed = (
            replace(link, controller=None, port=None, forwarding=False)
            if link.controller == name
            else link
            for link in rest.links
        )
        self.state = replace(
            rest,
            links=tuple(freed),
            neighbours=tuple(one for one in rest.neighbours if one.link != name),
            static_macs=tuple(one for one in rest.static_macs if one.link != name),
            nexthops=tuple(one for one in rest.nexthops if one.link != name),
            sysctls=tuple(one for one in rest.sysctls if f"/{name}/" not in one.key),
        )

    def change_link(self, name: str, /, **values: object) -> None:
        changed = replace(self.link(name), **values)
        if changed.mtu != self.link(name).mtu:
            self.follows_ports.discard(name)
        self._set(links=tuple(changed if x.name == name else x for x in self.state.links))

    def rename_link(self, name: str, new: str) -> None:
        """Equivalent to: ip link set name. What belongs to the link follows."""
        self.change_link(name, name=new)
        kinds = ("addresses", "neighbours", "static_macs", "nexthops")
        for kind in kinds:
            items = getattr(self.state, kind)
            self._set(**{kind: tuple(x.on(new) if x.link == name else x for x in items)})
        keys = ((one, one.key.replace(f"/{name}/", f"/{new}/")) for one in self.state.sysctls)
        self._set(sysctls=tuple(replace(one, key=key) for one, key in keys))

    def set_up(self, name: str, up: bool) -> None:
        was = self.link(name).up
        self.change_link(name, up=up)
        if up and not was:
            for address in self.state.addresses_on(name):
                self._make_routes(address)
            self._carrier(name)
        if was and not up:
            self._down(self.link(name))

    def _down(self, link: Link) -> None:
        """IPv6 forgets all of a link that is down, IPv4 its routes but for the local ones."""
        for address in self.state.addresses_on(link.name):
            if address.family == IPV6:
                self.delete_address(address)
        self.messages[:] = [m for m in self.messages if is_host4(m) or link.index not in oifs_of(m)]
        entries = (one for one in self.state.neighbours if one.link != link.name or one.lasting)
        self._set(neighbours=tuple(entries))
        self._carrier(link.name)

    def _carrier(self, name: str) -> None:
        """A bridge has a carrier while a port forwards; IPv6 begins when there is one."""
        link = self.link(name)
        if link.bridge is not None:
            ports = (port for port in self.state.ports(name) if port.up and port.carrier)
            carrier = link.up and any(ports)
            self.change_link(name, carrier=carrier)
        if self.link(name).carrier and link.up:
            self._ipv6_ready(self.link(name))

    def _ipv6_ready(self, link: Link) -> None:
        if self._has_ipv6(link):
            multicast = kernel_route(link.index, "ff00::/8", RTN_MULTICAST, 256)
            own = Address(link.name, IPV6, link_local(link.mac), 64, scope=RT_SCOPE_LINK)
            if not any(matches(one, multicast) for one in self.messages):
                self.messages.append(multicast)
            if link.addrgenmode == IN6_ADDR_GEN_MODE_EUI64 and own not in self.state.addresses:
                self.add_address(own)

    def set_controller(self, name: str, controller: str | None, port: PortOptions) -> None:
        link = self.link(name)
        target = self.link(controller) if controller else None
        if target is not None and target.bridge is None:
            raise refuse(errno.EOPNOTSUPP)
        if target is not None and link.bridge is not None:
            raise refuse(errno.ELOOP)
        self.change_link(
            name, controller=controller, port=port if target else None, forwarding=bool(target)
        )
        for bridge in filter(None, {link.controller, controller}):
            if bridge in self.follows_ports:
                ports = (port.mtu for port in self.state.ports(bridge))
                self.change_link(bridge, mtu=min(ports, default=ETH_DATA_LEN))
                self.follows_ports.add(bridge)
            self._carrier(bridge)

    def set_sysctl(self, key: str, value: str) -> None:
        """Write a setting; one that the kernel shows twice, in other units, changes in both."""
        old = self.state.sysctl(key)
        if old is None:
            raise refuse(errno.ENOENT)
        written = {key: value}
        twin = key.removesuffix("_ms") if key.endswith("_ms") else f"{key}_ms"
        other = self.state.sysctl(twin)
        if other is not None:
            written[twin] = str(int(value) * int(other) // int(old))
        changed = (replace(x, value=written.get(x.key, x.value)) for x in self.state.sysctls)
        self._set(sysctls=tuple(changed))
