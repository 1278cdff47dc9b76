"""Links, bridges and their ports, neighbours, and what depends on a link or manages it."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.uapi.neighbour import NTF_PROXY, NTF_ROUTER, NUD_NOARP, NUD_PERMANENT


class BridgeOptions(Struct, frozen=True):
    """How a bridge behaves; times in centiseconds, as the kernel keeps them.

    A new bridge of the kernel's own waits 15 s before a port forwards; ours does not.
    """

    stp: bool = False
    forward_delay: int = 0
    hello_time: int = 200
    max_age: int = 2000
    ageing_time: int = 30000
    priority: int = 32768
    vlan_filtering: bool = False
    default_pvid: int = 1
    more: bytes = b""
    """Its other settings, as the kernel's own attributes; empty where the kernel may choose."""


class PortOptions(Struct, frozen=True):
    """How a bridge treats a port; None and empty where that is the kernel's choice."""

    path_cost: int | None = None
    priority: int | None = None
    more: bytes = b""


class Vlan(Struct, frozen=True):
    """The VLANs from `first` to `last` that a bridge or a port of one takes part in.

    `pvid`: frames without a tag belong to it. `untagged`: its frames leave without their tag.
    """

    first: int
    last: int
    pvid: bool = False
    untagged: bool = False

    def __str__(self) -> str:
        """Return the words that `bridge vlan add` takes."""
        ids = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"vid {ids}" + " pvid" * self.pvid + " untagged" * self.untagged


class Link(Struct, frozen=True):
    """One network interface. `kind` is the kernel's word (veth, bridge), empty for hardware.

    `mac` is empty where there are no Ethernet frames; `wireless` is a Wi-Fi station.
    `addrgenmode` is how IPv6 link-local addresses are made: 0 eui64, 1 none, 2 stable-secret,
    3 random; None where IPv6 is off. `token` is the lower half of the addresses that it makes from
    advertisements, if someone chose it. `lro`: does the hardware join segments that it receives?
    `forwarding`: does its bridge let frames through? `vlans`: those of a bridge that knows VLANs
    or of its port; None elsewhere, and where that is the kernel's choice.
    """

    index: int
    name: str
    kind: str
    mac: str
    mtu: int
    up: bool
    carrier: bool
    loopback: bool = False
    arp: bool = True
    wireless: bool = False
    controller: str | None = None
    lower: str | None = None
    addrgenmode: int | None = None
    bridge: BridgeOptions | None = None
    port: PortOptions | None = None
    forwarding: bool = False
    lro: bool = False
    qlen: int = 1000
    group: int = 0
    alias: str | None = None
    token: str | None = None
    altnames: tuple[str, ...] = ()
    vlans: tuple[Vlan, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Its name and its alternative ones."""
        return (self.name, *self.altnames)


class BridgeSettings(Struct, frozen=True):
    """What a bridge is made with; MTU in bytes, `qlen` in packets."""

    mac: str
    mtu: int
    options: BridgeOptions
    qlen: int = 1000
    group: int = 0
    alias: str | None = None

    @classmethod
    def of(cls, link: Link) -> "BridgeSettings":
        """Return those of a bridge."""
        options = link.bridge or BridgeOptions()
        return cls(link.mac, link.mtu, options, link.qlen, link.group, link.alias)


class Neighbour(Struct, frozen=True):
    """An ARP or NDP entry. `state` and `flags` are the kernel's NUD_ and NTF_ bits.

    A proxy entry has no MAC address and no state. The kernel keeps a managed one fresh by itself.
    """

    link: str
    family: int
    ip: str
    mac: str
    state: int
    flags: int = 0
    protocol: int = 0
    managed: bool = False

    @property
    def lasting(self) -> bool:
        """Whether it stays until someone removes it."""
        stays = self.state & (NUD_PERMANENT | NUD_NOARP)
        return bool(stays or self.flags & NTF_PROXY or self.managed)

    def __str__(self) -> str:
        """Return the words that `ip neighbour replace` takes."""
        if self.flags & NTF_PROXY:
            return f"proxy {self.ip} dev {self.link}"
        router = " router" if self.flags & NTF_ROUTER else ""
        if self.managed:
            return f"{self.ip} dev {self.link} managed{router}"
        words = {NUD_PERMANENT: "permanent", NUD_NOARP: "noarp"}
        state = words.get(self.state & (NUD_PERMANENT | NUD_NOARP), "stale")
        return f"{self.ip} lladdr {self.mac} dev {self.link} nud {state}{router}"

    def on(self, link: str) -> "Neighbour":
        """Return the same entry on another link."""
        return replace(self, link=link)


class StaticMac(Struct, frozen=True):
    """A MAC address beside its own that a link was configured to take frames for.

    Equivalent to: ip maddress show (those called static), bridge fdb show
    """

    link: str
    mac: str

    @property
    def multicast(self) -> bool:
        """Whether it is a multicast address."""
        return bool(int(self.mac[:2], 16) & 1)

    def on(self, link: str) -> "StaticMac":
        """Return the same address on another link."""
        return replace(self, link=link)

    def __str__(self) -> str:
        return f"{self.mac} dev {self.link}"


class Sysctl(Struct, frozen=True):
    """One kernel setting; `key` is its path below /proc/sys, `value` its text."""

    key: str
    value: str


class Manager(Struct, frozen=True):
    """A program that configures an interface by itself and would fight for it."""

    program: str
    evidence: str


DependencyKind = Literal[
    "uneven-legs",
    "socket",
    "packet-socket",
    "multicast",
    "firewall",
    "traffic-control",
    "bridge-firewall",
    "firewall-lockout",
    "multicast-router",
    "vrrp",
    "xdp",
    "disk",
    "unread",
]


class Dependency(Struct, frozen=True):
    """Something that holds on to a link by its name or number and does not move with its addresses.

    `text` says which: it may quote what programs and users chose, so it can hold any character.
    "unread" is a place that could not be looked at, and why.
    """

    kind: DependencyKind
    text: str
