"""Findings about other programs that configure the NIC, and addresses that expire."""

from bridgekit.planning.findings.finding import FindingType

_DHCP_CLIENT = """\
A DHCP client manages the NIC, and cannot be handed over to the bridge as others are ([ADR
11](adr/0011-dhcp-clients.md)). At the next renewal it puts the address back on the NIC, and if it
ends in the wrong way it removes the address. One of these is the reason:

- It serves several links, or IPv6 alone, or runs in the foreground: another program supervises
  it.
- It was started with an option that bridgekit does not know, or dhclient.conf has a part for the
  NIC.
- It is a dhcpcd that neither ifup nor bridgekit has started: its arguments cannot be seen.
- It does not run as root, or runs in a container.
- The bridge gets another MAC address (`--mac`): for the server that is another client.

End it before the move so that it keeps the lease: a plain `kill` for dhclient and udhcpc, never
`dhclient -r` or `ifdown`; for dhcpcd put `persistent` into dhcpcd.conf first. After the move
start a client on the bridge. The bridge has the NIC's MAC address, so the server gives it the
same lease. What is written for the next boot is `iface br0 inet dhcp`."""

_NETWORK_MANAGER = """\
Another network manager configures the NIC, and bridgekit cannot hand the bridge over to it. This
is what happens after the move:

- networkd, also where netplan writes its files: a restart of systemd-networkd, as every upgrade of
  the systemd package makes it, takes the NIC off the bridge and cuts the host off; so does
  `netplan apply`. Nobody renews a lease: when it ends, the bridge's address goes.
- NetworkManager puts the addresses and routes back on the NIC at once, beside those of the bridge.

So it is refused. A NIC that the manager leaves alone (`networkctl` says "unmanaged") is not.
`--i-know` goes on, and this is a warning: keep another way to reach the host, and use
`--confirm-within`. Then, with

- networkd and netplan: `--i-know` has bridgekit write
  `/run/systemd/network/00-bridgekit-br0.network`, which has networkd leave the NIC and the
  bridge alone ([Link] Unmanaged=yes), and a rollback remove it and restart networkd. That file is
  gone at the next boot, and it renews no lease.
- NetworkManager: `systemctl stop NetworkManager` before the move leaves the NIC as it is. Before it
  starts again give it `unmanaged-devices=interface-name:eth0;interface-name:br0` in `[keyfile]`.

The interfaces file is left alone if it has no stanza of the NIC: the next boot is as before."""

OWNED_BY_DHCLIENT = FindingType(
    "owned-by-dhclient",
    "warn",
    "A DHCP client manages the NIC",
    _DHCP_CLIENT,
    "end it before the move with a plain `kill`, which keeps the lease, never with"
    " `dhclient -r` or `ifdown`; run `dhclient {bridge}` after it",
)

OWNED_BY_DHCPCD = FindingType(
    "owned-by-dhcpcd",
    "warn",
    "A DHCP client manages the NIC",
    _DHCP_CLIENT,
    "put `persistent` into dhcpcd.conf and end it before the move; run `dhcpcd {bridge}` after it",
)

OWNED_BY_UDHCPC = FindingType(
    "owned-by-udhcpc",
    "warn",
    "A DHCP client manages the NIC",
    _DHCP_CLIENT,
    "end it before the move with a plain `kill`, which keeps the lease unless -R was"
    " given; run `udhcpc -i {bridge}` after it",
)

OWNED_BY_NETWORKMANAGER = FindingType(
    "owned-by-networkmanager",
    "refuse",
    "A network manager manages the NIC",
    _NETWORK_MANAGER,
    "insist with --i-know, after `systemctl stop NetworkManager`, which leaves {nic} as it is;"
    " before it starts again give it"
    " `unmanaged-devices=interface-name:{nic};interface-name:{bridge}` in [keyfile]",
)

OWNED_BY_NETWORKD = FindingType(
    "owned-by-networkd",
    "refuse",
    "A network manager manages the NIC",
    _NETWORK_MANAGER,
    "insist with --i-know: then networkd is told to leave {nic} and {bridge} alone, until the next"
    " boot; a lease is not renewed",
)

OWNED_BY_NETPLAN = FindingType(
    "owned-by-netplan",
    "refuse",
    "A network manager manages the NIC",
    _NETWORK_MANAGER,
    "insist with --i-know, and run no `netplan apply` while {bridge} is there; a lease is not"
    " renewed",
)

BY_PROGRAM = {
    "dhclient": OWNED_BY_DHCLIENT,
    "dhcpcd": OWNED_BY_DHCPCD,
    "udhcpc": OWNED_BY_UDHCPC,
    "networkmanager": OWNED_BY_NETWORKMANAGER,
    "networkd": OWNED_BY_NETWORKD,
    "netplan": OWNED_BY_NETPLAN,
}

_RESTART = """\
: a restart of systemd-networkd, as every upgrade of the systemd package makes it, takes {nic} off \
{bridge} and cuts this host off"""
CONSEQUENCES = {
    "networkd": _RESTART,
    "netplan": _RESTART,
    "NetworkManager": ": it puts {nic}'s addresses back, beside those of {bridge}, at once",
}
"""What a manager of the NIC does after the move."""

ADDRESS_WITH_LIFETIME = FindingType(
    "address-with-lifetime",
    "warn",
    "An IPv4 address expires",
    """\
An IPv4 address has a lifetime, and no DHCP client is handed over to the bridge with it: another
program renews it, perhaps from another namespace. It moves with its lifetime, which goes on
running on the bridge. Run a DHCP client on the bridge before it ends, or make
the address static.""",
    "run a DHCP client on {bridge} before that, or make the address static",
)

ADDRESS_TOKEN = FindingType(
    "address-token",
    "warn",
    "The NIC has an IPv6 token",
    """\
The NIC has a token for the IPv6 addresses that it makes from router advertisements (`ip token`).
The addresses move; the bridge makes the next ones from its MAC address, until it is given the
token.""",
    "`ip token set {token} dev {bridge}` after the move",
)

OTHER_IDENTIFIERS = FindingType(
    "other-identifiers",
    "warn",
    "IPv6 interface identifiers change",
    """\
The NIC makes its IPv6 addresses from a random secret that the kernel keeps for each link
(`addrgenmode random`). They move, but at the next router advertisement the bridge makes others of
its own, and the old ones expire.""",
    "the old ones last until they end; names and rules that use them need the new ones",
)

TEMPORARY_ADDRESS = FindingType(
    "temporary-address",
    "warn",
    "An IPv6 address is temporary",
    """\
An IPv6 address is a temporary one (RFC 8981). It moves with its lifetimes, but only the kernel
can mark an address as temporary. On the bridge it is a plain address until it expires. The sysctl
`use_tempaddr` moves too, so the bridge makes temporary addresses of its own at the next
advertisement.""",
    "use_tempaddr moves too: {bridge} makes its own at the next advertisement",
)

NAME_SERVERS = FindingType(
    "name-servers",
    "note",
    "systemd-resolved has name servers for the NIC",
    """\
systemd-resolved has DNS settings for the NIC alone: servers, search and routing domains, and so on
(`resolvectl status`). They move to the bridge with the addresses, and come back with them. resolved
forgets them at a reboot, and cannot tell who set them. What is set from the NIC's stanza
(`dns-nameservers`) or by a DHCP client that moves is set for the bridge at the next boot.
Anything else that names the NIC, a script with `resolvectl dns eth0 …` for example, must name the
bridge.""",
    "`dns-nameservers` of the NIC's stanza moves with it; mend any script that names {nic}",
)
