"""Connect to session_server.py from the gateway, and read to the end."""

import socket

with socket.create_connection(("192.168.1.4", 22), source_address=("192.168.1.1", 50022)) as line:
    print("ready", flush=True)
    while line.recv(4096):
        pass
