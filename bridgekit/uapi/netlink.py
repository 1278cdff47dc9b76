"""Netlink itself: linux/netlink.h, and socket options of asm-generic/socket.h."""

from typing import Final

NETLINK_ROUTE: Final = 0
NETLINK_SOCK_DIAG: Final = 4

# Options of a netlink socket; their level is SOL_NETLINK (linux/socket.h).
SOL_NETLINK: Final = 270
NETLINK_CAP_ACK: Final = 10
NETLINK_EXT_ACK: Final = 11
NETLINK_GET_STRICT_CHK: Final = 12

SO_SNDBUFFORCE: Final = 32
SO_RCVBUFFORCE: Final = 33

# Types of control messages.
NLMSG_ERROR: Final = 2
NLMSG_DONE: Final = 3

# An attribute of an NLMSG_ERROR, of the enum nlmsgerr_attrs.
NLMSGERR_ATTR_MSG: Final = 1

# Flags of every message; of an answer; of a request for a list; of a request for a new object.
NLM_F_REQUEST: Final = 0x01
NLM_F_ACK: Final = 0x04
NLM_F_DUMP_INTR: Final = 0x10
NLM_F_ACK_TLVS: Final = 0x200
NLM_F_DUMP: Final = 0x300
NLM_F_REPLACE: Final = 0x100
NLM_F_EXCL: Final = 0x200
NLM_F_CREATE: Final = 0x400
NLM_F_APPEND: Final = 0x800

# The two high bits of an attribute's type, and the rest.
NLA_F_NESTED: Final = 0x8000
NLA_TYPE_MASK: Final = 0x3FFF
