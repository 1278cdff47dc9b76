"""Fetch a file from the PXE service by TFTP (RFC 1350) and write it out: tftp_get.py FILE"""

import socket
import struct
import sys

RRQ, DATA, ACK = 1, 3, 4
BLOCK = 512
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.settimeout(5)
    request = struct.pack("!H", RRQ) + sys.argv[1].encode() + b"\0octet\0"
    client.sendto(request, ("192.168.242.1", 69))
    content, last = b"", False
    while not last:
        answer, server = client.recvfrom(2048)
        code, number = struct.unpack("!HH", answer[:4])
        if code != DATA:
            sys.exit(answer[4:].decode())
        content += answer[4:]
        client.sendto(struct.pack("!HH", ACK, number), server)
        last = len(answer) < 4 + BLOCK
sys.stdout.buffer.write(content)
