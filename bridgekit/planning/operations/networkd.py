"""What systemd-networkd is told of the links: to leave them alone. See systemd.network(5)."""

import shlex
from collections.abc import Iterator

from bridgekit.errors import UsageError
from bridgekit.planning.intent import check_link_name
from bridgekit.planning.operations.operation import Operation

FILE = "/run/systemd/network/00-bridgekit-{}.network"
"""The first file that matches a link counts, and it is gone at the next boot."""
PATTERN = frozenset("*?[]!")
"""What makes a name of [Match] Name= a pattern, systemd.network(5)."""
CONTENT = "[Match]\nName={}\n\n[Link]\nUnmanaged=yes\n"


class SetUnmanaged(Operation, frozen=True):
    """Have networkd leave these links alone, and no other on account of this bridge.

    networkd takes the addresses of a link that it manages when the link becomes unmanaged. So the
    bridge is named before it exists, and the NIC when it has nothing left. `before` is what a
    rollback names: the NIC goes on being unmanaged until it has everything back.
    """

    bridge: str
    links: tuple[str, ...]
    before: tuple[str, ...]

    def inverse(self) -> "SetUnmanaged":
        """Return the operation for the links that a rollback names."""
        return SetUnmanaged(self.bridge, self.before, self.links)

    @property
    def path(self) -> str:
        """The file that says so to networkd."""
        return FILE.format(self.bridge)

    @property
    def content(self) -> str:
        """Its text."""
        return CONTENT.format(" ".join(self.links))

    def describe(self) -> Iterator[str]:
        """Yield how the file is written or removed, and read."""
        path = shlex.quote(self.path)
        if self.links:
            yield f"printf {shlex.quote(self.content)} > {path}".replace("\n", "\\n")
        else:
            yield f"rm {path}"
        yield "networkctl reload" if self.links else "systemctl try-restart systemd-networkd"

    def __post_init__(self) -> None:
        for name in (self.bridge, *self.links, *self.before):
            check_link_name(name)
            if PATTERN.intersection(name):
                raise UsageError(f"{name!r} cannot be named to networkd: it would be a pattern")
