"""Notifications of changes, as `ip monitor` shows them: a reason to look again. rtnetlink(7)."""

import errno
import select
import socket
import time
from collections.abc import Callable

from bridgekit.netlink.buffers import DUMP_CHUNK, enlarge_buffers
from bridgekit.uapi.rtnetlink import RTMGRP_IPV6_IFADDR, RTMGRP_LINK, RTMGRP_NEIGH

GROUPS = RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV6_IFADDR


class NetlinkMonitor:
    """Receives notifications of changed links, neighbours and IPv6 addresses; use it with `with`.

    `more` are further multicast groups (RTMGRP_).
    """

    def __init__(self, more: int = 0) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
        enlarge_buffers(self._socket)
        self._socket.bind((0, GROUPS | more))

    def __enter__(self) -> "NetlinkMonitor":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def wait(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until the condition holds, looking again at every notification.

        False at the deadline.
        """
        deadline = time.monotonic() + seconds
        while not holds():
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._socket], [], [], left)[0]:
                return holds()
            self._drain()
        return True

    def _drain(self) -> None:
        """Read what has arrived; an overrun only means that there is a reason to look again."""
        while select.select([self._socket], [], [], 0)[0]:
            try:
                self._socket.recv(DUMP_CHUNK)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    raise
