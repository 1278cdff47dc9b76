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


def attribute(kind: int, value: bytes) -> bytes:
    """Return one attribute, padded."""
    return NLATTR.pack(NLATTR.size + len(value), kind) + value + b"\0" * (-len(value) % 4)


def found(data: bytes, start: int = 0) -> dict[int, bytes]:
    """Return the attributes in data by type; of several of one type the last."""
    return {kind: data[at:end] for kind, at, end in attributes(data, start)}


def nested(kind: int, value: bytes) -> bytes:
    """Return an attribute that holds attributes."""
    return attribute(kind | NLA_F_NESTED, value)


def number(kind: int, value: int) -> bytes:
    """Return an attribute that holds a 32-bit number."""
    return attribute(kind, U32.pack(value))


def name(kind: int, value: str) -> bytes:
    """Return an attribute that holds a text, which the kernel wants to end with a zero."""
    return attribute(kind, value.encode(errors="surrogateescape") + b"\0")


def u32(data: bytes, offset: int = 0) -> int:
    """Return the 32-bit number at this offset."""
    number: int = U32.unpack_from(data, offset)[0]
    return number


def u16(data: bytes) -> int:
    """Return the 16-bit number that data begins with."""
    number: int = U16.unpack_from(data)[0]
    return number


def patched(data: bytes, offset: int, number: int) -> bytes:
    """Return data with the 32-bit number at this offset replaced."""
    return data[:offset] + U32.pack(number) + data[offset + 4 :]


def text(value: bytes) -> str:
    """Return the text of a name; bytes that are no UTF-8, which the kernel allows, as escapes."""
    return value.rstrip(b"\0").decode(errors="backslashreplace")
