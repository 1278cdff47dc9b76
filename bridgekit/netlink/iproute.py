"""Links, addresses and routes changed one request at a time, by pyroute2.

For the plumbing of containers, the PXE service's uplink and labs. The transaction has a sender of
its own (ADR 8), and pyroute2 takes a quarter of a second to import: nothing that plan, apply or
status imports may import this.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Interface, IPv6Interface
from typing import Any

from pyroute2.iproute import IPRoute
from pyroute2.netlink import exceptions

from bridgekit.errors import BridgekitError
from bridgekit.netlink.refusal import NetlinkError
from bridgekit.uapi.if_addr import IFA_F_NODAD
from bridgekit.uapi.if_bridge import BRIDGE_VLAN_INFO_PVID, BRIDGE_VLAN_INFO_UNTAGGED
from bridgekit.uapi.if_link import IN6_ADDR_GEN_MODE_NONE
from bridgekit.uapi.rtnetlink import RT_SCOPE_LINK, RTPROT_BOOT

NO_LINK_LOCAL = {
    "attrs": [("AF_INET6", {"attrs": [("IFLA_INET6_ADDR_GEN_MODE", IN6_ADDR_GEN_MODE_NONE)]})]
}
"""IFLA_AF_SPEC of a link that makes no link-local address."""


class IpRoute:
    """A socket in the network namespace that the calling thread is in; use it with `with`.

    Every method raises NetlinkError for what the kernel refuses, with the request in ip(8)'s words.
    """

    def __init__(self) -> None:
        self._iproute = IPRoute()

    def __enter__(self) -> "IpRoute":
        return self

    def __exit__(self, *_: object) -> None:
        self._iproute.close()

    def index(self, link: str) -> int:
        """Return a link's index."""
        found = self._ask(f"ip link show {link}", "link", "get", ifname=link)
        number: int = found[0]["index"]
        return number

    def add_link(self, name: str, kind: str, **attributes: Any) -> None:
        """Make a link.

        Equivalent to: ip link add NAME type KIND
        """
        words = f"ip link add {name} type {kind}"
        self._ask(words, "link", "add", ifname=name, kind=kind, **attributes)

    def add_bridge(self, name: str) -> None:
        """Make a bridge that forwards at once.

        Equivalent to: ip link add NAME type bridge stp_state 0 forward_delay 0
        """
        self.add_link(name, "bridge", br_stp_state=0, br_forward_delay=0)

    def add_veth(self, name: str, peer: dict[str, Any], namespace: str, **attributes: Any) -> None:
        """Make a pair whose other end, with the attributes `peer`, is in a namespace (a path).

        Equivalent to: ip link add NAME type veth peer name PEER netns NAMESPACE
        """
        with _opened(namespace) as handle:
            self.add_link(name, "veth", peer={**peer, "net_ns_fd": handle}, **attributes)

    def set_alias(self, link: str, alias: str) -> None:
        """Give a link a description.

        Equivalent to: ip link set LINK alias ALIAS
        """
        self._set_link(link, f"alias {alias}", ifalias=alias)

    def set_mac(self, link: str, mac: str) -> None:
        """Set a link's MAC address; the one that it has announces it again.

        Equivalent to: ip link set LINK address MAC
        """
        self._set_link(link, f"address {mac}", address=mac)

    def set_up(self, link: str) -> None:
        """Turn a link on.

        Equivalent to: ip link set LINK up
        """
        self._set_link(link, "up", state="up")

    def set_controller(self, link: str, controller: str) -> None:
        """Make a link a port of a bridge.

        Equivalent to: ip link set LINK master CONTROLLER
        """
        self._set_link(link, f"master {controller}", master=self.index(controller))

    def without_link_local(self, link: str) -> None:
        """Let a link make no IPv6 link-local address.

        Equivalent to: ip link set LINK addrgenmode none
        """
        self._set_link(link, "addrgenmode none", IFLA_AF_SPEC=NO_LINK_LOCAL)

    def move(self, link: str, namespace: str, name: str) -> None:
        """Move a link into another namespace, under another name.

        Equivalent to: ip link set LINK netns NAMESPACE name NAME
        """
        words = f"netns {namespace} name {name}"
        with _opened(namespace) as handle:
            self._set_link(link, words, net_ns_fd=handle, ifname=name)

    def delete_link(self, link: str) -> None:
        """Delete a link.

        Equivalent to: ip link delete LINK
        """
        self._ask(f"ip link delete {link}", "link", "del", index=self.index(link))

    def add_address(
        self, link: str, address: IPv4Interface | IPv6Interface, *, broadcast: bool = False
    ) -> None:
        """Give a link an address, without duplicate address detection.

        Equivalent to: ip address add ADDRESS [broadcast +] dev LINK [nodad]
        """
        more: dict[str, Any] = {"flags": IFA_F_NODAD} if address.version == 6 else {}
        if broadcast and address.version == 4 and address.network.prefixlen < 31:
            more = {"broadcast": str(address.network.broadcast_address)}
        words = f"ip address add {address} dev {link}"
        ip, length = str(address.ip), address.network.prefixlen
        self._ask(
            words, "addr", "add", index=self.index(link), address=ip, prefixlen=length, **more
        )

    def add_route(
        self, link: str, prefix: str, gateway: str = "", *, replace: bool = False
    ) -> None:
        """Add a route to the main table.

        Equivalent to: ip route add|replace PREFIX [via GATEWAY] dev LINK
        """
        verb, ipv6 = ("replace" if replace else "add"), ":" in prefix
        words = f"ip route {verb} {prefix} {f'via {gateway} ' if gateway else ''}dev {link}"
        more: dict[str, Any] = {"gateway": gateway} if gateway else {}
        more |= {} if gateway or ipv6 else {"scope": RT_SCOPE_LINK}
        self._ask(words, "route", verb, dst=prefix, oif=self.index(link), proto=RTPROT_BOOT, **more)

    def add_vlan(self, port: str, vlan: int, *, pvid: bool, untagged: bool) -> None:
        """Let a port take part in a VLAN.

        Equivalent to: bridge vlan add dev PORT vid VLAN [pvid] [untagged]
        """
        flags = BRIDGE_VLAN_INFO_PVID * pvid | BRIDGE_VLAN_INFO_UNTAGGED * untagged
        words = f"bridge vlan add dev {port} vid {vlan}{' pvid' * pvid}{' untagged' * untagged}"
        info = {"vid": vlan, "flags": flags}
        self._ask(words, "vlan_filter", "add", index=self.index(port), vlan_info=info)

    def delete_vlan(self, port: str, vlan: int) -> None:
        """Take a port out of a VLAN.

        Equivalent to: bridge vlan del dev PORT vid VLAN
        """
        words, info = f"bridge vlan del dev {port} vid {vlan}", {"vid": vlan}
        self._ask(words, "vlan_filter", "del", index=self.index(port), vlan_info=info)

    def _set_link(self, link: str, words: str, **attributes: Any) -> None:
        index = self.index(link)
        self._ask(f"ip link set {link} {words}", "link", "set", index=index, **attributes)

    def _ask(self, words: str, method: str, command: str, /, **arguments: Any) -> Any:
        ask: Callable[..., Any] = getattr(self._iproute, method)
        try:
            return ask(command, **arguments)
        except exceptions.NetlinkError as error:
            raise NetlinkError(error.code, words) from error


@contextmanager
def _opened(namespace: str) -> Iterator[int]:
    try:
        handle = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise BridgekitError(
            f"the network namespace {namespace} cannot be opened: {error.strerror}"
        ) from error
    try:
        yield handle
    finally:
        os.close(handle)
