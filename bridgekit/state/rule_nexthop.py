"""Policy routing rules and nexthop objects, kept as the kernel's own messages (rtnetlink(7)).

A rule's message is `struct fib_rule_hdr` (12 bytes) and attributes; it names interfaces by name.
A nexthop's is `struct nhmsg` (8 bytes) and attributes; it names its interface by number.
"""

import struct
from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct

from bridgekit.state import nlattr
from bridgekit.state.routes.message import TABLE_NAMES
from bridgekit.uapi.fib_rules import (
    FIB_RULE_INVERT,
    FR_ACT_BLACKHOLE,
    FR_ACT_GOTO,
    FR_ACT_NOP,
    FR_ACT_PROHIBIT,
    FR_ACT_TO_TBL,
    FR_ACT_UNREACHABLE,
    FRA_DPORT_RANGE,
    FRA_DST,
    FRA_FWMARK,
    FRA_FWMASK,
    FRA_GOTO,
    FRA_IIFNAME,
    FRA_IP_PROTO,
    FRA_L3MDEV,
    FRA_OIFNAME,
    FRA_PRIORITY,
    FRA_SPORT_RANGE,
    FRA_SRC,
    FRA_SUPPRESS_IFGROUP,
    FRA_SUPPRESS_PREFIXLEN,
    FRA_TABLE,
    FRA_TUN_ID,
    FRA_UID_RANGE,
)
from bridgekit.uapi.netlink import NLA_F_NESTED
from bridgekit.uapi.nexthop import (
    NHA_BLACKHOLE,
    NHA_ENCAP,
    NHA_GATEWAY,
    NHA_GROUP,
    NHA_ID,
    NHA_OIF,
    NHA_OP_FLAGS,
)
from bridgekit.uapi.rtnetlink import RTNH_F_ONLINK

FIB_RULE_HDR = struct.Struct("=BBBBBBBBI")
RANGES = (
    ("ipproto", FRA_IP_PROTO, "=B"),
    ("sport", FRA_SPORT_RANGE, "=HH"),
    ("dport", FRA_DPORT_RANGE, "=HH"),
    ("uidrange", FRA_UID_RANGE, "=II"),
)
ACTION_NAMES = {
    FR_ACT_NOP: "nop",
    FR_ACT_BLACKHOLE: "blackhole",
    FR_ACT_UNREACHABLE: "unreachable",
    FR_ACT_PROHIBIT: "prohibit",
}
WHOLE_MASK = 0xFFFFFFFF
DROPPING = (FR_ACT_BLACKHOLE, FR_ACT_UNREACHABLE, FR_ACT_PROHIBIT)
NHMSG = struct.Struct("=BBBxI")


class Rule(Struct, frozen=True):
    """A policy rule (`ip rule`): its message without marks of the moment."""

    message: bytes

    @classmethod
    def read(cls, message: bytes) -> "Rule":
        """Take a dumped message; of its flags only "not" is a setting."""
        flags = nlattr.U32.pack(FIB_RULE_HDR.unpack_from(message)[8] & FIB_RULE_INVERT)
        return cls(message[:8] + flags + message[FIB_RULE_HDR.size :])

    @property
    def family(self) -> int:
        """The address family."""
        return self.message[0]

    @property
    def priority(self) -> int:
        """The place among the rules."""
        found = self._attributes().get(FRA_PRIORITY)
        return nlattr.u32(found, 0) if found else 0

    @property
    def stops_the_rest(self) -> bool:
        """Whether it drops what does not match it, as `not oif eth0 blackhole` does."""
        head = FIB_RULE_HDR.unpack_from(self.message)
        return bool(head[8] & FIB_RULE_INVERT) and head[7] in DROPPING

    def names(self, link: str) -> bool:
        """Return whether it asks for this link."""
        return link in (self._text(FRA_IIFNAME), self._text(FRA_OIFNAME))

    def renamed(self, old: str, new: str) -> "Rule":
        """Return the same rule with one link's name read as another."""
        parts = [self.message[: FIB_RULE_HDR.size]]
        for kind, at, end in nlattr.attributes(self.message, FIB_RULE_HDR.size):
            value = self.message[at:end]
            if kind in (FRA_IIFNAME, FRA_OIFNAME) and nlattr.string(value) == old:
                value = new.encode() + b"\0"
            parts.append(nlattr.pack(kind, value))
        return Rule(b"".join(parts))

    def __str__(self) -> str:
        """Return the words that `ip rule add` takes."""
        found = self._attributes()
        head = FIB_RULE_HDR.unpack_from(self.message)
        words = ["priority", str(self.priority)] + (["not"] if head[8] & FIB_RULE_INVERT else [])
        for word, kind, bits in (
            ("from", FRA_SRC, self.message[2]),
            ("to", FRA_DST, self.message[1]),
        ):
            if kind in found:
                words += [word, f"{ip_address(found[kind])}/{bits}"]
        words += [] if FRA_SRC in found else ["from", "all"]
        words += ["tos", hex(head[3])] if head[3] else []
        words += list(self._marks(found))
        for word, kind in (("iif", FRA_IIFNAME), ("oif", FRA_OIFNAME)):
            words += [word, self._text(kind)] if kind in found else []
        return " ".join([*words, *self._action(found, head[7])])

    @staticmethod
    def _marks(found: dict[int, bytes]) -> Iterator[str]:
        """Yield what a packet must be, beside its addresses and links."""
        if FRA_FWMARK in found:
            mask = nlattr.u32(found[FRA_FWMASK], 0) if FRA_FWMASK in found else WHOLE_MASK
            mark = hex(nlattr.u32(found[FRA_FWMARK], 0))
            yield from ("fwmark", mark if mask == WHOLE_MASK else f"{mark}/{mask:#x}")
        if FRA_TUN_ID in found:
            yield from ("tun_id", str(int.from_bytes(found[FRA_TUN_ID], "big")))
        for word, kind, form in RANGES:
            if kind in found:
                yield from (word, "-".join(map(str, struct.unpack(form, found[kind]))))

    def _action(self, found: dict[int, bytes], action: int) -> list[str]:
        if action == FR_ACT_GOTO:
            return ["goto", str(nlattr.u32(found[FRA_GOTO], 0))]
        if action != FR_ACT_TO_TBL:
            return [ACTION_NAMES.get(action, f"type{action}")]
        words = []
        for word, kind in (
            ("suppress_prefixlength", FRA_SUPPRESS_PREFIXLEN),
            ("suppress_ifgroup", FRA_SUPPRESS_IFGROUP),
        ):
            if nlattr.u32(found.get(kind, nlattr.U32.pack(WHOLE_MASK)), 0) != WHOLE_MASK:
                words += [word, str(nlattr.u32(found[kind], 0))]
        if found.get(FRA_L3MDEV, b"\0")[0]:
            return ["l3mdev", *words]
        table = nlattr.u32(found[FRA_TABLE], 0) if FRA_TABLE in found else self.message[4]
        return ["lookup", TABLE_NAMES.get(table, str(table)), *words]

    def _attributes(self) -> dict[int, bytes]:
        pairs = nlattr.attributes(self.message, FIB_RULE_HDR.size)
        return {kind: self.message[at:end] for kind, at, end in pairs}

    def _text(self, kind: int) -> str:
        return nlattr.string(self._attributes().get(kind, b""))


class Nexthop(Struct, frozen=True):
    """A nexthop object (`ip nexthop`); `link` is None for groups and blackholes.

    The interface's number in the message is 0: it is filled in when it is sent.
    """

    message: bytes
    link: str | None

    @classmethod
    def read(cls, message: bytes, names: dict[int, str]) -> "Nexthop":
        """Take a dumped message; its scope is derived, and of its flags only "onlink" is set."""
        family, _, protocol, flags = NHMSG.unpack_from(message)
        bare = NHMSG.pack(family, 0, protocol, flags & RTNH_F_ONLINK)
        bare += message[NHMSG.size :]
        slot = cls._slot(bare)
        if slot is None:
            return cls(bare, None)
        return cls(nlattr.patch_u32(bare, slot, 0), names.get(nlattr.u32(bare, slot)))

    @staticmethod
    def _slot(message: bytes) -> int | None:
        found = nlattr.attributes(message, NHMSG.size)
        return next((at for kind, at, _ in found if kind == NHA_OIF), None)

    @property
    def id(self) -> int:
        """The number that routes and groups know it by."""
        return nlattr.u32(nlattr.parse(self.message, NHMSG.size)[NHA_ID], 0)

    @property
    def gateway(self) -> bytes | None:
        """The router's packed address; None if there is none, or it is onlink."""
        onlink = NHMSG.unpack_from(self.message)[3] & RTNH_F_ONLINK
        return None if onlink else nlattr.parse(self.message, NHMSG.size).get(NHA_GATEWAY)

    def resolved(self, index: int) -> bytes:
        """Return the message with the current ifindex, without what only an answer may have.

        The kernel wants an encapsulation marked as nested, and does not mark it itself.
        """
        parts = [self.message[: NHMSG.size]]
        found = nlattr.attributes(self.message, NHMSG.size)
        for kind, at, end in (one for one in found if one[0] != NHA_OP_FLAGS):
            value = nlattr.U32.pack(index) if kind == NHA_OIF else self.message[at:end]
            parts.append(nlattr.pack(kind | NLA_F_NESTED if kind == NHA_ENCAP else kind, value))
        return b"".join(parts)

    def on(self, link: str) -> "Nexthop":
        """Return the same object over another link."""
        return Nexthop(self.message, link)

    def __str__(self) -> str:
        """Return the words that `ip nexthop replace` takes, as far as this program knows them."""
        pairs = nlattr.attributes(self.message, NHMSG.size)
        found = {kind: self.message[at:end] for kind, at, end in pairs}
        words = ["id", str(nlattr.u32(found[NHA_ID], 0))]
        if NHA_GROUP in found:
            members = (found[NHA_GROUP][at : at + 8] for at in range(0, len(found[NHA_GROUP]), 8))
            ids = (f"{nlattr.u32(one, 0)},{one[4] + 1}" for one in members)
            return " ".join([*words, "group", "/".join(ids)])
        words += ["blackhole"] if NHA_BLACKHOLE in found else []
        words += ["encap …"] if NHA_ENCAP in found else []
        words += ["via", str(ip_address(found[NHA_GATEWAY]))] if NHA_GATEWAY in found else []
        onlink = NHMSG.unpack_from(self.message)[3] & RTNH_F_ONLINK
        words += (["dev", self.link] if self.link else []) + (["onlink"] if onlink else [])
        return " ".join(words)
