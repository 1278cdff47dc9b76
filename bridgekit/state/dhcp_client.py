"""DHCP clients as values: how one was started, and how to start it for another link."""

from msgspec import Struct
from msgspec.structs import replace

from bridgekit.state import nlattr
from bridgekit.state.address import IPV4
from bridgekit.state.routes.message import attributes, header
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.rtnetlink import RTA_PRIORITY, RTPROT_DHCP

PID_FILES = {
    "dhclient": "/run/dhclient.{}.pid",
    "dhcpcd": "/run/dhcpcd/{}.pid",
    "udhcpc": "/run/udhcpc.{}.pid",
}
LEASES = {"dhclient": "/var/lib/dhcp/dhclient.{}.leases", "dhcpcd": "/var/lib/dhcpcd/{}.lease"}
"""Where ifupdown lets each client have its files, for a link."""


class DhcpClient(Struct, frozen=True):
    """A DHCP client in the background that keeps the IPv4 lease of one link.

    `words` are its arguments, but for those that name the link, its files and its address.
    `leases` is its lease file, or empty; `address` is what the link has from it, or empty.
    """

    program: str
    link: str
    words: tuple[str, ...]
    pid_file: str
    leases: str = ""
    address: str = ""

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that starts it."""
        if self.program == "dhclient":
            return (self.program, *self.words, "-pf", self.pid_file, "-lf", self.leases, self.link)
        if self.program == "dhcpcd":  # without an answer it goes on with the lease it has
            return (self.program, *self.words, "-E", "-t", "0", self.link)
        asked = ("-r", self.address) if self.address else ()
        return (self.program, *self.words, "-i", self.link, "-p", self.pid_file, "-b", *asked)

    def on(self, link: str) -> "DhcpClient":
        """Return the same client for another link, with files of that link's own."""
        pid_file = self._path(self.pid_file, link, PID_FILES)
        leases = self._path(self.leases, link, LEASES) if self.leases else ""
        return replace(self, link=link, pid_file=pid_file, leases=leases)

    def _path(self, path: str, link: str, usual: dict[str, str]) -> str:
        folder, _, name = path.rpartition("/")
        if f".{self.link}." in name:
            return f"{folder}/{name.replace(f'.{self.link}.', f'.{link}.')}"
        return usual[self.program].format(link)

    def __str__(self) -> str:
        return f"{self.program} on {self.link}"


def with_metric(client: DhcpClient, routes: RouteSet) -> DhcpClient:
    """Add the metric of its routes to dhcpcd's arguments: else it takes one from the ifindex."""
    if client.program != "dhcpcd" or "-m" in client.words:
        return client
    ours = (attributes(m) for m in routes.on_link(client.link).messages if _is_from_dhcp(m))
    metrics = [nlattr.u32(found[RTA_PRIORITY]) for found in ours if RTA_PRIORITY in found]
    return replace(client, words=(*client.words, "-m", str(metrics[0]))) if metrics else client


def _is_from_dhcp(message: bytes) -> bool:
    return message[0] == IPV4 and header(message).protocol == RTPROT_DHCP
