"""IP addresses of a link, exactly as the kernel keeps them."""

import shlex
from ipaddress import IPv4Network, IPv6Network, ip_network

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.uapi.if_addr import (
    IFA_F_HOMEADDRESS,
    IFA_F_MANAGETEMPADDR,
    IFA_F_MCAUTOJOIN,
    IFA_F_NODAD,
    IFA_F_NOPREFIXROUTE,
    IFA_F_PERMANENT,
    IFA_F_SECONDARY,
    IFA_F_TENTATIVE,
    IFAPROT_KERNEL_LL,
)
from bridgekit.uapi.rtnetlink import (
    RT_SCOPE_HOST,
    RT_SCOPE_LINK,
    RT_SCOPE_NOWHERE,
    RT_SCOPE_SITE,
    RT_SCOPE_UNIVERSE,
)
from bridgekit.uapi.socket import AF_INET, AF_INET6

FOREVER = 0xFFFFFFFF
IPV4, IPV6 = AF_INET, AF_INET6
SCOPE_NAMES = {
    RT_SCOPE_UNIVERSE: "global",
    RT_SCOPE_SITE: "site",
    RT_SCOPE_LINK: "link",
    RT_SCOPE_HOST: "host",
    RT_SCOPE_NOWHERE: "nowhere",
}

FLAG_NAMES = {
    IFA_F_NODAD: "nodad",
    IFA_F_HOMEADDRESS: "home",
    IFA_F_MANAGETEMPADDR: "mngtmpaddr",
    IFA_F_NOPREFIXROUTE: "noprefixroute",
    IFA_F_MCAUTOJOIN: "autojoin",
}
"""Flags that are given when an address is added, with the word for it; the first three IPv6's."""


class Address(Struct, frozen=True):
    """One address of `link`; lifetimes in seconds, `flags` the kernel's IFA_F_ bits (32 bit)."""

    link: str
    family: int
    ip: str
    prefixlen: int
    peer: str | None = None
    broadcast: str | None = None
    label: str | None = None
    scope: int = 0
    flags: int = IFA_F_PERMANENT
    preferred: int = FOREVER
    valid: int = FOREVER
    metric: int = 0
    protocol: int = 0

    @property
    def dynamic(self) -> bool:
        """Whether it has a lifetime, as from DHCP or router advertisements."""
        return self.valid != FOREVER

    @property
    def tentative(self) -> bool:
        """Whether duplicate detection is not through with it."""
        return bool(self.flags & IFA_F_TENTATIVE)

    @property
    def secondary(self) -> bool:
        """Whether it is an IPv4 address behind another of its network."""
        return self.family == IPV4 and bool(self.flags & IFA_F_SECONDARY)

    def made_for(self, mac: str) -> bool:
        """Return whether the kernel made it, as it does for every link with this MAC address.

        Kernels before 5.18 do not say so (IFAPROT_KERNEL_LL); then the address must tell.
        """
        if self.family == IPV4 or self.scope != RT_SCOPE_LINK:
            return False
        return self.protocol == IFAPROT_KERNEL_LL or self.ip == link_local(mac)

    @property
    def network(self) -> IPv4Network | IPv6Network:
        """The network that the address, or its peer, is in."""
        return ip_network(f"{self.peer or self.ip}/{self.prefixlen}", strict=False)

    @property
    def connected(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The destinations of the routes that the kernel makes for it.

        None for an IPv4 secondary or single address, or in 0.0.0.0/8; for IPv6 even for a single
        one, and for one with a peer two: its own network's and the peer's
        (net/ipv4/fib_frontend.c, net/ipv6/addrconf.c).
        """
        if self.flags & IFA_F_NOPREFIXROUTE or self.secondary:
            return ()
        if self.family == IPV6:
            own = ip_network(f"{self.ip}/{self.prefixlen}", strict=False)
            return (own, ip_network(f"{self.peer}/128")) if self.peer else (own,)
        alone = self.prefixlen == 32 and not self.peer
        return () if alone or not self.network.network_address.packed[0] else (self.network,)

    def on(self, link: str) -> "Address":
        """Return the same address on another link; an IPv4 label `eth0:1` becomes `br0:1`."""
        label = self.label
        if label and (label == self.link or label.startswith(self.link + ":")):
            label = link + label[len(self.link) :]
        return replace(self, link=link, label=label)

    def __str__(self) -> str:
        """Return the words that `ip address add` takes, without the device."""
        words = [f"{self.ip}/{self.prefixlen}"]
        if self.peer:
            words = [self.ip, "peer", f"{self.peer}/{self.prefixlen}"]
        words += ["brd", self.broadcast] if self.broadcast else []
        words += ["scope", SCOPE_NAMES.get(self.scope, str(self.scope))] if self.scope else []
        words += (
            ["label", shlex.quote(self.label)] if self.label and self.label != self.link else []
        )
        words += ["metric", str(self.metric)] if self.metric else []
        words += [word for flag, word in FLAG_NAMES.items() if self.flags & flag]
        words += ["valid_lft", str(self.valid)] if self.dynamic else []
        words += ["preferred_lft", str(self.preferred)] if self.preferred != FOREVER else []
        return " ".join(words)


def link_local(mac: str) -> str:
    """Return the IPv6 address that a link with this MAC address makes by itself (RFC 4291)."""
    from netaddr import EUI  # slow to import

    return str(EUI(mac).ipv6_link_local())
