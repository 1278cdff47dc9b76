"""Findings about the interfaces files and the program that reads them at boot."""

from bridgekit.planning.findings.finding import FindingType

BRIDGE_CONFIGURED = FindingType(
    "bridge-configured",
    "refuse",
    "The bridge has a stanza already",
    """\
The interfaces file has a stanza for the bridge already. Remove it or choose another name.""",
    "remove it, or choose another name with --bridge",
)

MAPPING_NAMES_NIC = FindingType(
    "mapping-names-nic",
    "refuse",
    "A mapping may name the NIC",
    """\
As a port the NIC has a stanza without addresses, and a `mapping` of the interfaces file could give
it another. Leave the NIC out of the mapping.""",
    "leave {nic} out of the mapping",
)

PORT_OF_ANOTHER = FindingType(
    "port-of-another",
    "refuse",
    "Another stanza makes the NIC its port",
    """\
The interfaces file has a stanza of another bridge, or of a bond, that takes the NIC as its port. At
the next boot both would claim it. Remove the NIC from that stanza, or remove the stanza.""",
    "remove {nic} from {other}'s stanza, or remove that stanza",
)

NO_SCRIPTS = FindingType(
    "no-scripts",
    "refuse",
    "`no-scripts` keeps the bridge from being made",
    """\
bridge-utils makes bridges from /etc/network/if-pre-up.d. A line `no-scripts` of the interfaces file
names the bridge, so at the next boot nothing would make it. Leave the bridge out of that line.""",
    "leave {bridge} out of the line `no-scripts`",
)

NOT_WRITTEN = FindingType(
    "not-written",
    "warn",
    "The interfaces file cannot express it",
    """\
Something that moves now cannot be expressed in the interfaces file: an encapsulated route, an
IPv4 route over two links, a nexthop object; IPv6 addresses by DHCP for ifupdown-ng, and for
ifupdown2 beside IPv4 ones. Configure it in a script of your own.""",
    "bring it up yourself, in a script of your own",
)

FILE_NOT_WRITABLE = FindingType(
    "file-not-writable",
    "refuse",
    "The interfaces file cannot be written",
    """\
The interfaces file, or its backup, cannot be written. Mend that, or give `--no-persist`.""",
    "mend that, or give --no-persist",
)

FILE_MADE_ANEW = FindingType(
    "file-made-anew",
    "refuse",
    "The interfaces file is made anew at each boot",
    """\
The NIC's stanza stands in a file that is made anew at each boot: below /run, where Debian's cloud
images keep it, or by cloud-init. The bridge's stanza would be lost, and the NIC would come up as
before the move. Write the stanza into /etc/network/interfaces, and keep the program from making
its own: for cloud-init `network: {config: disabled}` in
/etc/cloud/cloud.cfg.d/99-disable-network-config.cfg.""",
    "move the stanza to /etc/network/interfaces, and keep that file from being made; or give"
    " --no-persist",
)

FILE_DIFFERS = FindingType(
    "file-differs",
    "warn",
    "The interfaces file and the host differ",
    """\
The interfaces file and the running NIC do not agree: an address, a router, a route, a rule or an
MTU is in one of them alone. The bridge's stanza will have what the host has now, and so will the
next boot. With `--persist file` it has what the file has for the NIC, word for word; then the
next boot gives that. `bridgekit interfaces --check` reports the same at any time.""",
    "the bridge's stanza follows the host; `--persist file` follows the file",
)

LINE_DOES_MORE = FindingType(
    "line-does-more",
    "refuse",
    "A line cannot be divided between the NIC and the bridge",
    """\
A line of the interfaces file changes addresses, routes, neighbours or rules of the NIC, which the
bridge has from now on, and does something else as well (`||`, a pipe, a loop), or starts
a DHCP client. What it would do at boot cannot be known. Give each command a line of its own.""",
    "give each command a line of its own, or give --no-persist",
)

FILE_SILENT = FindingType(
    "file-silent",
    "refuse",
    "The interfaces file has no stanza for the NIC",
    """\
`--persist file` was given, and the interfaces file has no stanza for the NIC. Leave it out: the
bridge's stanza then has what the host has.""",
    "leave out `--persist file`",
)

FILE_NOT_TAKEN = FindingType(
    "file-not-taken",
    "refuse",
    "The program that reads the interfaces file refuses it",
    """\
The program that reads the interfaces file at boot would refuse it, or the line that is named,
even as rewritten: ifupdown ends at a line that it does not know, ifupdown-ng reads nothing if a
`source` names no file (it expands no pattern), ifupdown2 does not know `source-directory`. Most
often the file had the mistake before. Mend the line, or give `--no-persist`. The installed
program itself is asked, too (`ifup --no-act`, in a mount namespace where the new files lie over
the old ones). `apply` asks it once more before it writes, and rolls the move back if the answer
has changed.""",
    "mend {file}, or give --no-persist",
)

NOT_PROVEN = FindingType(
    "not-proven",
    "warn",
    "The interfaces file could not be verified",
    """\
`ifup` could not be asked, for this process may have no mount namespace of its own, as in some
containers. Look at the new file after the move: `ifup --no-act BRIDGE`.""",
    "look at the new file after the move",
)

OTHER_DIALECT = FindingType(
    "other-dialect",
    "warn",
    "Another ifupdown is installed",
    """\
`--dialect` names another program than the one that is installed, so what is written is read
wrongly until that one is there. Install it before the next boot.""",
    "install {dialect} before the next boot",
)

LEFT_TO_MANAGER = FindingType(
    "left-to-manager",
    "note",
    "The interfaces file is left alone",
    """\
Another manager configures the NIC, and the interfaces file has no stanza of it. Nothing is written:
ifupdown and the manager would both configure the NIC at the next boot. That boot is as before the
move, as with `--no-persist`.""",
    "the next boot is as before the move",
)

NO_IFUPDOWN = FindingType(
    "no-ifupdown",
    "warn",
    "No ifupdown is installed",
    "No ifupdown of any kind is installed, so nothing reads the interfaces file at boot.",
    "apt install ifupdown bridge-utils",
)

NO_BRIDGE_UTILS = FindingType(
    "no-bridge-utils",
    "refuse",
    "bridge-utils is not installed",
    """\
ifupdown is installed without bridge-utils: at the next boot it could not make the bridge, and the
host would be lost. Install bridge-utils, or give `--no-persist`.""",
    "apt install bridge-utils, or give --no-persist",
)

NO_DHCP_CLIENT = FindingType(
    "no-dhcp-client",
    "refuse",
    "No DHCP client is installed",
    """\
The host's address is a lease, so the file says `iface br0 inet dhcp`. But ifupdown finds none of
dhclient, dhcpcd, udhcpc and pump: NetworkManager and networkd have a client of their own. At the
next boot the host would be lost. Install one, or give `--no-persist`.""",
    "apt install isc-dhcp-client or dhcpcd-base, or give --no-persist",
)
