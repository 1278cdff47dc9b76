"""The native engine's way out: a veth to the host, masqueraded there, and all of it taken back."""

import json
import zlib
from ipaddress import IPv4Address
from pathlib import Path

from msgspec import Struct
from msgspec.structs import asdict

from bridgekit.attach import addresses
from bridgekit.host import forward_rules
from bridgekit.system.atomic_file import write
from bridgekit.system.process import CommandError, run

REDIRECTS = "all/accept_redirects"
CONF = Path("/proc/sys/net/ipv4/conf")
SWITCH = Path("/proc/sys/net/ipv4/ip_forward")

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


def link_name(service: str) -> str:
    """The host end's name, within the kernel's 15 characters."""
    return f"bkp{zlib.crc32(service.encode()):08x}"


def plan(name: str) -> Uplink:
    """Choose the link's subnet: one that the host neither has nor reaches by a route of its own."""
    subnet = addresses.free_link_subnet()
    host, service = (str(address) for address in list(subnet.hosts())[:2])
    return Uplink(link_name(name), host, service, str(subnet))


def up(uplink: Uplink, namespace: str) -> None:
    """Make the link, the masquerading and the service's default route."""
    run("ip", "-batch", "-", stdin=_host_side(uplink, namespace))
    run(*addresses.inside(namespace), "ip", "-batch", "-", stdin=_service_side(uplink))
    down_table(uplink)
    run("nft", "-f", "-", stdin=RULES.format(table=uplink.table, **asdict(uplink)))
    forward_rules.open_link(uplink.link)


def down(uplink: Uplink) -> None:
    """Remove link, table and rules, also if they are gone already."""
    forward_rules.close_link(uplink.link)
    down_table(uplink)
    try:
        run("ip", "link", "delete", uplink.link)
    except CommandError:  # the kernel takes it away with the service's namespace, when it likes
        if addresses.link(uplink.link):
            raise


def down_table(uplink: Uplink) -> None:
    """Remove the table; adding it first makes that succeed always."""
    table = f"table ip {uplink.table}"
    run("nft", "-f", "-", stdin=f"add {table}\ndelete {table}\n")


def _host_side(uplink: Uplink, namespace: str) -> str:
    length = uplink.subnet.split("/")[1]
    return (
        f"link add {uplink.link} type veth peer name eth0 netns {namespace}\n"
        f"link set {uplink.link} addrgenmode none\n"
        f"address add {uplink.host}/{length} dev {uplink.link}\n"
        f"link set {uplink.link} up\n"
    )


def _service_side(uplink: Uplink) -> str:
    length = uplink.subnet.split("/")[1]
    return (
        f"address add {uplink.service}/{length} dev eth0\n"
        "link set eth0 up\n"
        f"route add default via {IPv4Address(uplink.host)}\n"
    )


def forwarding_on(note: Path) -> None:
    """Let the host forward, noting first what has to be put back; noted already: nothing."""
    if note.exists() or SWITCH.read_text().strip() == "1":
        return
    on = [conf.name for conf in CONF.iterdir() if (conf / "forwarding").read_text().strip() == "1"]
    redirects = (CONF / REDIRECTS).read_text().strip()
    write(note, json.dumps({"forwarding": on, "redirects": redirects}).encode())
    _write(SWITCH, "1")


def forwarding_back(note: Path) -> None:
    """Put back what `forwarding_on` noted: the switch, and the links that forwarded before."""
    if not note.exists():
        return
    noted = json.loads(note.read_text())
    _write(SWITCH, "0")
    for name in noted["forwarding"]:
        if (CONF / name).is_dir():
            _write(CONF / name / "forwarding", "1")
    _write(CONF / REDIRECTS, noted["redirects"])  # the kernel turns them on with the switch off
    note.unlink()


def _write(path: Path, value: str) -> None:
    try:
        path.write_text(value)
    except OSError as error:
        raise CommandError(f"can't write {value} to {path}: {error.strerror}") from error
