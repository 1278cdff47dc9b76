"""Neighbours and forwarding database entries: linux/neighbour.h."""

from typing import Final

# Attributes of an entry.
NDA_DST: Final = 1
NDA_LLADDR: Final = 2
NDA_MASTER: Final = 9
NDA_PROTOCOL: Final = 12
NDA_FLAGS_EXT: Final = 15

# `ndm_flags`, and a bit of NDA_FLAGS_EXT.
NTF_USE: Final = 0x01
NTF_SELF: Final = 0x02
NTF_PROXY: Final = 0x08
NTF_EXT_LEARNED: Final = 0x10
NTF_ROUTER: Final = 0x80
NTF_EXT_MANAGED: Final = 0x01

# `ndm_state`.
NUD_REACHABLE: Final = 0x02
NUD_STALE: Final = 0x04
NUD_DELAY: Final = 0x08
NUD_PROBE: Final = 0x10
NUD_FAILED: Final = 0x20
NUD_NOARP: Final = 0x40
NUD_PERMANENT: Final = 0x80

# The link-layer address is known (net/neighbour.h of the kernel's own headers).
NUD_VALID: Final = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY
