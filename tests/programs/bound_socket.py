"""Hold a TCP socket that is bound to eth0, until it is killed."""

import signal
import socket

with socket.socket() as server:
    server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
    server.bind(("", 99))
    server.listen()
    print("bound", flush=True)
    signal.pause()
