"""Routes, and the types of all messages of NETLINK_ROUTE: linux/rtnetlink.h."""

from typing import Final

# Message types.
RTM_NEWLINK: Final = 16
RTM_DELLINK: Final = 17
RTM_GETLINK: Final = 18
RTM_SETLINK: Final = 19
RTM_NEWADDR: Final = 20
RTM_DELADDR: Final = 21
RTM_GETADDR: Final = 22
RTM_NEWROUTE: Final = 24
RTM_DELROUTE: Final = 25
RTM_GETROUTE: Final = 26
RTM_NEWNEIGH: Final = 28
RTM_DELNEIGH: Final = 29
RTM_GETNEIGH: Final = 30
RTM_NEWRULE: Final = 32
RTM_DELRULE: Final = 33
RTM_GETRULE: Final = 34
RTM_GETQDISC: Final = 38
RTM_NEWNEXTHOP: Final = 104
RTM_GETNEXTHOP: Final = 106

# Multicast groups, as bits of `nl_groups`.
RTMGRP_LINK: Final = 0x01
RTMGRP_NEIGH: Final = 0x04
RTMGRP_IPV6_IFADDR: Final = 0x100
RTMGRP_IPV6_ROUTE: Final = 0x400

# Attributes of a route.
RTA_DST: Final = 1
RTA_SRC: Final = 2
RTA_OIF: Final = 4
RTA_GATEWAY: Final = 5
RTA_PRIORITY: Final = 6
RTA_PREFSRC: Final = 7
RTA_METRICS: Final = 8
RTA_MULTIPATH: Final = 9
RTA_FLOW: Final = 11
RTA_CACHEINFO: Final = 12
RTA_TABLE: Final = 15
RTA_VIA: Final = 18
RTA_PREF: Final = 20
RTA_ENCAP_TYPE: Final = 21
RTA_ENCAP: Final = 22
RTA_EXPIRES: Final = 23
RTA_NH_ID: Final = 30

# `rtm_type`.
RTN_UNICAST: Final = 1
RTN_LOCAL: Final = 2
RTN_BROADCAST: Final = 3
RTN_ANYCAST: Final = 4
RTN_MULTICAST: Final = 5
RTN_BLACKHOLE: Final = 6
RTN_UNREACHABLE: Final = 7
RTN_PROHIBIT: Final = 8
RTN_THROW: Final = 9
RTN_NAT: Final = 10

# `rtm_protocol`: who made the route.
RTPROT_REDIRECT: Final = 1
RTPROT_KERNEL: Final = 2
RTPROT_BOOT: Final = 3
RTPROT_STATIC: Final = 4
RTPROT_RA: Final = 9
RTPROT_DHCP: Final = 16

# `rtm_scope`, and the scope of an address.
RT_SCOPE_UNIVERSE: Final = 0
RT_SCOPE_SITE: Final = 200
RT_SCOPE_LINK: Final = 253
RT_SCOPE_HOST: Final = 254
RT_SCOPE_NOWHERE: Final = 255

# `rtm_table`.
RT_TABLE_DEFAULT: Final = 253
RT_TABLE_MAIN: Final = 254
RT_TABLE_LOCAL: Final = 255

# `rtm_flags` of a look-up: answer with the route's own message.
RTM_F_FIB_MATCH: Final = 0x2000

# `rtm_flags` and `rtnh_flags`.
RTNH_F_DEAD: Final = 1
RTNH_F_PERVASIVE: Final = 2
RTNH_F_ONLINK: Final = 4

# Attributes in RTA_METRICS, and a bit of RTAX_FEATURES.
RTAX_LOCK: Final = 1
RTAX_MTU: Final = 2
RTAX_WINDOW: Final = 3
RTAX_RTT: Final = 4
RTAX_RTTVAR: Final = 5
RTAX_SSTHRESH: Final = 6
RTAX_CWND: Final = 7
RTAX_ADVMSS: Final = 8
RTAX_REORDERING: Final = 9
RTAX_HOPLIMIT: Final = 10
RTAX_INITCWND: Final = 11
RTAX_FEATURES: Final = 12
RTAX_RTO_MIN: Final = 13
RTAX_INITRWND: Final = 14
RTAX_QUICKACK: Final = 15
RTAX_CC_ALGO: Final = 16
RTAX_FASTOPEN_NO_COOKIE: Final = 17
RTAX_FEATURE_ECN: Final = 1

# RTA_PREF (linux/icmpv6.h).
ICMPV6_ROUTER_PREF_HIGH: Final = 1
ICMPV6_ROUTER_PREF_LOW: Final = 3

# A bit of IFLA_EXT_MASK: list VLANs, those alike as ranges.
RTEXT_FILTER_BRVLAN_COMPRESSED: Final = 4

# Attributes of struct tcmsg.
TCA_KIND: Final = 1
