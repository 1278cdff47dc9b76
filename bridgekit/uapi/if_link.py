"""Links: linux/if_link.h, linux/if.h, linux/if_arp.h."""

from typing import Final

# Attributes of a link.
IFLA_ADDRESS: Final = 1
IFLA_IFNAME: Final = 3
IFLA_MTU: Final = 4
IFLA_LINK: Final = 5
IFLA_MASTER: Final = 10
IFLA_TXQLEN: Final = 13
IFLA_LINKINFO: Final = 18
IFLA_IFALIAS: Final = 20
IFLA_AF_SPEC: Final = 26
IFLA_GROUP: Final = 27
IFLA_EXT_MASK: Final = 29
IFLA_LINK_NETNSID: Final = 37
IFLA_XDP: Final = 43
IFLA_PROP_LIST: Final = 52
IFLA_ALT_IFNAME: Final = 53

# Attributes in IFLA_XDP.
IFLA_XDP_ATTACHED: Final = 2
IFLA_XDP_PROG_ID: Final = 4

# Attributes in IFLA_LINKINFO.
IFLA_INFO_KIND: Final = 1
IFLA_INFO_DATA: Final = 2
IFLA_INFO_SLAVE_KIND: Final = 4
IFLA_INFO_SLAVE_DATA: Final = 5

# Attributes of AF_INET6 in IFLA_AF_SPEC.
IFLA_INET6_TOKEN: Final = 7
IFLA_INET6_ADDR_GEN_MODE: Final = 8

IN6_ADDR_GEN_MODE_EUI64: Final = 0
IN6_ADDR_GEN_MODE_NONE: Final = 1
IN6_ADDR_GEN_MODE_STABLE_PRIVACY: Final = 2
IN6_ADDR_GEN_MODE_RANDOM: Final = 3

# An attribute of a VXLAN in IFLA_INFO_DATA.
IFLA_VXLAN_LINK: Final = 3

# `ifi_flags` (linux/if.h).
IFF_UP: Final = 0x01
IFF_LOOPBACK: Final = 0x08
IFF_NOARP: Final = 0x80
IFF_LOWER_UP: Final = 0x10000

# `ifi_type` (linux/if_arp.h).
ARPHRD_ETHER: Final = 1
ARPHRD_LOOPBACK: Final = 772
