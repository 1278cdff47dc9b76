"""Open 9000 connections to a web server and begin a request on each: half_requests.py SERVER

Prints how many were accepted; keeps them until its input ends.
"""

import resource
import select
import socket
import sys

resource.setrlimit(resource.RLIMIT_NOFILE, (10000, 10000))
opened = select.epoll()
kept = [socket.socket() for _ in range(9000)]
for one in kept:
    one.setblocking(False)
    one.connect_ex((sys.argv[1], 80))
    opened.register(one, select.EPOLLOUT | select.EPOLLONESHOT)
ready: list[int] = []
while found := opened.poll(0.5, 9000):
    ready += [fd for fd, event in found if event == select.EPOLLOUT]
for one in kept:
    if one.fileno() in ready:
        one.send(b"GET /menu/bios.ipxe HTTP/1.1\r\n")
print(len(ready), flush=True)
sys.stdin.read()
