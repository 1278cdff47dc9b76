"""Send a router solicitation on eth0 (RFC 4861); print whether one advertises itself within 3 s."""

import select
import socket

SOLICITATION, ADVERTISEMENT = 133, 134
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as link:
    link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    all_routers = ("ff02::2", 0, 0, socket.if_nametoindex("eth0"))
    link.sendto(bytes((SOLICITATION, *bytes(7))), all_routers)
    found = 0
    while not found and select.select([link], [], [], 3)[0]:
        found += link.recv(2048)[0] == ADVERTISEMENT
    print(found)
