"""Findings about a rollback, which moves the bridge's state to the NIC again."""

from bridgekit.planning.findings.finding import FindingType

NOT_A_PORT = FindingType(
    "not-a-port",
    "refuse",
    "The NIC is not a port of the bridge",
    "The NIC is no longer a port of that bridge, so there is nothing to roll back.",
    "there is nothing to roll back",
)

ADDRESS_JOINED = FindingType(
    "address-joined",
    "refuse",
    "The NIC has a new address",
    "The NIC itself has got an address since the migration. Remove it first.",
    "remove it first",
)

PORT_JOINED = FindingType(
    "port-joined",
    "refuse",
    "The bridge has another port",
    """\
Another link has become a port of the bridge, so the bridge cannot be deleted. Remove that port
from it first.""",
    "take it off first: ip link set {port} nomaster",
)

BRIDGE_CHILD = FindingType(
    "bridge-child",
    "refuse",
    "Another link is on the bridge",
    """\
A VLAN interface, macvlan or the like is on the bridge and would be deleted with it. Delete or
move it first.""",
    "ip link delete {child}, or move it elsewhere",
)

IPV6_DIFFERS = FindingType(
    "ipv6-differs",
    "refuse",
    "IPv6 is switched off on the bridge alone",
    """\
IPv6 was switched off on the bridge but not on its port, which would lose what IPv6 state it has.
Make the sysctl `disable_ipv6` the same on both.""",
    "sysctl -w net.ipv6.conf.{bridge}.disable_ipv6=0, or 1 for {nic} too",
)

MAC_CHANGES = FindingType(
    "mac-changes",
    "warn",
    "The MAC address changes",
    """\
The bridge has another MAC address than the NIC, which takes its addresses over. Peers have the
bridge's in their neighbour tables and may need a minute until they ask again.""",
    "some may need a minute until they ask again",
)

FILE_KEEPS_BRIDGE = FindingType(
    "file-keeps-bridge",
    "warn",
    "The interfaces file keeps the bridge",
    """\
The interfaces file has a stanza for a bridge that bridgekit did not create and that is deleted
now. Edit the file, or the bridge is back at the next boot.""",
    "edit the file, or the bridge is back at the next boot",
)

FILE_EDITED = FindingType(
    "file-edited",
    "refuse",
    "A file was edited since the migration",
    """\
A file that bridgekit wrote was edited since. Save your edit elsewhere first: it is never
overwritten.""",
    "put your edit aside, restore the file as bridgekit wrote it, and try again",
)

FILE_CHANGED_LATER = FindingType(
    "file-changed-later",
    "refuse",
    "A later migration changed the same file",
    """\
Two bridges were made one after the other, and both have stanzas in one file. The file becomes what
it was before the first only from what it was before the second: roll the later one back first.""",
    "`bridgekit rollback {id}` first",
)
