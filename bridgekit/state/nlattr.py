"""Netlink attributes as they lie in the kernel's messages (netlink(7)): find them, patch them.

An attribute is a 16-bit length (4 for this head included), a 16-bit type and its value, padded to
4 bytes. All numbers are in the machine's byte order.
"""

import struct
from collections.abc import Iterator

from bridgekit.uapi.netlink import NLA_F_NESTED, NLA_TYPE_MASK

NLATTR = struct.Struct("=HH")
U16, U32 = struct.Struct("=H"), struct.Struct("=I")


def attributes(data: bytes, start: int, end: int | None = None) -> Iterator[tuple[int, int, int]]:
    """Yield (type, first byte of the value, end of the value) for each attribute in data."""
    end = len(data) if end is None else end
    while start + NLATTR.size <= end:
        length, kind = NLATTR.unpack_from(data, start)
        if length < NLATTR.size or start + length > end:
            return
        yield kind & NLA_TYPE_MASK, start + NLATTR.size, start + length
        start += (length + 3) & ~3


def pack(kind: int, value: bytes) -> bytes:
    """Return one attribute, padded."""
    return NLATTR.pack(NLATTR.size + len(value), kind) + value + b"\0" * (-len(value) % 4)


def parse(data: bytes, start: int = 0) -> dict[int, bytes]:
    """Return the attributes in data by type; of several of one type the last."""
    return {kind: data[at:end] for kind, at, end in attributes(data, start)}


def pack_nested(kind: int, value: bytes) -> bytes:
    """Return an attribute that holds attributes."""
    return pack(kind | NLA_F_NESTED, value)


def pack_u32(kind: int, value: int) -> bytes:
    """Return an attribute that holds a 32-bit number."""
    return pack(kind, U32.pack(value))


def pack_string(kind: int, value: str) -> bytes:
    """Return an attribute that holds a text, which the kernel wants to end with a zero."""
    return pack(kind, value.encode(errors="surrogateescape") + b"\0")


def u32(data: bytes, offset: int = 0) -> int:
    """Return the 32-bit number at this offset."""
    pack_u32: int = U32.unpack_from(data, offset)[0]
    return pack_u32


def get_u32(attributes: dict[int, bytes], kind: int) -> int:
    """Return the 32-bit number of this attribute; 0 if it is not there."""
    return u32(attributes[kind]) if kind in attributes else 0


def u16(data: bytes) -> int:
    """Return the 16-bit number that data begins with."""
    pack_u32: int = U16.unpack_from(data)[0]
    return pack_u32


def patch_u32(data: bytes, offset: int, pack_u32: int) -> bytes:
    """Return data with the 32-bit number at this offset replaced."""
    return data[:offset] + U32.pack(pack_u32) + data[offset + 4 :]


def string(value: bytes) -> str:
    """Return the text of a name; bytes that are no UTF-8, which the kernel allows, as escapes."""
    return value.rstrip(b"\0").decode(errors="backslashreplace")
