"""Cases of bridges that are there already, and of the ways back."""

from msgspec.structs import replace

from bridgekit.planning.intent import BridgeSpec, Intent
from bridgekit.state.link import BridgeOptions, Link
from bridgekit.state.network_state import NetworkState
from tests.cases.case import V4, Case
from tests.cases.moves import each_link

ROLLBACK = Intent("eth0", direction="unbridge")
ETH0 = Link(2, "eth0", "veth", "52:54:00:b1:00:04", 1500, True, True, addrgenmode=0)
BR0 = replace(ETH0, name="br0", kind="bridge", mac="52:54:00:00:00:09", bridge=BridgeOptions())
EXISTING = ("link add br0 address 52:54:00:00:00:09 type bridge",)
UP = (*EXISTING, "link set br0 up")


def hardware(state: NetworkState) -> NetworkState:
    change = each_link(lambda link: replace(link, kind="" if link.name == "eth1" else link.kind))
    return change(state)


def knows_vlans(state: NetworkState) -> NetworkState:
    """br0 knows VLANs, which the recording kernel does not, and has none for untagged frames."""
    options = BridgeOptions(vlan_filtering=True, default_pvid=0)
    change = each_link(lambda link: replace(link, bridge=options) if link.bridge else link)
    return change(state)


EXISTING_BRIDGES = {
    "existing-bridge-down": Case(EXISTING, base=V4),
    "existing-bridge-with-a-port": Case(
        (
            "link add br0 address 52:54:00:00:00:09 mtu 1400 type bridge ageing_time 900",
            *("link set br0 up", "link set eth1 master br0"),
        ),
    ),
    "second-uplink": Case((*EXISTING, "link set eth1 master br0"), change=hardware),
    "bridge-in-use-gateway-of-machines": Case((*UP, "address add fe80::1/64 dev br0"), base=V4),
    "existing-bridge-stp-on": Case((*EXISTING, "link set br0 type bridge stp_state 1"), base=V4),
    "bridge-in-use-address": Case((*UP, "address add 10.20.0.4/16 dev br0"), base=V4),
    "bridge-in-use-route": Case((*UP, "route add 10.20.0.0/16 dev br0"), base=V4),
    "bridge-in-use-rule": Case((*EXISTING, "rule add iif br0 lookup 100 priority 500"), base=V4),
    "bridge-differs": Case(EXISTING, Intent("eth0", spec=BridgeSpec(ageing_time=100)), base=V4),
    "no-default-vlan": Case(EXISTING, base=V4, change=knows_vlans),
    "not-a-bridge-plain-device": Case(
        (
            "link add br0 address 52:54:00:00:00:09 type veth"
            " peer name br1 address 52:54:00:00:00:19",
        ),
        base=V4,
    ),
    "not-a-bridge-alternative-name": Case(("link property add dev eth1 altname br0",), base=V4),
}
BRIDGED = (
    "link add br0 address 52:54:00:b1:00:04 type bridge stp_state 0 forward_delay 0",
    *("link set br0 up", "link set eth0 addrgenmode none", "link set eth0 master br0"),
    "-6 address flush dev eth0",
    "address add 192.168.1.4/24 brd + dev br0",
    "route add default via 192.168.1.1 dev br0 onlink",
    "address add 2001:db8:1::4/64 dev br0",
)
ROLLBACKS = {
    "already-done": Case(BRIDGED, base=()),
    "rollback": Case(BRIDGED, ROLLBACK, base=()),
    "rollback-lro": Case(
        BRIDGED,
        replace(ROLLBACK, preserved=NetworkState(links=(replace(ETH0, lro=True),))),
        base=(),
    ),
    "rollback-to-an-existing-bridge": Case(
        BRIDGED,
        replace(
            ROLLBACK,
            preserved=NetworkState(links=(ETH0, replace(ETH0, name="br0", bridge=BridgeOptions()))),
        ),
        base=(),
    ),
    "rollback-of-a-foreign-bridge": Case(
        (
            "link add br0 address 52:54:00:b1:00:04 type bridge priority 4096 ageing_time 6000",
            "link set br0 up mtu 1400",
            "link set eth0 master br0",
            "address add 192.168.1.4/24 brd + dev br0",
            "address add 192.168.1.5/24 brd + dev br0",
            "route add default via 192.168.1.1 dev br0 onlink",
            "route add 10.61.0.0/16 via 192.168.1.2 dev br0 metric 5",
            "rule add iif br0 lookup 100 priority 500",
        ),
        ROLLBACK,
        base=(),
    ),
    "rollback-not-a-port": Case((), ROLLBACK, base=V4),
    "rollback-port-joined": Case(
        (
            *BRIDGED,
            "link add vm0 address 52:54:00:00:00:09 type veth"
            " peer name vm1 address 52:54:00:00:00:19",
            "link set vm0 master br0",
        ),
        ROLLBACK,
        base=(),
    ),
    "rollback-bridge-child": Case(
        (*BRIDGED, "link add mv0 link br0 address 52:54:00:00:00:09 type macvlan"),
        ROLLBACK,
        base=(),
    ),
    "rollback-address-joined": Case(
        (*BRIDGED, "address add 10.20.0.4/16 dev eth0"), ROLLBACK, base=()
    ),
    "rollback-nic-down": Case((*BRIDGED, "link set eth0 down"), ROLLBACK, base=()),
    "rollback-ipv6-differs": Case(
        BRIDGED, ROLLBACK, base=(), settings=(("net.ipv6.conf.br0.disable_ipv6", "1"),)
    ),
    "rollback-mac-changes": Case(
        (*BRIDGED, "link set br0 address 52:54:00:00:00:09"), ROLLBACK, base=()
    ),
}
BRIDGES = EXISTING_BRIDGES | ROLLBACKS
