"""Accept one connection on the host's SSH port; send something for each line of input."""

import socket
import sys

with socket.create_server(("192.168.1.4", 22)) as server:
    print("ready", flush=True)
    session = server.accept()[0]
for _ in sys.stdin:
    session.sendall(b"progress")
    print("said", flush=True)
