"""Findings about what depends on the NIC and does not move with its addresses."""

from bridgekit.planning.findings.finding import FindingType

NETWORK_DISK = FindingType(
    "network-disk",
    "refuse",
    "A disk is reached over the NIC",
    """\
A mounted file system or a disk is reached over the NIC: NFS, CIFS, Ceph, iSCSI, NBD, NVMe over
TCP, AoE and the like; or it cannot be determined over which NIC. The move loses no packet as a
rule. But if it fails half-way, the disk is gone, perhaps with the programs of the rollback.
Unmount it, or have another way to reach the host and insist with `--i-know`; then this is a
warning. A saved plan keeps that choice.""",
    "if it is lost, the host is; unmount it, or insist with --i-know",
)

BOUND_SOCKET = FindingType(
    "bound-socket",
    "warn",
    "A socket is bound to the NIC",
    """\
A program has bound a socket to the NIC (`SO_BINDTODEVICE`, or a link-local address). After the
move packets for this host arrive by the bridge, and such a socket receives nothing, not even on
an open connection. Bind the program to the bridge. Raw sockets are seen only where the kernel
lists them.""",
    "what comes for this host comes by {bridge} then: bind these programs to {bridge}",
)

BOUND_PACKET_SOCKET = FindingType(
    "bound-packet-socket",
    "warn",
    "A packet socket is bound to the NIC",
    """\
A program reads frames of one protocol from the NIC by a packet socket. The bridge takes such
frames first, so the program receives nothing any more. Sockets for all protocols, as tcpdump has
them, go on receiving. Point the program at the bridge.""",
    "point these programs at {bridge} after the move",
)

MULTICAST_GROUP = FindingType(
    "multicast-group",
    "warn",
    "A multicast group is joined on the NIC",
    """\
A program has joined a multicast group on the NIC. The group is not joined on the bridge, and what
is sent to it is not delivered. Restart the program after the move.""",
    "restart them after the move, so that they join on {bridge}; `ss -uap` helps to find them",
)

FIREWALL_NAMES_NIC = FindingType(
    "firewall-names-nic",
    "warn",
    "The firewall names the NIC",
    """\
Rules, sets, chains or flowtables of nftables, iptables or ebtables name the NIC, perhaps by a
wildcard. After the move packets for this host arrive by the bridge, so these rules no longer
match, and what they accept or drop changes. Add the same rules for the bridge before the move.
Rules of a netdev chain and of the bridge family still match the port.""",
    "what comes for this host comes by {bridge} then: add the same rules for {bridge} first",
)

TRAFFIC_CONTROL = FindingType(
    "traffic-control",
    "warn",
    "The NIC has queueing disciplines",
    """\
The NIC has queueing disciplines that someone added, perhaps with filters. They stay on the port
and work on everything that passes it. What is meant for this host's own packets belongs on the
bridge.""",
    "see `tc qdisc show dev {nic}`; what is meant for this host's own packets belongs on {bridge}",
)

BRIDGE_FIREWALL = FindingType(
    "bridge-firewall",
    "warn",
    "The firewall drops bridged frames",
    """\
A chain for bridges drops what no rule accepts; or bridged frames go through the firewall
(`net.bridge.bridge-nf-call-iptables` is 1), and its FORWARD chain drops them, as Docker sets it
up. This host can reach everything, but virtual machines, containers and PXE clients on the bridge
may reach nothing. Accept bridged frames in that chain, or set that sysctl to 0.""",
    "let that chain accept them; iptables' FORWARD does by"
    " iptables -I FORWARD -m physdev --physdev-is-bridged -j ACCEPT",
)

FIREWALL_LOCKS_OUT = FindingType(
    "firewall-locks-out",
    "refuse",
    "The firewall would let nobody in",
    """\
The firewall accepts new sessions by the NIC's name and drops what no rule accepts. After the move
they come by the bridge: this session would go on, and no new one would be accepted, neither now nor
after the next boot. Add the same rules for the bridge, for good, or insist with `--i-know`; then
this is a warning.""",
    "add the same rules for {bridge} first, for good, or insist with --i-know",
)

MULTICAST_ROUTER = FindingType(
    "multicast-router",
    "refuse",
    "A multicast router has the NIC",
    """\
A daemon routes multicast with the NIC as one of its interfaces (/proc/net/ip_mr_vif, ip6_mr_vif).
After the move packets come by the bridge, and it forwards none of them. Stop it first and set it to
the bridge, or insist with `--i-know`.""",
    "stop it and set it to {bridge}, or insist with --i-know",
)

VRRP = FindingType(
    "vrrp",
    "refuse",
    "VRRP is spoken on this host",
    """\
A daemon such as keepalived has a raw socket of protocol 112 (VRRP, CARP). It shares an address with
other hosts and gives it to a link while this host is the master. The move would make that address
one of the bridge's, and of the interfaces file: at the next boot two hosts would have it. Stop the
daemon, which takes the shared address away, move, and set it to the bridge; or insist with
`--i-know`.""",
    "stop it, move, and set it to {bridge}; or insist with --i-know",
)

XDP_PROGRAM = FindingType(
    "xdp-program",
    "warn",
    "The NIC has an XDP program",
    """\
An XDP program is attached to the NIC. It stays on the port and sees everything that passes the
bridge, also what is not meant for this host. See whether it expects that.""",
    "see `ip link show dev {nic}`, and whether the program expects the traffic of other machines",
)

NOT_LOOKED_AT = FindingType(
    "not-looked-at",
    "note",
    "A program gave no answer",
    """\
A program that lists rules gave no answer in time, so what it would have shown is not checked.
Look for yourself.""",
    "see for yourself what it shows",
)
