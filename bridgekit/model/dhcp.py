"""DHCP clients as values: how one was started, and the same for another link."""

from dataclasses import dataclass, replace

PID_FILES = {"dhclient": "/run/dhclient.{}.pid", "udhcpc": "/run/udhcpc.{}.pid"}
LEASES = {"dhclient": "/var/lib/dhcp/dhclient.{}.leases"}
"""Where ifupdown lets each client have its files, for a link."""


@dataclass(frozen=True, slots=True)
class DhcpClient:
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
        asked = ("-r", self.address) if self.address else ()
        return (self.program, *self.words, "-i", self.link, "-p", self.pid_file, "-b", *asked)

    def on(self, link: str) -> "DhcpClient":
        """The same client for another link, with files of that link's own."""
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
