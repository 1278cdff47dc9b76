"""The one feature of a NIC that becoming a port changes: large receive offload (ethtool(8))."""

import array
import fcntl
import socket
import struct

from bridgekit.errors import BridgekitError
from bridgekit.uapi.device import ETH_FLAG_LRO, ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, SIOCETHTOOL

VALUE = struct.Struct("=II")
IFREQ = struct.Struct("16sP16x")


def get_lro(link: str) -> bool:
    """Return whether the hardware joins segments that it receives.

    Equivalent to: ethtool -k LINK
    """
    try:
        return bool(_flags(link, ETHTOOL_GFLAGS, 0) & ETH_FLAG_LRO)
    except OSError:  # many links have no such features, and some are gone
        return False


def set_lro(link: str, on: bool, rolling_back: bool = False) -> None:
    """Switch it; BridgekitError if the NIC refuses.

    Equivalent to: ethtool -K LINK lro on|off
    """
    try:
        flags = _flags(link, ETHTOOL_GFLAGS, 0)
        _flags(link, ETHTOOL_SFLAGS, flags | ETH_FLAG_LRO if on else flags & ~ETH_FLAG_LRO)
    except OSError as error:
        if not rolling_back:
            word = "on" if on else "off"
            raise BridgekitError(f"cannot switch {link}'s LRO {word}: {error.strerror}") from error


def _flags(link: str, command: int, value: int) -> int:
    data = array.array("B", VALUE.pack(command, value))
    request = IFREQ.pack(link.encode(errors="surrogateescape"), data.buffer_info()[0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as endpoint:
        fcntl.ioctl(endpoint, SIOCETHTOOL, request)
    return int(VALUE.unpack(data.tobytes())[1])
