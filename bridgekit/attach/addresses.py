"""The host's links, addresses and resolvers, read with iproute2."""

import json
from ipaddress import IPv4Interface, IPv4Network, ip_address
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.host.forward_rules import ALIAS
from bridgekit.system.process import CommandError, run

RESOLV_CONF = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))
"""What a link of ours says of itself: ip link set NAME alias …"""
LINK_SUBNETS = IPv4Network("100.127.242.0/24")  # shared address space, rarely met on a host


class LinkInfo(Struct, frozen=True):
    """A network interface as `ip link` shows it; `peer` is the link it belongs to, by index."""

    name: str
    index: int
    mtu: int
    mac: str
    kind: str
    controller: str
    peer: int
    up: bool
    carrier: bool = True
    ethernet: bool = True
    ours: bool = False

    def with_controller(self, name: str) -> "LinkInfo":
        """The same, on that bridge or NIC."""
        return replace(self, controller=name)


def inside(namespace: str | None) -> tuple[str, ...]:
    """What to put before a command to run it in a network namespace, given as a path."""
    return ("nsenter", f"--net={namespace}", "--") if namespace else ()


def link(name: str, namespace: str | None = None) -> LinkInfo | None:
    """The link of that name, None if there is none."""
    return next((item for item in links(namespace) if item.name == name), None)


def links(namespace: str | None = None) -> tuple[LinkInfo, ...]:
    """All links. Equivalent to: ip -details link show"""
    return tuple(_link(entry) for entry in _ask("link", namespace))


def spanning_tree_delay(bridge: str) -> float | None:
    """A bridge's forward delay in seconds if its STP is on, else None."""
    found = (entry for entry in _ask("link", None) if entry["ifname"] == bridge)
    values: dict[str, Any] = next(found, {}).get("linkinfo", {}).get("info_data", {})
    return values.get("forward_delay", 0) / 100 if values.get("stp_state") else None


def forwards(port: str) -> bool:
    """Does a bridge's port pass frames on? Equivalent to: bridge link show dev PORT"""
    found = _read(run("bridge", "-json", "link", "show", "dev", port))
    return any(entry.get("state") == "forwarding" for entry in found)


def addresses(namespace: str | None = None, nic: str | None = None) -> tuple[str, ...]:
    """IPv4 addresses as ADDRESS/LEN, on all links or on one. Equivalent to: ip -4 address show"""
    return tuple(
        f"{info['local']}/{info['prefixlen']}"
        for entry in _ask("address", namespace)
        for info in entry.get("addr_info", ())
        if info.get("family") == "inet" and "local" in info and nic in (None, entry.get("ifname"))
    )


def own(nic: str, namespace: str) -> frozenset[str]:
    """A NIC's addresses of both families that something gave it, as ADDRESS/LEN."""
    return frozenset(
        f"{info['local']}/{info['prefixlen']}"
        for entry in _ask("address", namespace)
        for info in entry.get("addr_info", ())
        if entry.get("ifname") == nic and info["scope"] != "link" and not info.get("dynamic")
    )


def routes(nic: str, namespace: str | None) -> frozenset[tuple[str, str]]:
    """A NIC's routes of both families as (PREFIX, GATEWAY or ""); the default is a /0."""
    default = {"-4": "0.0.0.0/0", "-6": "::/0"}
    return frozenset(
        (default[family] if route["dst"] == "default" else route["dst"], route.get("gateway", ""))
        for family in default
        for route in _read(
            run(*inside(namespace), "ip", "-json", family, "route", "show", "dev", nic)
        )
    )


def gateways(nic: str, namespace: str | None) -> frozenset[str]:
    """Those of default routes over a NIC."""
    found = routes(nic, namespace)
    return frozenset(via for prefix, via in found if via and prefix in ("0.0.0.0/0", "::/0"))


def filters_vlans(bridge: str) -> bool:
    """Does a bridge keep VLANs apart?"""
    found = (entry for entry in _ask("link", None) if entry["ifname"] == bridge)
    values: dict[str, Any] = next(found, {}).get("linkinfo", {}).get("info_data", {})
    return bool(values.get("vlan_filtering"))


def host_networks() -> tuple[str, ...]:
    """The IPv4 subnets of the host: of its addresses and of its routes but the default."""
    routes = _read(run("ip", "-json", "-4", "route", "show", "table", "main"))
    reached = (route["dst"] for route in routes if route.get("dst") not in (None, "default"))
    owned = (str(IPv4Interface(address).network) for address in addresses())
    return tuple(dict.fromkeys((*owned, *reached)))


def free_link_subnet() -> IPv4Network:
    """A /30 that nothing on the host overlaps, for the link between the host and the service."""
    taken = [IPv4Network(network, strict=False) for network in host_networks()]
    for subnet in LINK_SUBNETS.subnets(new_prefix=30):
        if not any(subnet.overlaps(network) for network in taken):
            return subnet
    raise CommandError(f"no free subnet is left in {LINK_SUBNETS} for the service's link")


def resolvers() -> tuple[str, ...]:
    """The IPv4 DNS servers that another namespace can ask too: none on the loopback."""
    for path in RESOLV_CONF:
        text = path.read_text() if path.exists() else ""
        words = (line.split() for line in text.splitlines())
        found = tuple(word[1] for word in words if len(word) > 1 and word[0] == "nameserver")
        if reachable := tuple(server for server in found if _leaves_the_host(server)):
            return reachable
    return ()


def _leaves_the_host(server: str) -> bool:
    try:
        address = ip_address(server)
    except ValueError:
        return False
    return address.version == 4 and not address.is_loopback


def _ask(what: str, namespace: str | None) -> list[dict[str, Any]]:
    return _read(run(*inside(namespace), "ip", "-json", "-details", what, "show"))


def _read(answer: str) -> list[dict[str, Any]]:
    """iproute2 puts control characters of names into its JSON as they are, hence not strict."""
    entries = json.JSONDecoder(strict=False).decode(answer or "[]")
    return [entry for entry in entries if entry]


def _link(entry: dict[str, Any]) -> LinkInfo:
    return LinkInfo(
        name=entry["ifname"],
        index=entry["ifindex"],
        mtu=entry["mtu"],
        mac=entry.get("address", ""),
        kind=entry.get("linkinfo", {}).get("info_kind", ""),
        controller=entry.get("master", ""),
        peer=entry.get("link_index", 0),
        up="UP" in entry.get("flags", ()),
        carrier="LOWER_UP" in entry.get("flags", ()),
        ethernet=entry.get("link_type") == "ether",
        ours=entry.get("ifalias") == ALIAS,
    )
