"""Count the datagrams of datagrams_send.py until a line comes: datagrams_count.py ADDRESS

Prints how many came and how many were lost.
"""

import itertools
import select
import socket
import struct
import sys

SO_RCVBUFFORCE = 33  # socket(7)
address = sys.argv[1]
family = socket.AF_INET6 if ":" in address else socket.AF_INET
with socket.socket(family, socket.SOCK_DGRAM) as receiver:
    receiver.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
    receiver.bind((address, 7008))
    receiver.settimeout(30)
    first = last = struct.unpack("=Q", receiver.recv(64))[0]
    print("counting", flush=True)
    for came in itertools.count(2):
        last = struct.unpack("=Q", receiver.recv(64))[0]
        if came % 100 == 0 and select.select([sys.stdin], [], [], 0)[0]:
            break
print(came, last - first + 1 - came)
