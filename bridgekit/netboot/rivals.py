"""Is there a DHCP server on a wire already? One DHCPDISCOVER asks; nobody's lease is touched."""

import fcntl
import select
import socket
import struct
import time
from dataclasses import dataclass
from ipaddress import IPv4Address
from secrets import randbits

from bridgekit.errors import Refused

SIOCGIFHWADDR = 0x8927
ETH_P_ALL = 0x0003  # sees a bridge port's frames before the bridge takes them; ETH_P_IP does not
MAGIC = b"\x63\x82\x53\x63"
BOOTP = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s4s")
DISCOVER, OFFER = 1, 2
BROADCAST = b"\xff" * 6
# dnsmasq pings an address for 3 s before its first offer of it, others for 1 s
PATIENCE = 5.0  # seconds for a first offer
AGAIN = 2.0  # seconds until the request is repeated
OTHERS = 0.5  # seconds for further servers, once one has answered


@dataclass(frozen=True, slots=True)
class Offer:
    """What a DHCP server answered: who it is, and the address it would give."""

    server: str
    offered: str
    mac: str
    router: str | None = None


def discover(nic: str, seconds: float = PATIENCE) -> tuple[Offer, ...]:
    """Send a DHCPDISCOVER on `nic` and return the servers that offer an address within `seconds`.

    It is repeated once, if nobody answers. Only a DISCOVER is sent, under a transaction id of
    its own: no lease is taken or changed.
    Equivalent to: nmap --script broadcast-dhcp-discover
    """
    xid = randbits(32)
    try:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as wire:
            wire.bind((nic, ETH_P_ALL))
            mac = _mac(wire, nic)
            for patience in (min(AGAIN, seconds), max(0.0, seconds - AGAIN)):
                wire.send(request(mac, xid))
                if offers := _collect(wire, mac, xid, time.monotonic() + patience):
                    return offers
            return ()
    except PermissionError as error:
        raise Refused("Looking for a DHCP server needs root. Nothing was changed.") from error
    except OSError as error:
        raise Refused(f"Can't look for a DHCP server on {nic}: {error.strerror}.") from error


def request(mac: bytes, xid: int) -> bytes:
    """A whole Ethernet frame with a DHCPDISCOVER that asks for a broadcast answer."""
    fixed = BOOTP.pack(
        1, 1, 6, 0, xid, 0, 0x8000, *(bytes(4),) * 4, mac.ljust(16, b"\0"), b"", b"", MAGIC
    )
    bootp = (fixed + bytes((53, 1, DISCOVER, 55, 3, 1, 3, 54, 255))).ljust(300, b"\0")
    udp = struct.pack("!HHHH", 68, 67, 8 + len(bootp), 0) + bootp
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), BROADCAST[:4]
    )
    header = header[:10] + struct.pack("!H", _checksum(header)) + header[12:]
    return BROADCAST + mac + b"\x08\x00" + header + udp


def parse(frame: bytes, mac: bytes, xid: int) -> Offer | None:
    """The offer in an Ethernet frame, if it is one to this request; None for anything else."""
    if len(frame) < 34 or frame[12:14] != b"\x08\x00" or frame[14] >> 4 != 4 or frame[23] != 17:
        return None
    udp = 14 + (frame[14] & 15) * 4
    bootp = frame[udp + 8 :]
    if frame[udp : udp + 4] != b"\x00\x43\x00\x44" or len(bootp) < BOOTP.size:
        return None
    op, _, _, _, answered, _, _, _, yours, _, _, client, _, _, magic = BOOTP.unpack_from(bootp)
    if (op, answered, client[:6], magic) != (2, xid, mac, MAGIC):
        return None
    options = _options(bootp[BOOTP.size :])
    if options.get(53) != bytes((OFFER,)):
        return None
    server = options.get(54, b"")
    return Offer(
        server=_dotted(server if len(server) == 4 else frame[26:30]),
        offered=_dotted(yours),
        mac=frame[6:12].hex(":"),
        router=_dotted(options[3][:4]) if len(options.get(3, b"")) >= 4 else None,
    )


def refuse_rivals(nic: str, seconds: float = PATIENCE) -> None:
    """Raise Refused naming the DHCP servers that answer on `nic`."""
    offers = discover(nic, seconds)
    if not offers:
        return
    who = ", ".join(f"{offer.server} ({offer.mac}, offers {offer.offered})" for offer in offers)
    raise Refused(
        f"Another DHCP server answers on {nic}'s wire: {who}. Two servers would take each "
        "other's clients. Nothing was changed; the option --beside-dhcp (with apply: "
        "--pxe-beside-dhcp) insists."
    )


def _collect(wire: socket.socket, mac: bytes, xid: int, until: float) -> tuple[Offer, ...]:
    found: dict[tuple[str, str], Offer] = {}
    while (left := until - time.monotonic()) > 0:
        if not select.select([wire], [], [], left)[0]:
            break
        offer = parse(wire.recv(65535), mac, xid)
        if offer:
            found.setdefault((offer.server, offer.mac), offer)
            until = min(until, time.monotonic() + OTHERS)
    return tuple(found.values())


def _options(data: bytes) -> dict[int, bytes]:
    """Decode DHCP options as far as they are whole."""
    options: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        if at + 1 >= len(data) or at + 2 + data[at + 1] > len(data):
            break
        options.setdefault(data[at], data[at + 2 : at + 2 + data[at + 1]])
        at += 2 + data[at + 1]
    return options


def _mac(wire: socket.socket, nic: str) -> bytes:
    answer = fcntl.ioctl(wire, SIOCGIFHWADDR, struct.pack("256s", nic.encode()[:15]))
    return answer[18:24]


def _checksum(header: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(header) // 2}H", header))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def _dotted(raw: bytes) -> str:
    return str(IPv4Address(raw))
