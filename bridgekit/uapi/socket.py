"""Address families: linux/socket.h of the kernel's own headers."""

from typing import Final

AF_INET: Final = 2
AF_BRIDGE: Final = 7
AF_INET6: Final = 10
