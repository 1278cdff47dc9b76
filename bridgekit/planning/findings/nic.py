"""Findings about the NIC: what it must be to become a bridge port."""

from bridgekit.planning.findings.finding import FindingType

NO_SUCH_NIC = FindingType(
    "no-such-nic",
    "refuse",
    "The NIC does not exist",
    "There is no interface of that name in this network namespace. Name one that exists.",
    "name one of these",
)

LOOPBACK = FindingType(
    "loopback",
    "refuse",
    "The NIC is the loopback interface",
    "The loopback interface is connected to no network. Name the NIC.",
    "name the NIC that is connected to the network",
)

NOT_ETHERNET = FindingType(
    "not-ethernet",
    "refuse",
    "The NIC carries no Ethernet frames",
    """\
Only an interface that carries Ethernet frames can be a bridge port. A tun interface, WireGuard,
PPP, InfiniBand and the like carry none. A tap does, and so does gretap.""",
    "name a NIC",
)

IS_BRIDGE = FindingType(
    "is-bridge",
    "refuse",
    "The NIC is a bridge",
    """\
The interface is a bridge, and a bridge cannot be a port of another. Name one of its ports.""",
    "it needs no other; name one of its ports",
)

WIRELESS = FindingType(
    "wireless",
    "refuse",
    "The NIC is a Wi-Fi station",
    """\
The interface is a Wi-Fi station (managed mode) or ad hoc: its frames must carry its own MAC
address, so it cannot be a bridge port. An access point, a mesh point or a station with four
addresses (`iw dev wlan0 set 4addr on`) can. An interface that does not report its mode is treated
as a station.""",
    "a station's frames must carry its own MAC address; use a wired NIC",
)

NIC_DOWN = FindingType(
    "nic-down",
    "refuse",
    "The NIC or the bridge is down",
    """\
The NIC, or at a rollback the bridge, is down, so it has no IPv6 state that could be moved. Bring
it up and try again.""",
    "ip link set {link} up, and try again",
)

BOND_PORT = FindingType(
    "bond-port",
    "refuse",
    "The NIC is a port of a bond or a team",
    """\
The addresses are on the bond or the team, not on this port of it. Bridge the bond itself, which
works: `bridgekit plan bond0`.""",
    "bridge that itself, which works: name {controller} instead",
)

HAS_CONTROLLER = FindingType(
    "has-controller",
    "refuse",
    "The NIC has a controller",
    """\
The NIC is a port of another controller already: a bridge or a VRF. Making it a port of this
bridge would silently remove it from there. Bridge the controller instead, or remove the NIC from
it first.""",
    "name that controller instead, or take the NIC out of it first",
)

ARP_OFF = FindingType(
    "arp-off",
    "warn",
    "ARP is switched off",
    """\
The NIC, or the existing bridge, has ARP switched off. What is used instead of ARP, static
neighbour entries or another program, is made for that one link. Switch ARP on.""",
    "ip link set {link} arp on",
)

STABLE_SECRET = FindingType(
    "stable-secret",
    "refuse",
    "The link-local address comes from a secret",
    """\
The NIC makes its link-local address from the secret in its sysctl `stable_secret`, which a bridge
cannot have at once. `ip link set NIC addrgenmode none` keeps the address it has now.""",
    "ip link set {nic} addrgenmode none keeps the address it has",
)

EXCLUSIVE_CHILD = FindingType(
    "exclusive-child",
    "refuse",
    "A macvlan or ipvlan is on the NIC",
    """\
A NIC with a macvlan or ipvlan cannot become a bridge port: the kernel refuses it. Delete that
link, or connect its user to the bridge.""",
    "delete {child}, or connect its user to the bridge instead",
)

LEANING_LINK = FindingType(
    "leaning-link",
    "warn",
    "Another link sends through the NIC",
    """\
A tunnel or another link sends through the NIC. It goes on doing so, past the bridge. See whether
it should be on the bridge instead.""",
    "see whether it should be on the bridge instead",
)

VLAN_CHILD = FindingType(
    "vlan-child",
    "warn",
    "A VLAN interface is on the NIC",
    """\
A VLAN interface on the NIC goes on receiving its frames before the bridge does. To bridge the
VLAN itself, name it: `bridgekit plan eth0.7 --bridge br7`.""",
    "if its addresses are what should move, name {child} instead",
)

NO_CARRIER = FindingType(
    "no-carrier",
    "warn",
    "The NIC has no carrier",
    "The move works, but no connection over the NIC can be verified afterwards.",
    "check the cable",
)

STP_ON = FindingType(
    "stp-on",
    "warn",
    "The spanning tree protocol is on",
    """\
With STP a port listens and learns before it forwards, so it passes nothing for twice the forward
delay after the move, and machines that boot from the network may give up waiting. Leave STP off
unless the L2 segment has loops.""",
    "leave STP off unless the L2 segment has loops",
)

STP_WITH_PXE = FindingType(
    "stp-with-pxe",
    "warn",
    "The spanning tree protocol delays PXE clients",
    """\
With STP on, the bridge forwards nothing from a port that has just come up for twice the forward
delay. Firmware that boots from the network gives up before that. Leave STP off, or make the delay
short.""",
    "firmware gives up before that: leave STP off",
)
