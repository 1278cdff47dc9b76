"""Cases that are refused or warned of; the name says the finding, where there is one of its own."""

from dataclasses import replace

from bridgekit.migration.intent import Intent
from bridgekit.model.links import BridgeOptions, Link, Owner
from bridgekit.model.snapshot import Snapshot
from tests.cases.case import BASE, V4, Case
from tests.cases.moves import BRIDGED, UNDO, Change, each_link

OWNERS = ("dhclient", "dhcpcd", "udhcpc", "NetworkManager", "networkd", "netplan")


def owned_by(program: str) -> Case:
    owner = Owner(program, f"of {program}")
    return Case(base=V4, change=lambda state: replace(state, owners=(owner,)))


def nic(**changes: object) -> Change:
    """eth0 has these fields."""
    return each_link(
        lambda link: replace(link, **changes) if link.name == "eth0" else link  # type: ignore[arg-type]
    )


def with_link(name: str, kind: str, **more: object) -> Change:
    """There is another link, of a kind that the recording kernel lacks."""

    def changed(state: Snapshot) -> Snapshot:
        link = Link(9, name, kind, "52:54:00:00:00:09", 1500, True, True, **more)  # type: ignore[arg-type]
        return replace(state, links=(*state.links, link))

    return changed


def bond_port(state: Snapshot) -> Snapshot:
    return nic(controller="bond0")(with_link("bond0", "bond")(state))


LINKS = {
    "no-such-nic": Case(intent=Intent("eth7"), base=V4),
    "loopback": Case(intent=Intent("lo"), base=V4),
    "not-ethernet": Case(
        ("tuntap add dev tun0 mode tun", "link set tun0 up"), Intent("tun0"), base=V4
    ),
    "is-bridge": Case(
        ("link add lan address 52:54:00:00:00:09 type bridge", "link set lan up"),
        Intent("lan"),
        base=V4,
    ),
    "wireless": Case(base=V4, change=nic(wireless=True, kind="")),
    "has-controller": Case(
        ("link add lan address 52:54:00:00:00:09 type bridge", "link set eth0 master lan"),
        base=V4,
    ),
    "has-controller-bond": Case(base=V4, change=bond_port),
    "nic-down": Case(("link set eth0 down",), base=()),
    "no-carrier": Case(base=V4, change=nic(carrier=False)),
    "stable-secret": Case(base=BASE, change=nic(addrgenmode=2)),
    "stp-on": Case(
        intent=Intent("eth0", options=BridgeOptions(stp=True, forward_delay=1500)), base=V4
    ),
    "exclusive-child-macvlan": Case(
        ("link add mv0 link eth0 address 52:54:00:00:00:09 type macvlan",), base=V4
    ),
    "exclusive-child-ipvlan": Case(base=V4, change=with_link("iv0", "ipvlan", lower="eth0")),
    "vlan-child": Case(base=V4, change=with_link("eth0.7", "vlan", lower="eth0")),
    "leaning-link": Case(base=V4, change=with_link("tn0", "gretap", lower="eth0")),
}
BRIDGES = {
    "bridge-exists": Case(("link add br0 address 52:54:00:00:00:09 type bridge",), base=V4),
    "bridge-exists-with-address": Case(
        (
            "link add br0 address 52:54:00:00:00:09 type bridge",
            *("link set br0 up", "address add 10.20.0.4/16 dev br0"),
        ),
        base=V4,
    ),
    "bridge-exists-with-port": Case(
        (
            "link add br0 address 52:54:00:00:00:09 type bridge",
            *("link set br0 up", "link set eth1 master br0"),
        ),
        base=V4,
    ),
    "bridge-exists-plain-device": Case(
        (
            "link add br0 address 52:54:00:00:00:09 type veth"
            " peer name br1 address 52:54:00:00:00:19",
        ),
        base=V4,
    ),
    "bridge-exists-alternative-name": Case(("link property add dev eth1 altname br0",), base=V4),
}
OWNED = {
    **{f"owned-by-{program.lower()}": owned_by(program) for program in OWNERS},
    "address-with-lifetime": Case(
        ("address add 192.168.1.8/24 dev eth0 valid_lft 900 preferred_lft 900",), base=V4
    ),
}
WAYS_BACK = {
    "undo-not-a-port": Case((), UNDO, base=V4),
    "undo-port-joined": Case(
        (
            *BRIDGED,
            "link add vm0 address 52:54:00:00:00:09 type veth"
            " peer name vm1 address 52:54:00:00:00:19",
            "link set vm0 master br0",
        ),
        UNDO,
        base=(),
    ),
    "undo-bridge-child": Case(
        (*BRIDGED, "link add mv0 link br0 address 52:54:00:00:00:09 type macvlan"), UNDO, base=()
    ),
    "undo-address-joined": Case((*BRIDGED, "address add 10.20.0.4/16 dev eth0"), UNDO, base=()),
}
REFUSALS = LINKS | BRIDGES | OWNED | WAYS_BACK
