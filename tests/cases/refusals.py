"""Cases that are refused or warned of; the name says the finding, where there is one of its own."""

from msgspec.structs import replace

from bridgekit.planning.intent import BridgeSpec, Intent
from bridgekit.state import nlattr
from bridgekit.state.address import Address
from bridgekit.state.dhcp_client import DhcpClient
from bridgekit.state.link import Dependency, DependencyKind, Link, Manager
from bridgekit.state.link_dns import LinkDns, Setting
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes import message as rt
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.if_addr import IFA_F_DADFAILED, IFA_F_TENTATIVE
from bridgekit.uapi.rtnetlink import RTA_MULTIPATH
from tests.cases.case import BASE, V4, Case
from tests.cases.moves import Change, each_address, each_link

MANAGERS = ("dhclient", "dhcpcd", "udhcpc", "NetworkManager", "networkd", "netplan")


def managed_by(program: str) -> Case:
    manager = Manager(program, f"of {program}")
    return Case(base=V4, change=lambda state: replace(state, managers=(manager,)))


def nic(**changes: object) -> Change:
    """eth0 has these fields."""
    return each_link(
        lambda link: replace(link, **changes) if link.name == "eth0" else link  # type: ignore[arg-type]
    )


def with_link(name: str, kind: str, **more: object) -> Change:
    """There is another link, of a kind that the recording kernel lacks."""

    def changed(state: NetworkState) -> NetworkState:
        link = Link(9, name, kind, "52:54:00:00:00:09", 1500, True, True, **more)  # type: ignore[arg-type]
        return replace(state, links=(*state.links, link))

    return changed


def dependency(kind: DependencyKind, text: str) -> Change:
    return lambda state: replace(state, dependencies=(Dependency(kind, text),))


def dad_failed(state: NetworkState) -> NetworkState:
    def changed(address: Address) -> Address:
        flags = address.flags | (
            IFA_F_DADFAILED | IFA_F_TENTATIVE if address.ip == "2001:db8:1::4" else 0
        )
        return replace(address, flags=flags)

    return each_address(changed)(state)


def dead_nexthop(state: NetworkState) -> NetworkState:
    """The recorder leaves out the kernel's marks."""
    numbers = {name: index for index, name in state.routes.names}

    def marked(message: bytes) -> bytes:
        data = bytearray(message)
        for kind, at, end in nlattr.attributes(message, rt.RTMSG.size):
            for flags, slot, _, _ in (
                rt.rtnexthops(message, at, end) if kind == RTA_MULTIPATH else ()
            ):
                data[flags] |= nlattr.u32(message, slot) == numbers["eth0"]
        return bytes(data)

    messages = tuple(map(marked, state.routes.messages))
    return replace(state, routes=RouteSet(state.routes.names, messages))


def bond_port(state: NetworkState) -> NetworkState:
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
    "bond-port": Case(base=V4, change=bond_port),
    "nic-down": Case(("link set eth0 down",), base=()),
    "no-carrier": Case(base=V4, change=nic(carrier=False)),
    "stable-secret": Case(base=BASE, change=nic(addrgenmode=2)),
    "arp-off": Case(base=V4, change=nic(arp=False)),
    "address-in-use": Case(change=dad_failed),
    "label-too-long": Case(
        ("address add 10.45.0.20/24 dev eth0 label eth0:12345",),
        Intent("eth0", "abcdefghijklmno"),
        base=V4,
    ),
    "unreadable-text": Case(base=V4, change=nic(alias=r"caf\xe9")),
    "indistinct-routes": Case(
        (
            "route add 10.61.0.0/16 via 192.168.1.1 dev eth0 mtu 1400",
            "route append 10.61.0.0/16 via 192.168.1.1 dev eth0",
        ),
        base=V4,
    ),
    "source-gone": Case(
        (
            "address add 192.168.1.5/24 dev eth0",
            "route add default via 192.168.1.1 dev eth0 table 100 src 192.168.1.5",
            "address del 192.168.1.5/24 dev eth0",
        ),
        base=V4,
    ),
    "address-twice": Case(
        ("address add 192.168.1.5/24 dev eth0", "address add 192.168.1.5/16 dev eth0"), base=V4
    ),
    "inverted-rule": Case(("rule add not iif lo oif eth0 blackhole priority 500",), base=V4),
    "dead-leg": Case(
        (
            "route add 10.61.0.0/16"
            " nexthop via 192.168.1.1 dev eth0 nexthop via 192.168.2.1 dev eth1",
        ),
        base=V4,
        change=dead_nexthop,
    ),
    "local-route-removed": Case(
        ("route del broadcast 192.168.1.255 dev eth0 table local",), base=V4
    ),
    "address-token": Case(base=V4, change=nic(token="::5")),
    "other-identifiers": Case(
        ("address add 2001:db8:5::9/64 dev eth0 valid_lft 900 preferred_lft 900",),
        change=nic(addrgenmode=3),
    ),
    "stp-on": Case(intent=Intent("eth0", spec=BridgeSpec(stp=True)), base=V4),
    "exclusive-child-macvlan": Case(
        ("link add mv0 link eth0 address 52:54:00:00:00:09 type macvlan",), base=V4
    ),
    "exclusive-child-ipvlan": Case(base=V4, change=with_link("iv0", "ipvlan", lower="eth0")),
    "vlan-child": Case(base=V4, change=with_link("eth0.7", "vlan", lower="eth0")),
    "leaning-link": Case(base=V4, change=with_link("tn0", "gretap", lower="eth0")),
}


def leased(state: NetworkState) -> NetworkState:
    """As with a DHCP client that ifup has started."""
    files = "/run/dhclient.eth0.pid", "/var/lib/dhcp/dhclient.eth0.leases"
    client = DhcpClient("dhclient", "eth0", ("-4", "-v", "-i", "-I"), *files, "192.168.1.8")
    return replace(state, clients=(client,))


def with_name_servers(state: NetworkState) -> NetworkState:
    """As with a systemd-resolved that has been told of eth0's."""
    settings: tuple[Setting, ...] = (("dns", ("192.0.2.53", "2001:db8::53")), ("domain", ("~.",)))
    return replace(state, dns=(LinkDns("eth0", settings),))


LEASE = ("address add 192.168.1.8/24 dev eth0 valid_lft 900 preferred_lft 900",)
MANAGED = {
    "dhcp-client": Case(LEASE, base=V4, change=leased),
    "dhcp-client-another-mac": Case(
        LEASE, Intent("eth0", spec=BridgeSpec(mac="52:54:00:00:00:99")), base=V4, change=leased
    ),
    "name-servers": Case(base=V4, change=with_name_servers),
    "owned-by-networkd-with-force": replace(
        managed_by("networkd"), intent=Intent("eth0", force=True)
    ),
    **{f"owned-by-{program.lower()}": managed_by(program) for program in MANAGERS},
    "address-with-lifetime": Case(LEASE, base=V4),
}
DEPENDENCIES: tuple[tuple[DependencyKind, str], ...] = (
    ("socket", "tcp 0.0.0.0:22 (sshd)"),
    ("packet-socket", "IPv4 (snort)"),
    ("multicast", "239.1.2.3"),
    ("firewall", "nft inet filter input: iifname eth0 accept"),
    ("traffic-control", "tbf"),
    ("bridge-firewall", "net.bridge.bridge-nf-call-iptables is 1, and FORWARD drops"),
    ("firewall-lockout", "nft chain inet filter input"),
    ("multicast-router", "a multicast router of IPv4"),
    ("vrrp", "keepalived (7)"),
    ("xdp", "xdpdrv prog/xdp id 7"),
    ("disk", "/ is nfs from 192.168.1.9"),
    ("unread", "nft could not be asked"),
    ("uneven-legs", "2001:db8:55::/48 mtu 1300 …"),
)
DEPENDENT = {
    **{
        f"dependency-{kind}": Case(base=V4, change=dependency(kind, text))
        for kind, text in DEPENDENCIES
    },
    "dependency-disk-with-force": Case(
        intent=Intent("eth0", force=True), base=V4, change=dependency(*DEPENDENCIES[6])
    ),
}
REFUSALS = LINKS | MANAGED | DEPENDENT
