"""Policy routing rules and nexthop objects, kept as the kernel's own messages (rtnetlink(7)).

A rule's message is `struct fib_rule_hdr` (12 bytes) and attributes; it names interfaces by name.
A nexthop's is `struct nhmsg` (8 bytes) and attributes; it names its interface by number.
"""

import struct
from collections.abc import Iterator
from ipaddress import ip_address

from msgspec import Struct

from bridgekit.state import nlattr
from bridgekit.state.routes.message import TABLES

RULE_HEAD = struct.Struct("=BBBBBBBBI")
FROM, TO, IIF, PRIORITY, FWMARK, TABLE, FWMASK, OIF = (2, 1, 3, 6, 10, 15, 16, 17)
GOTO, TUN_ID, L3MDEV, UID_RANGE, IP_PROTO, SPORT, DPORT = (4, 12, 19, 20, 22, 23, 24)
RANGES = (
    ("ipproto", IP_PROTO, "=B"),
    ("sport", SPORT, "=HH"),
    ("dport", DPORT, "=HH"),
    ("uidrange", UID_RANGE, "=II"),
)
LOOK_UP, GO_ON_AT = 1, 2
ACTIONS = {3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
WHOLE = 0xFFFFFFFF
INVERT = 2
DROPPING = (6, 7, 8)
"""The actions blackhole, unreachable and prohibit (linux/fib_rules.h)."""
NEXTHOP_HEAD = struct.Struct("=BBBxI")
NH_ID, NH_GROUP, NH_OIF, NH_GATEWAY, NH_ENCAP = 1, 2, 5, 6, 8
ONLINK = 4


class Rule(Struct, frozen=True):
    """A policy rule (`ip rule`): its message without marks of the moment."""

    message: bytes

    @classmethod
    def read(cls, message: bytes) -> "Rule":
        """Take a dumped message; of its flags only "not" is a setting."""
        flags = nlattr.U32.pack(RULE_HEAD.unpack_from(message)[8] & INVERT)
        return cls(message[:8] + flags + message[RULE_HEAD.size :])

    @property
    def family(self) -> int:
        return self.message[0]

    @property
    def priority(self) -> int:
        found = self._attributes().get(PRIORITY)
        return nlattr.u32(found, 0) if found else 0

    @property
    def stops_the_rest(self) -> bool:
        """Does it drop whatever does not match it, as `not oif eth0 blackhole` does?"""
        head = RULE_HEAD.unpack_from(self.message)
        return bool(head[8] & INVERT) and head[7] in DROPPING

    def names(self, link: str) -> bool:
        """Does it ask for this interface?"""
        return link in (self._text(IIF), self._text(OIF))

    def renamed(self, old: str, new: str) -> "Rule":
        """The same rule with one interface's name read as another."""
        parts = [self.message[: RULE_HEAD.size]]
        for kind, at, end in nlattr.attributes(self.message, RULE_HEAD.size):
            value = self.message[at:end]
            if kind in (IIF, OIF) and nlattr.text(value) == old:
                value = new.encode() + b"\0"
            parts.append(nlattr.attribute(kind, value))
        return Rule(b"".join(parts))

    def __str__(self) -> str:
        """The words that `ip rule add` takes."""
        found = self._attributes()
        head = RULE_HEAD.unpack_from(self.message)
        words = ["priority", str(self.priority)] + (["not"] if head[8] & INVERT else [])
        for word, kind, bits in (("from", FROM, self.message[2]), ("to", TO, self.message[1])):
            if kind in found:
                words += [word, f"{ip_address(found[kind])}/{bits}"]
        words += [] if FROM in found else ["from", "all"]
        words += ["tos", hex(head[3])] if head[3] else []
        words += list(self._marks(found))
        for word, kind in (("iif", IIF), ("oif", OIF)):
            words += [word, self._text(kind)] if kind in found else []
        return " ".join([*words, *self._action(found, head[7])])

    @staticmethod
    def _marks(found: dict[int, bytes]) -> Iterator[str]:
        """What a packet must be, beside its addresses and links."""
        if FWMARK in found:
            mask = nlattr.u32(found[FWMASK], 0) if FWMASK in found else WHOLE
            mark = hex(nlattr.u32(found[FWMARK], 0))
            yield from ("fwmark", mark if mask == WHOLE else f"{mark}/{mask:#x}")
        if TUN_ID in found:
            yield from ("tun_id", str(int.from_bytes(found[TUN_ID], "big")))
        for word, kind, form in RANGES:
            if kind in found:
                yield from (word, "-".join(map(str, struct.unpack(form, found[kind]))))

    def _action(self, found: dict[int, bytes], action: int) -> list[str]:
        if action == GO_ON_AT:
            return ["goto", str(nlattr.u32(found[GOTO], 0))]
        if action != LOOK_UP:
            return [ACTIONS.get(action, f"type{action}")]
        words = []
        for word, kind in (("suppress_prefixlength", 14), ("suppress_ifgroup", 13)):
            if nlattr.u32(found.get(kind, nlattr.U32.pack(WHOLE)), 0) != WHOLE:
                words += [word, str(nlattr.u32(found[kind], 0))]
        if found.get(L3MDEV, b"\0")[0]:
            return ["l3mdev", *words]
        table = nlattr.u32(found[TABLE], 0) if TABLE in found else self.message[4]
        return ["lookup", TABLES.get(table, str(table)), *words]

    def _attributes(self) -> dict[int, bytes]:
        pairs = nlattr.attributes(self.message, RULE_HEAD.size)
        return {kind: self.message[at:end] for kind, at, end in pairs}

    def _text(self, kind: int) -> str:
        return nlattr.text(self._attributes().get(kind, b""))


class Nexthop(Struct, frozen=True):
    """A nexthop object (`ip nexthop`); `link` is None for groups and blackholes.

    The interface's number in the message is 0: it is filled in when it is sent.
    """

    message: bytes
    link: str | None

    @classmethod
    def read(cls, message: bytes, names: dict[int, str]) -> "Nexthop":
        """Take a dumped message; its scope is derived, and of its flags only "onlink" is set."""
        family, _, protocol, flags = NEXTHOP_HEAD.unpack_from(message)
        bare = NEXTHOP_HEAD.pack(family, 0, protocol, flags & ONLINK)
        bare += message[NEXTHOP_HEAD.size :]
        slot = cls._slot(bare)
        if slot is None:
            return cls(bare, None)
        return cls(nlattr.patched(bare, slot, 0), names.get(nlattr.u32(bare, slot)))

    @staticmethod
    def _slot(message: bytes) -> int | None:
        found = nlattr.attributes(message, NEXTHOP_HEAD.size)
        return next((at for kind, at, _ in found if kind == NH_OIF), None)

    @property
    def id(self) -> int:
        """The number that routes and groups know it by."""
        return nlattr.u32(nlattr.found(self.message, NEXTHOP_HEAD.size)[NH_ID], 0)

    @property
    def gateway(self) -> bytes | None:
        """The router's packed address; None if there is none, or it is on the link by decree."""
        decreed = NEXTHOP_HEAD.unpack_from(self.message)[3] & ONLINK
        return None if decreed else nlattr.found(self.message, NEXTHOP_HEAD.size).get(NH_GATEWAY)

    def resolved(self, index: int) -> bytes:
        """The message with today's interface number.

        The kernel wants an encapsulation marked as nested, and does not mark it itself.
        """
        parts = [self.message[: NEXTHOP_HEAD.size]]
        for kind, at, end in nlattr.attributes(self.message, NEXTHOP_HEAD.size):
            value = nlattr.U32.pack(index) if kind == NH_OIF else self.message[at:end]
            parts.append(
                nlattr.attribute(kind | nlattr.NESTED if kind == NH_ENCAP else kind, value)
            )
        return b"".join(parts)

    def on(self, link: str) -> "Nexthop":
        """The same object over another interface."""
        return Nexthop(self.message, link)

    def __str__(self) -> str:
        """The words that `ip nexthop replace` takes, as far as this program knows them."""
        pairs = nlattr.attributes(self.message, NEXTHOP_HEAD.size)
        found = {kind: self.message[at:end] for kind, at, end in pairs}
        words = ["id", str(nlattr.u32(found[NH_ID], 0))]
        if NH_GROUP in found:
            members = (found[NH_GROUP][at : at + 8] for at in range(0, len(found[NH_GROUP]), 8))
            ids = (f"{nlattr.u32(one, 0)},{one[4] + 1}" for one in members)
            return " ".join([*words, "group", "/".join(ids)])
        words += ["encap …"] if NH_ENCAP in found else []
        words += ["via", str(ip_address(found[NH_GATEWAY]))] if NH_GATEWAY in found else []
        onlink = NEXTHOP_HEAD.unpack_from(self.message)[3] & ONLINK
        words += (["dev", self.link] if self.link else []) + (["onlink"] if onlink else [])
        return " ".join(words)
