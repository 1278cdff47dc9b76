"""The host's end of a container's interface: which link it is, and its VLAN."""

from msgspec.structs import replace

from bridgekit.attach import addresses
from bridgekit.host.forward_rules import ALIAS
from bridgekit.state.link import Link, Vlan


def host_end(namespace: str, ifname: str) -> Link | None:
    """Return the host's end of a container's veth: each end names the other's index.

    Of a macvlan it is the macvlan itself, with the NIC that it is on as its controller.
    """
    inside = addresses.link(ifname, namespace)
    if inside is None or inside.kind not in ("veth", "macvlan"):
        return None
    index = addresses.lower_index(ifname, namespace)
    outside = next((link for link in addresses.links() if link.index == index), None)
    if outside is None:
        return None
    if inside.kind == "macvlan":
        return replace(inside, controller=outside.name)
    paired = outside.kind == "veth" and addresses.lower_index(outside.name) == inside.index
    return outside if paired else None


def is_ours(link: Link) -> bool:
    """Tell whether attach made the link."""
    return link.alias == ALIAS


def vlan(port: Link, number: int) -> Vlan | None:
    """Return how a port takes part in a VLAN; None if it does not."""
    return next((one for one in port.vlans or () if one.first <= number <= one.last), None)


def vlan_flags(port: str, number: int) -> str | None:
    """Return "pvid untagged", "" for a tagged VLAN, or None for one that the port is not in."""
    link = addresses.link(port)
    found = vlan(link, number) if link else None
    return " ".join(["pvid"] * found.pvid + ["untagged"] * found.untagged) if found else None


def pvid(port: Link) -> int | None:
    """Return the VLAN of a port's untagged frames."""
    return next((one.first for one in port.vlans or () if one.pvid), None)
