"""Answer as a name server on 192.168.1.1: name_server.py N [RCODE]

So many questions are answered; then it falls silent, or answers with this code.
"""

import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
    server.bind(("192.168.1.1", 53))
    print("ready", flush=True)
    for _ in range(int(sys.argv[1])):
        question, asker = server.recvfrom(512)
        server.sendto(question[:2] + bytes.fromhex("8180") + question[4:], asker)
    for code in map(int, sys.argv[2:]):
        while True:
            question, asker = server.recvfrom(512)
            server.sendto(question[:2] + bytes((0x81, 0x80 | code)) + question[4:], asker)
    sys.stdin.read()
