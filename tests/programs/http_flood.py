"""Ask a web server 4000 times at once, on 40 connections: http_flood.py SERVER

Prints how many seconds that took, and how often it answered with 200 and with 503, as JSON.
"""

import json
import socket
import sys
import time

REQUEST = b"GET /menu/bios.ipxe HTTP/1.1\r\nHost: pxe\r\n%s\r\n"
BATCH = REQUEST % b"" * 99 + REQUEST % b"Connection: close\r\n"
began = time.monotonic()
connections = [socket.create_connection((sys.argv[1], 80), 10) for _ in range(40)]
for one in connections:
    one.sendall(BATCH)
answers = b"".join(one.makefile("rb").read() for one in connections)
counts = [answers.count(b"HTTP/1.1 %d " % code) for code in (200, 503)]
print(json.dumps([time.monotonic() - began, *counts]))
