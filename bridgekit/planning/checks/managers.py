"""Who else configures the NIC, and what an address with a lifetime means, as findings."""

from collections.abc import Iterator

from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import Intent
from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.link import Link, Manager
from bridgekit.state.network_state import NetworkState

TEMPORARY = 0x01  # IFA_F_TEMPORARY, which IPv6 shares with IPv4's IFA_F_SECONDARY
RANDOM = 3  # IN6_ADDR_GEN_MODE_RANDOM: a secret that the kernel makes for each link
ADVICE = {
    "dhclient": "end it before the move with a plain `kill`, which keeps the lease, never with"
    " `dhclient -r` or `ifdown`; run `dhclient {bridge}` after it",
    "dhcpcd": "put `persistent` into dhcpcd.conf and end it before the move; run"
    " `dhcpcd {bridge}` after it",
    "udhcpc": "end it before the move with a plain `kill`, which keeps the lease unless -R was"
    " given; run `udhcpc -i {bridge}` after it",
    "networkmanager": "`systemctl stop NetworkManager` leaves {nic} as it is; before it starts"
    " again give it `unmanaged-devices=interface-name:{nic};interface-name:{bridge}` in [keyfile]",
    "networkd": "give its file for {nic} KeepConfiguration=yes and `networkctl reload`; after the"
    " move [Link] Unmanaged=yes for {nic} and {bridge}, and reload again",
    "netplan": "no `netplan apply` while the bridge is there; take {nic} out of its file before"
    " the next boot",
}
"""What keeps the other program from undoing the move, now and at the next boot."""


def check_managers(snapshot: NetworkState, nic: Link, intent: Intent) -> Iterator[Finding]:
    """Yield who looks after the NIC, and which addresses end by themselves.

    A DHCP client that is handed over is nothing to be told.
    """
    bridge, clients = intent.bridge, snapshot.clients_on(nic.name)
    staying = () if intent.keeps_mac(nic.mac) else clients
    owned = (Manager(client.program, f"see {client.pid_file}") for client in staying)
    for owner in (*snapshot.managers, *owned):
        program = owner.program.lower()
        message = f"{owner.program} looks after {nic.name} ({owner.evidence}) and may undo this"
        advice = ADVICE[program].format(nic=nic.name, bridge=bridge)
        yield Finding("warn", f"owned-by-{program}", message, advice)
    if staying or not clients:
        yield from _with_lifetime(snapshot, nic, bridge)
    yield from _temporary(snapshot, nic, bridge)
    yield from _identifiers(snapshot, nic, bridge)


def _with_lifetime(snapshot: NetworkState, nic: Link, bridge: str) -> Iterator[Finding]:
    for address in snapshot.addresses_on(nic.name):
        if address.family == IPV4 and address.dynamic:
            message = f"{address.ip} ends in {_duration(address.valid)}, on {bridge} as well"
            advice = f"run a DHCP client on {bridge} before that, or make the address static"
            yield Finding("warn", "address-with-lifetime", message, advice)


def _temporary(snapshot: NetworkState, nic: Link, bridge: str) -> Iterator[Finding]:
    """The kernel alone can make such addresses, with others after them."""
    for address in snapshot.addresses_on(nic.name):
        if address.family == IPV6 and address.flags & TEMPORARY:
            message = f"{address.ip} is a temporary address, and on {bridge} a plain one until it"
            message += f" ends in {_duration(address.valid)}"
            advice = f"use_tempaddr moves too: {bridge} makes its own at the next advertisement"
            yield Finding("warn", "temporary-address", message, advice)


def _identifiers(snapshot: NetworkState, nic: Link, bridge: str) -> Iterator[Finding]:
    """What the lower half of the next addresses comes from does not move."""
    if nic.token:
        message = f"{nic.name} makes addresses from advertisements with the token {nic.token};"
        message += f" {bridge} does without it"
        advice = f"`ip token set {nic.token} dev {bridge}` after the move"
        yield Finding("warn", "address-token", message, advice)
    advertised = [a for a in snapshot.addresses_on(nic.name) if a.family == IPV6 and a.dynamic]
    if nic.addrgenmode == RANDOM and advertised:
        message = f"{nic.name} makes addresses like {advertised[0].ip} from a secret of its own;"
        message += f" {bridge} makes others at the next advertisement"
        advice = "the old ones last until they end; names and rules that use them need the new ones"
        yield Finding("warn", "other-identifiers", message, advice)


def _duration(seconds: int) -> str:
    minutes = seconds // 60
    if minutes < 2:
        return f"{seconds} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
