"""The native engine's uplink.

A veth to the host, masqueraded there, and all of it removed again.
"""

import json
import zlib
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from bridgekit.attach import addresses
from bridgekit.errors import BridgekitError
from bridgekit.host import forward_rules
from bridgekit.netlink.iproute import IpRoute
from bridgekit.netlink.refusal import NetlinkError
from bridgekit.system.atomic_file import write
from bridgekit.system.netns import inside
from bridgekit.system.process import run

SUBNETS = IPv4Network("100.127.242.0/24")  # shared address space (RFC 6598), rare on a host
IFNAME = "eth0"
REDIRECTS = "all/accept_redirects"
CONF = Path("/proc/sys/net/ipv4/conf")
IP_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")

RULES = """
table ip {table} {{
  chain out {{
    type nat hook postrouting priority 100; policy accept;
    ip saddr {subnet} oifname != "{link}" masquerade
  }}
}}
"""


class Uplink(Struct, frozen=True):
    """The host's end of the link and the addresses of both ends."""

    link: str
    host: str
    service: str
    subnet: str

    @property
    def table(self) -> str:
        """The nftables table of the host that masquerades this link."""
        return f"bridgekit_{self.link}"

    def interface(self, address: str) -> IPv4Interface:
        """Return the address of an end with the subnet's length."""
        return IPv4Interface((address, IPv4Network(self.subnet).prefixlen))


def link_name(service: str) -> str:
    """Return the name of the host's end, within the kernel's 15 characters."""
    return f"bkp{zlib.crc32(service.encode()):08x}"


def plan(name: str) -> Uplink:
    """Choose the link's subnet: one that the host neither has nor reaches by a route of its own."""
    subnet = _free_subnet()
    host, service = (str(address) for address in list(subnet.hosts())[:2])
    return Uplink(link_name(name), host, service, str(subnet))


def _free_subnet() -> IPv4Network:
    used = [IPv4Network(network) for network in addresses.host_networks()]
    for subnet in SUBNETS.subnets(new_prefix=30):
        if not any(subnet.overlaps(network) for network in used):
            return subnet
    raise BridgekitError(f"no subnet of {SUBNETS} is free for the service's link to the host")


def create(uplink: Uplink, namespace: str) -> None:
    """Make the link, the masquerading and the service's default route."""
    with IpRoute() as ip:
        ip.add_veth(uplink.link, {"ifname": IFNAME}, namespace)
        ip.without_link_local(uplink.link)
        ip.add_address(uplink.link, uplink.interface(uplink.host))
        ip.set_up(uplink.link)
    with inside(namespace), IpRoute() as ip:
        ip.add_address(IFNAME, uplink.interface(uplink.service))
        ip.set_up(IFNAME)
        ip.add_route(IFNAME, "0.0.0.0/0", uplink.host)
    _delete_table(uplink)
    run("nft", "-f", "-", stdin=RULES.format(table=uplink.table, **asdict(uplink)))
    forward_rules.open_link(uplink.link)


def delete(uplink: Uplink) -> None:
    """Delete link, table and rules, also if they are gone already."""
    forward_rules.close_link(uplink.link)
    _delete_table(uplink)
    try:
        with IpRoute() as ip:
            ip.delete_link(uplink.link)
    except NetlinkError:  # the kernel deletes it with the service's namespace, when it likes
        if addresses.link(uplink.link):
            raise


def _delete_table(uplink: Uplink) -> None:
    """Delete the table; adding it first makes that succeed always."""
    table = f"table ip {uplink.table}"
    run("nft", "-f", "-", stdin=f"add {table}\ndelete {table}\n")


def enable_forwarding(note: Path) -> None:
    """Let the host forward, noting first what has to be restored; once noted, do nothing."""
    if note.exists() or IP_FORWARD.read_text().strip() == "1":
        return
    on = [conf.name for conf in CONF.iterdir() if (conf / "forwarding").read_text().strip() == "1"]
    redirects = (CONF / REDIRECTS).read_text().strip()
    write(note, json.dumps({"forwarding": on, "redirects": redirects}).encode())
    _write(IP_FORWARD, "1")


def restore_forwarding(note: Path) -> None:
    """Restore what `enable_forwarding` noted: the switch, and the links that forwarded before."""
    if not note.exists():
        return
    noted = json.loads(note.read_text())
    _write(IP_FORWARD, "0")
    for name in noted["forwarding"]:
        if (CONF / name).is_dir():
            _write(CONF / name / "forwarding", "1")
    _write(CONF / REDIRECTS, noted["redirects"])  # the kernel turns them on with the switch off
    note.unlink()


def enable_forwarding_inside(namespace: str) -> None:
    """Let the service's own namespace forward."""
    with inside(namespace):
        _write(IP_FORWARD, "1")


def _write(path: Path, value: str) -> None:
    try:
        path.write_text(value)
    except OSError as error:
        raise BridgekitError(f"{path} can't be set to {value}: {error.strerror}") from error
