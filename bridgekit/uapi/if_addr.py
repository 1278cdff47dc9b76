"""IP addresses: linux/if_addr.h."""

from typing import Final

# Attributes of an address.
IFA_ADDRESS: Final = 1
IFA_LOCAL: Final = 2
IFA_LABEL: Final = 3
IFA_BROADCAST: Final = 4
IFA_CACHEINFO: Final = 6
IFA_FLAGS: Final = 0x08
IFA_RT_PRIORITY: Final = 9
IFA_PROTO: Final = 11

# IFA_FLAGS. IPv4 and IPv6 share the first bit.
IFA_F_SECONDARY: Final = 0x01
IFA_F_TEMPORARY: Final = 0x01
IFA_F_NODAD: Final = 0x02
IFA_F_DADFAILED: Final = 0x08
IFA_F_HOMEADDRESS: Final = 0x10
IFA_F_DEPRECATED: Final = 0x20
IFA_F_TENTATIVE: Final = 0x40
IFA_F_PERMANENT: Final = 0x80
IFA_F_MANAGETEMPADDR: Final = 0x100
IFA_F_NOPREFIXROUTE: Final = 0x200
IFA_F_MCAUTOJOIN: Final = 0x400

# IFA_PROTO: who made the address.
IFAPROT_KERNEL_LL: Final = 3
