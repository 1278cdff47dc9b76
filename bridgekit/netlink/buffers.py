"""The buffers of netlink sockets."""

import socket

from bridgekit.uapi.netlink import SO_RCVBUFFORCE, SO_SNDBUFFORCE

SEND_BYTES, RECEIVE_BYTES = 4 << 20, 16 << 20
DUMP_CHUNK = 1 << 20
"""As many bytes are received at once."""


def enlarge_buffers(endpoint: socket.socket) -> None:
    """Give a netlink socket the largest buffers that it may have."""
    try:
        endpoint.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, SEND_BYTES)
        endpoint.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BYTES)
    except PermissionError:  # as in a user namespace; a smaller size does
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
