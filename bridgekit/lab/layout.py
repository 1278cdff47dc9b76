"""The lab's addresses: what each host starts with, as lines of `ip` arguments."""

from typing import Final

GATEWAY_MAC: Final = "52:54:00:b1:00:01"
HOST_MAC: Final = "52:54:00:b1:00:04"
SECOND_MAC: Final = "52:54:00:b2:00:04"

GATEWAY: Final = (
    "link set lo up",
    "link set eth0 up",
    "link set eth1 up",
    "address add 192.168.1.1/24 brd + dev eth0",
    "address add 10.20.0.1/16 brd + dev eth0",
    "address add 2001:db8:1::1/64 dev eth0",
    "address add 192.168.2.1/24 brd + dev eth1",
    "address add 2001:db8:2::1/64 dev eth1",
    # The rest of the world, reached through the gateway
    "address add 203.0.113.1/32 dev lo",
    "address add 10.99.0.1/32 dev lo",
    "address add 2001:db8:99::1/128 dev lo",
    "address add 2001:db8:ffff::1/128 dev lo",
    # Machines that the PXE service gives addresses to answer through the host
    "route add 192.168.242.0/24 via 192.168.1.4",
)

UP: Final = ("link set lo up", "link set eth0 up", "link set eth1 up")
"""Both NICs up and nothing else."""

SIMPLE: Final = (
    *UP,
    "address add 192.168.1.4/24 brd + dev eth0",
    "route add default via 192.168.1.1 dev eth0 onlink",
)
"""One address and a gateway."""

FULL: Final = (
    *UP,
    "address add 192.168.1.4/24 brd + dev eth0 label eth0",
    "route add default via 192.168.1.1 dev eth0 onlink",
    "address add 192.168.1.5/24 brd + dev eth0",
    "address add 10.20.0.4/16 brd + dev eth0",
    "route add 198.51.100.0/24 via 192.168.1.1 dev eth0 metric 50 src 192.168.1.5",
    "route add 10.99.0.0/16 via 10.20.0.1 dev eth0",
    "route add 10.98.0.0/16 via 10.20.0.1 dev eth0",
    "route add 192.168.1.0/24 dev eth0 src 192.168.1.5 table 100",
    "route add default via 192.168.1.1 dev eth0 table 100",
    "rule add from 192.168.1.5 table 100 priority 1000",
    "address add 2001:db8:1::4/64 dev eth0",
    "route replace default via 2001:db8:1::1 dev eth0 onlink",
    "address add 2001:db8:1::5/64 dev eth0",
    "route add 2001:db8:98::/48 via 2001:db8:1::1 dev eth0 metric 70",
    "route add 2001:db8:99::/48 via 2001:db8:1::1 dev eth0",
    "route add default via 2001:db8:1::1 dev eth0 table 100",
    "-6 rule add from 2001:db8:1::5 table 100 priority 1000",
    # The second NIC competes: after eth0's, before eth0's, and as a leg of one IPv6 route
    "address add 192.168.2.4/24 brd + dev eth1 label eth1",
    "route append default via 192.168.2.1 dev eth1",
    "route append 10.99.0.0/16 via 192.168.2.1 dev eth1",
    "route prepend 10.98.0.0/16 via 192.168.2.1 dev eth1",
    "address add 2001:db8:2::4/64 dev eth1",
    "route append 2001:db8:99::/48 via 2001:db8:2::1 dev eth1",
    "route add default via 2001:db8:2::1 dev eth1 metric 2048",
)
"""Several addresses of both families, routes and rules, and a second NIC that competes."""

INTERFACES: Final = """\
# This file describes the network interfaces of this host
# and how to activate them. For more information, see interfaces(5).

source /etc/network/interfaces.d/*

auto lo
iface lo inet loopback

# The office network
auto eth0
iface eth0 inet static
    address 192.168.1.4/24
    gateway 192.168.1.1
    # the mail server's own address
    up ip address add 192.168.1.5/24 brd + dev eth0
    up ip address add 10.20.0.4/16 brd + dev eth0
    up ip route add 198.51.100.0/24 via 192.168.1.1 dev eth0 metric 50 src 192.168.1.5
    up ip route add 10.99.0.0/16 via 10.20.0.1 dev eth0
    up ip route add 10.98.0.0/16 via 10.20.0.1 dev eth0
    up ip route add 192.168.1.0/24 dev eth0 src 192.168.1.5 table 100
    up ip route add default via 192.168.1.1 dev eth0 table 100
    up ip rule add from 192.168.1.5 table 100 priority 1000
iface eth0 inet6 static
    address 2001:db8:1::4/64
    gateway 2001:db8:1::1
    up ip address add 2001:db8:1::5/64 dev eth0
    up ip route add 2001:db8:98::/48 via 2001:db8:1::1 dev eth0 metric 70
    up ip route add 2001:db8:99::/48 via 2001:db8:1::1 dev eth0
    up ip route add default via 2001:db8:1::1 dev eth0 table 100
    up ip -6 rule add from 2001:db8:1::5 table 100 priority 1000

# The second uplink
auto eth1
iface eth1 inet static
    address 192.168.2.4/24
    up ip route append default via 192.168.2.1 dev eth1
    up ip route append 10.99.0.0/16 via 192.168.2.1 dev eth1
    up ip route prepend 10.98.0.0/16 via 192.168.2.1 dev eth1
iface eth1 inet6 static
    address 2001:db8:2::4/64
    up ip route append 2001:db8:99::/48 via 2001:db8:2::1 dev eth1
    up ip route add default via 2001:db8:2::1 dev eth1 metric 2048
"""
"""The file that brings FULL up at boot; that it does is tested with the real ifup."""
