"""The process at the other end of a Unix socket."""

import socket
import struct

UCRED = struct.Struct("=iII")
"""struct ucred of SO_PEERCRED (unix(7)): pid, uid, gid."""


def peer_pid(connection: socket.socket) -> int:
    """Return the process that connected, or listened, at the other end."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size)
    pid: int = UCRED.unpack(credentials)[0]
    return pid
