"""Begin downloads of a large file, and read none of them to its end: slow_downloads.py URL COUNT

Prints how many were begun and how many were refused with 503, as JSON; keeps them until its input
ends.
"""

import json
import socket
import sys
from urllib.parse import urlsplit

url, count = urlsplit(sys.argv[1]), int(sys.argv[2])
request = f"GET {url.path} HTTP/1.1\r\nHost: {url.hostname}\r\n\r\n".encode()
connections = [socket.create_connection((url.hostname or "", 80), 10) for _ in range(count)]
for one in connections:
    one.sendall(request)
answers = [one.recv(100) for one in connections]
counts = [sum(b" %d " % code in one for one in answers) for code in (200, 503)]
print(json.dumps(counts), flush=True)
sys.stdin.read()
