"""Devices by ioctl(2), and frames: linux/{sockios,ethtool,if_tun,if_ether}.h."""

from typing import Final

SIOCADDMULTI: Final = 0x8931
SIOCDELMULTI: Final = 0x8932
SIOCETHTOOL: Final = 0x8946

# Commands of SIOCETHTOOL, and a bit of their value.
ETHTOOL_GFLAGS: Final = 0x25
ETHTOOL_SFLAGS: Final = 0x26
ETH_FLAG_LRO: Final = 0x8000

# A tap device, without a header before each frame.
TUNSETIFF: Final = 0x400454CA
IFF_TAP: Final = 0x0002
IFF_NO_PI: Final = 0x1000

# Protocols of frames (linux/if_ether.h).
ETH_P_ALL: Final = 0x0003
ETH_P_IP: Final = 0x0800
ETH_P_IPV6: Final = 0x86DD
ETH_P_LLDP: Final = 0x88CC
