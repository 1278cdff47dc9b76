"""Send one datagram to the group and one to the address that receivers.py listens to."""

import socket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    sender.bind(("192.168.1.1", 0))
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.168.1.1"))
    for target in ("239.1.2.3", "192.168.1.4"):
        sender.sendto(b"x", (target, 5000))
