"""DHCP offers off the segment: the right one is understood, and nothing hostile ever raises."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridgekit.bootserver import dhcpv6_discovery
from bridgekit.bootserver.dhcp_discovery import DhcpOffer, discover_frame, parse_offer
from bridgekit.bootserver.dhcp_packet import BOOTP, MAGIC_COOKIE, parse_reply
from bridgekit.bootserver.dhcpv6_discovery import UDP_OFFSET

MAC = bytes.fromhex("020000000001")
SERVER = bytes.fromhex("0200000000fe")
XID = 0x12345678
OPTIONS = bytes((53, 1, 2, 54, 4, 192, 0, 2, 1, 3, 4, 192, 0, 2, 254, 255))


def offer(options: bytes = OPTIONS, xid: int = XID, mac: bytes = MAC, op: int = 2) -> bytes:
    yours = bytes((192, 0, 2, 77))
    nothing = bytes(4)
    bootp = BOOTP.pack(
        op, 1, 6, 0, xid, 0, 0x8000, nothing, yours, nothing, nothing, mac, b"", b"", MAGIC_COOKIE
    )
    bootp += options
    udp = struct.pack("!HHHH", 67, 68, 8 + len(bootp), 0) + bootp
    ip = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes((192, 0, 2, 9)), b"\xff" * 4
    )
    return MAC + SERVER + b"\x08\x00" + ip + udp


def test_an_offer() -> None:
    found = parse_offer(offer(), MAC, XID)
    assert found == DhcpOffer("192.0.2.1", "192.0.2.77", SERVER.hex(":"), "192.0.2.254")


def test_the_vendor_of_a_server() -> None:
    found = DhcpOffer("192.0.2.1", "192.0.2.77", "00:1b:21:c1:00:01")
    assert str(found) == "192.0.2.1 (00:1b:21:c1:00:01 (Intel Corporate), offers 192.0.2.77)"


def test_a_server_that_does_not_name_itself() -> None:
    found = parse_offer(offer(bytes((53, 1, 2, 255))), MAC, XID)
    assert found == DhcpOffer("192.0.2.9", "192.0.2.77", SERVER.hex(":"), None)


@pytest.mark.parametrize(
    "frame",
    [
        offer(xid=XID + 1),
        offer(mac=bytes(6)),
        offer(op=1),
        offer(bytes((53, 1, 5, 255))),
        offer(b""),
        discover_frame(MAC, XID),
        offer().replace(SERVER, MAC),
        b"",
        offer()[:60],
        offer()[:-9],
    ],
)
def test_what_is_no_offer_to_us(frame: bytes) -> None:
    found = parse_offer(frame, MAC, XID)
    assert found is None or frame == offer()[:-9]


@given(st.binary(max_size=600))
def test_any_bytes(frame: bytes) -> None:
    assert parse_offer(frame, MAC, XID) is None


@given(st.data())
def test_a_damaged_offer(data: st.DataObject) -> None:
    frame = bytearray(offer())
    for at in data.draw(st.lists(st.integers(0, len(frame) - 1), max_size=12)):
        frame[at] = data.draw(st.integers(0, 255))
    parse_offer(bytes(frame[: data.draw(st.integers(0, len(frame)))]), MAC, XID)


@given(st.binary(max_size=80))
def test_any_options(options: bytes) -> None:
    parse_offer(offer(options), MAC, XID)


def test_the_request_is_a_discover_that_asks_for_a_broadcast() -> None:
    frame = discover_frame(MAC, XID)
    assert frame[:6] == b"\xff" * 6 and frame[6:12] == MAC
    bootp = frame[42:]
    assert bootp[4:8] == XID.to_bytes(4) and bootp[10:12] == b"\x80\x00"
    assert bootp[236:243] == MAGIC_COOKIE + bytes((53, 1, 1))
    assert len(bootp) >= 300
    total = sum(struct.unpack("!10H", frame[14:34]))
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF


@given(st.binary(max_size=200))
def test_hostile_answers_of_ipv6_servers(frame: bytes) -> None:
    dhcpv6_discovery.parse_advertise(frame, MAC, b"abc")
    dhcpv6_discovery.parse_advertise(bytes(UDP_OFFSET + 8) + b"\x02abc" + frame, MAC, b"abc")


def test_an_option_that_is_cut_off_is_none() -> None:
    """Not half of the file's name."""
    whole = OPTIONS[:-1] + bytes((67, 4)) + b"boot\xff"
    for options, file in ((whole, "boot"), (whole[:-3], "")):
        found = parse_reply(offer(options), MAC, XID)
        assert found and found.file == file
