"""What on a bridge keeps its clients from booting, and the setting that lets them."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import combinations

from bridgekit.attach import addresses
from bridgekit.attach.port import is_ours, pvid, vlan
from bridgekit.host.dependencies import firewall
from bridgekit.pxe.diagnose import findings as kinds
from bridgekit.pxe.diagnose.findings import PxeFinding, finding
from bridgekit.pxe.diagnose.fixes import BridgeAttribute, VlanMembership
from bridgekit.pxe.diagnose.nft_ports import find_dropping_rules
from bridgekit.state.link import BridgeOptions, Link
from bridgekit.state.mac import with_vendor
from bridgekit.system.process import run

OPENED = tuple(
    f" and {chain} drops"
    for chain in ("nft chain ip filter FORWARD", "iptables-legacy FORWARD", "iptables FORWARD")
)
"""What the service opens by itself when it is attached: netboot/firewall.py."""
PORTS = {67: "udp", 68: "udp", 69: "udp", 80: "tcp", 4011: "udp"}
"""DHCP, TFTP, HTTP, and PXE beside another DHCP server."""
PORTS6 = {546: "udp", 547: "udp"}


def check_bridge(bridge: str, *, ipv6: bool) -> Iterator[PxeFinding]:
    """Yield every finding about a bridge that exists; `ipv6` if clients are served by IPv6, too."""
    links = addresses.links()
    options = next((link.bridge for link in links if link.name == bridge), None) or BridgeOptions()
    ports = tuple(link for link in links if link.controller == bridge)
    uplinks = tuple(port for port in ports if port.kind != "tun" and not is_ours(port))
    yield from _spanning_tree(bridge, options, len(uplinks))
    yield from _ports_down(bridge, uplinks)
    if options.vlan_filtering:
        yield from _untagged(bridge, options.default_pvid, uplinks)
    yield from _same_macs(bridge, ports)
    yield from _firewall(bridge, PORTS | PORTS6 if ipv6 else PORTS)
    if ipv6:
        yield from _no_querier(bridge)


def _spanning_tree(bridge: str, options: BridgeOptions, uplinks: int) -> Iterator[PxeFinding]:
    """STP starves DHCP: a new port forwards only after twice the delay."""
    delay = options.forward_delay / 100 if options.stp else 0
    if not delay:
        return
    late = (
        f"STP is on: a client's port forwards {2 * delay:.0f} s after it comes up, and firmware "
        "gives up before"
    )
    if uplinks > 1:
        yield finding(
            kinds.STP_DELAYS_CLIENTS,
            f"{late}; {bridge} has {uplinks} ports that lead out, so without STP they might make a "
            f"loop; `ip link set {bridge} type bridge forward_delay 200` makes it 4 s",
        )
    else:
        yield finding(kinds.STP_DELAYS_CLIENTS, late, BridgeAttribute(bridge, "stp_state", "0"))


def _ports_down(bridge: str, uplinks: tuple[Link, ...]) -> Iterator[PxeFinding]:
    for port in uplinks:
        if not port.up:
            yield finding(
                kinds.PORT_DOWN,
                f"{bridge}'s port {port.name} is down; `ip link set {port.name} up`",
            )
        elif not port.carrier:
            yield finding(
                kinds.PORT_NO_CARRIER,
                f"{bridge}'s port {port.name} has no carrier: no cable, or no link partner",
            )


def _untagged(bridge: str, served: int, uplinks: tuple[Link, ...]) -> Iterator[PxeFinding]:
    """Firmware sends and hears untagged frames; the service's port is in the VLAN `served`."""
    for port in uplinks:
        clients = pvid(port) or 0
        if clients != served:
            yield _apart(bridge, port.name, clients, served)
        elif not clients:
            yield finding(
                kinds.NO_DEFAULT_VLAN,
                f"{bridge} puts new ports into no VLAN (its vlan_default_pvid is 0), so all that "
                "the service and firmware send is dropped",
            )
        elif not _leaves_untagged(port, clients):
            yield finding(
                kinds.PORT_TAGGED,
                f"{bridge}'s port {port.name} sends VLAN {clients} with its tag, so firmware "
                "understands no answer",
                VlanMembership(port.name, clients, "pvid untagged"),
            )


def _leaves_untagged(port: Link, number: int) -> bool:
    member = vlan(port, number)
    return member is not None and member.untagged


def _apart(bridge: str, port: str, clients: int, served: int) -> PxeFinding:
    if not clients:
        return finding(
            kinds.PORT_NO_PVID,
            f"{bridge}'s port {port} is in no VLAN for untagged frames, so all that firmware sends "
            "there is dropped",
            VlanMembership(port, served, "pvid untagged"),
        )
    return finding(
        kinds.OTHER_VLAN,
        f"clients at {bridge}'s port {port} are in VLAN {clients}, and the service would be in "
        f"{f'VLAN {served}' if served else 'none'}: they never meet; a bridge without VLAN "
        f"filtering, or with {clients} as its vlan_default_pvid, serves them",
    )


def _same_macs(bridge: str, ports: tuple[Link, ...]) -> Iterator[PxeFinding]:
    for one, other in combinations(ports, 2):
        if one.mac == other.mac:
            yield finding(
                kinds.SAME_MAC,
                f"{bridge}'s ports {one.name} and {other.name} have the same MAC address "
                f"{with_vendor(one.mac)}, so answers go to only one of them; give one another",
            )


def _firewall(bridge: str, ports: Mapping[int, str]) -> Iterator[PxeFinding]:
    once = cache(run)
    for dependency in firewall.find_dependencies(bridge, bridge, once):
        if dependency.kind == "bridge-firewall" and not dependency.text.endswith(OPENED):
            yield finding(
                kinds.FIREWALL_DROPS,
                f"the firewall drops what clients send through {bridge}: {dependency.text}; "
                "let that chain accept it",
            )
    for rule in find_dropping_rules(*firewall.find_bridge_rules(once), ports):
        yield finding(
            kinds.FIREWALL_CLOSES_PORT,
            f"the firewall may keep clients from the service: {rule}; look at that rule",
        )


def _no_querier(bridge: str) -> Iterator[PxeFinding]:
    """Neighbour discovery is multicast, which a snooping bridge forgets whom to give. RFC 4541."""
    snoops = _read(bridge, "multicast_snooping") == "1"
    if snoops and _read(bridge, "multicast_querier") == "0":
        yield finding(
            kinds.NO_QUERIER,
            f"{bridge} gives multicast only to ports that asked for it, and nobody asks them "
            "whether they still want it: without a querier on the L2 segment, IPv6 clients are "
            "lost after some minutes",
            BridgeAttribute(bridge, "multicast_querier", "1"),
        )


def _read(bridge: str, name: str) -> str:
    return BridgeAttribute(bridge, name, "").read().value
