"""The registry of findings of `pxe check`, and what such a finding has beside its message."""

from bridgekit.planning.findings import Finding, FindingType
from bridgekit.pxe.diagnose.fixes import Fix


class PxeFinding(Finding, frozen=True):
    """Why a client would not boot, in whole sentences; `fix` is the setting that mends it."""

    fix: Fix | None = None


def finding(kind: FindingType, message: str, fix: Fix | None = None) -> PxeFinding:
    """Return a finding of this kind, with the setting that mends it if there is one."""
    return PxeFinding(kind.level, kind.code, message, kind.advice, fix)


SERVICE_REFUSED = FindingType(
    "pxe-service-refused",
    "warn",
    "`pxe up` would refuse this",
    """\
There is no such bridge, it is down, or the host's addresses or another DHCP server on the L2
segment forbid the service that was asked for. The message is the one that `pxe up` would give.""",
)

STP_DELAYS_CLIENTS = FindingType(
    "pxe-stp-delay",
    "warn",
    "The spanning tree protocol delays clients",
    """\
With STP a client's port forwards only after twice the forward delay, and firmware gives up
before that. `--fix` switches STP off where the bridge has one uplink. With more it would risk a
loop: make the delay short instead.""",
)

PORT_DOWN = FindingType(
    "pxe-port-down",
    "warn",
    "A port is down",
    "A port of the bridge is down, so no client at it can boot. Bring it up.",
)

PORT_NO_CARRIER = FindingType(
    "pxe-port-no-carrier",
    "warn",
    "A port has no carrier",
    "A port of the bridge has no carrier: the cable or the other end of it is missing.",
)

NO_DEFAULT_VLAN = FindingType(
    "pxe-no-default-vlan",
    "warn",
    "The bridge drops untagged frames",
    """\
The bridge filters VLANs and adds new ports to none (`vlan_default_pvid 0`). Firmware and the
service send untagged frames, which are then dropped. Give it one.""",
)

PORT_NO_PVID = FindingType(
    "pxe-port-no-pvid",
    "warn",
    "A port drops untagged frames",
    """\
A port of a bridge that filters VLANs has no VLAN for untagged frames (PVID), and firmware sends
no others. `--fix` adds the port to the service's VLAN.""",
)

PORT_TAGGED = FindingType(
    "pxe-port-tagged",
    "warn",
    "A port sends tagged frames to clients",
    """\
A port of the bridge sends its VLAN with the tag, which firmware does not understand. `--fix`
makes the port send it untagged.""",
)

OTHER_VLAN = FindingType(
    "pxe-other-vlan",
    "warn",
    "Clients and the service are in different VLANs",
    """\
The service's port is in the bridge's default VLAN, and the clients at a port are in another. Use
a bridge without VLAN filtering, or one with the clients' VLAN as its `vlan_default_pvid`.""",
)

SAME_MAC = FindingType(
    "pxe-same-mac",
    "warn",
    "Two ports have the same MAC address",
    """\
Two ports of the bridge have the same MAC address, so frames to it are sent to only one of them.
Give one another MAC address.""",
)

FIREWALL_DROPS = FindingType(
    "pxe-firewall-drops",
    "warn",
    "The firewall drops bridged frames",
    """\
A chain of the firewall drops what clients send through the bridge. Accept bridged frames in that
chain. See also [bridge-firewall](#bridge-firewall).""",
)

FIREWALL_CLOSES_PORT = FindingType(
    "pxe-firewall-closes-port",
    "warn",
    "A firewall rule may drop DHCP, TFTP or HTTP",
    """\
A rule or a policy of nftables that bridged frames meet may drop one of the ports 67, 68, 69, 80
and 4011, or with IPv6 546 and 547. A rule's other conditions are not weighed: look at it
yourself.""",
)

NO_QUERIER = FindingType(
    "pxe-no-mld-querier",
    "warn",
    "MLD snooping without a querier",
    """\
The bridge snoops multicast and is no querier (RFC 4541). Without a querier on the L2 segment it
stops sending IPv6 neighbour discovery to ports after some minutes. `--fix` makes the bridge the
querier.""",
)

NO_INSTALLER = FindingType(
    "pxe-no-installer",
    "warn",
    "No service runs whose installer could be compared",
    "`--mirror` compares the kernel of a running service's installer. Start the service first.",
)

INSTALLER_KERNEL_STALE = FindingType(
    "pxe-installer-kernel-stale",
    "warn",
    "The mirror has no modules for the installer's kernel",
    """\
The installer fetches kernel modules from the mirror, which after a point release has only those
of the newer kernel. An older netboot image then stops with "No kernel modules were found". Build
the service again: `bridgekit pxe build --fresh`.""",
)

OTHER_DHCP_SERVER = FindingType(
    "pxe-other-dhcp-server",
    "warn",
    "Another DHCP server answers",
    """\
The service offers nothing as long as another DHCP server answers on the L2 segment. Stop that
one, or run the service beside it with `--beside-dhcp`.""",
)

CLIENT_FAILED = FindingType(
    "pxe-client-failed",
    "warn",
    "A simulated client could not boot",
    """\
A simulated client on the bridge got no address, no file name, or not the file that was recorded
when the service was made. The message says which kind of firmware it simulated, and at which
step it failed.""",
)
