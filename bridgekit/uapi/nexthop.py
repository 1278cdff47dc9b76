"""Nexthop objects: linux/nexthop.h."""

from typing import Final

NHA_ID: Final = 1
NHA_GROUP: Final = 2
NHA_BLACKHOLE: Final = 4
NHA_OIF: Final = 5
NHA_GATEWAY: Final = 6
NHA_ENCAP: Final = 8
NHA_OP_FLAGS: Final = 14
