"""Ask the PXE service's name server for the address of name.example, and print it."""

import socket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.settimeout(30)
    header = bytes((0, 7, 1, 0, 0, 1)) + bytes(6)
    client.sendto(header + b"\4name\7example\0\0\1\0\1", ("192.168.242.1", 53))
    print(".".join(map(str, client.recv(512)[-4:])))
