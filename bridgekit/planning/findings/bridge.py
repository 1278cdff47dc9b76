"""Findings about a bridge that exists before the migration."""

from bridgekit.planning.findings.finding import FindingType

NOT_A_BRIDGE = FindingType(
    "not-a-bridge",
    "refuse",
    "The bridge's name is in use",
    """\
A link that is no bridge has the bridge's name, or has it as an alternative name. Choose another
name with `--bridge`.""",
    "choose another name with --bridge",
)

BRIDGE_JOINED = FindingType(
    "bridge-joined",
    "note",
    "The bridge exists",
    """\
The NIC becomes a port of the existing bridge, whose ports and options stay. The bridge's MAC
address becomes the NIC's, so that peers can still reach the host; with `--mac` it becomes the one
you give. A rollback restores what was the bridge's own, and does not delete it.""",
)

BRIDGE_IN_USE = FindingType(
    "bridge-in-use",
    "refuse",
    "The bridge has a state of its own",
    """\
The existing bridge has addresses, routes, rules or the like of its own. The NIC's would mix with
them, and a rollback could not tell them apart. Remove them, or choose another bridge.""",
    "remove it from the bridge, or choose another bridge",
)

SECOND_UPLINK = FindingType(
    "second-uplink",
    "warn",
    "The bridge has a second uplink without STP",
    """\
The bridge has another port that is not a virtual machine's, and STP is off. If both ports lead to
one L2 segment, frames loop for ever. Remove one of them, or switch STP on.""",
    "if {port} and {nic} lead to one L2 segment, frames loop",
)

BRIDGE_DIFFERS = FindingType(
    "bridge-differs",
    "refuse",
    "The bridge has another setting",
    """\
The existing bridge has another value of an option than the one asked for. Leave the option out to
keep the bridge as it is, or change the bridge first.""",
    "leave that option out, or change the bridge first",
)

NO_DEFAULT_VLAN = FindingType(
    "no-default-vlan",
    "refuse",
    "The bridge drops untagged frames",
    """\
The existing bridge filters VLANs and has none for untagged frames (`vlan_default_pvid 0`), so
nothing that the NIC sends or receives would pass. Give it one.""",
    "ip link set {bridge} type bridge vlan_default_pvid 1",
)
