"""Changes of links and of their settings."""

import shlex
from collections.abc import Iterator

from msgspec import field
from msgspec.structs import replace

from bridgekit.planning.operations.operation import Operation
from bridgekit.state.link import BridgeOptions, BridgeSettings, PortOptions

ADDRGENMODES = ("eui64", "none", "stable_secret", "random")


NOT_IN_WORDS = ("stp", "forward_delay", "default_pvid", "more")
"""Options of a bridge that are always in the words, or never.

Iproute2 calls the others the same.
"""


class CreateBridge(Operation, frozen=True):
    """Make a bridge, down, with these settings, and no IPv6 link-local address of its own."""

    name: str
    settings: BridgeSettings

    def inverse(self) -> "DeleteBridge":
        """Return the deletion of the bridge."""
        return DeleteBridge(self.name, self.settings)

    def describe(self) -> Iterator[str]:
        """Yield `ip link add` and `ip link set`."""
        given = self.settings
        yield (
            f"ip link add {self.name} address {given.mac} mtu {given.mtu} txqueuelen {given.qlen}"
            f" type bridge {_option_words(given.options)}"
        )
        more = ["group", str(given.group)] if given.group else []
        more += ["alias", shlex.quote(given.alias)] if given.alias else []
        yield " ".join(["ip link set", self.name, "addrgenmode none", *more])


def _option_words(options: BridgeOptions) -> str:
    """Return STP and the forward delay, whose kernel defaults differ, and what else differs."""
    usual = BridgeOptions()
    words = [f"stp_state {int(options.stp)} forward_delay {options.forward_delay}"]
    for name in BridgeOptions.__struct_fields__:
        value = getattr(options, name)
        if name not in NOT_IN_WORDS and value != getattr(usual, name):
            words.append(f"{name} {int(value)}")
    return " ".join(words)


class DeleteBridge(Operation, frozen=True):
    """Delete a bridge; the settings say how it can be made again."""

    name: str
    settings: BridgeSettings

    def inverse(self) -> CreateBridge:
        """Return the creation of the same bridge."""
        return CreateBridge(self.name, self.settings)

    def describe(self) -> Iterator[str]:
        """Yield `ip link delete`."""
        yield f"ip link delete {self.name}"


class ChangeBridge(Operation, frozen=True):
    """Give a bridge that is there another MAC, MTU, queue length, group and alias.

    Its options stay. The kernel keeps a MAC and an MTU that were set once, whatever ports join.
    """

    name: str
    before: BridgeSettings
    after: BridgeSettings

    def inverse(self) -> "ChangeBridge":
        """Return the change to the settings before."""
        return ChangeBridge(self.name, self.after, self.before)

    def describe(self) -> Iterator[str]:
        """Yield `ip link set` with what differs."""
        old, new = self.before, self.after
        words = ["address", new.mac] if new.mac != old.mac else []
        words += ["mtu", str(new.mtu)] if new.mtu != old.mtu else []
        words += ["txqueuelen", str(new.qlen)] if new.qlen != old.qlen else []
        words += ["group", str(new.group)] if new.group != old.group else []
        words += ["alias", shlex.quote(new.alias or "")] if new.alias != old.alias else []
        yield " ".join(["ip link set", self.name, *words])


class SetUp(Operation, frozen=True):
    """Bring a link up or down."""

    link: str
    up: bool

    def inverse(self) -> "SetUp":
        """Return the opposite."""
        return replace(self, up=not self.up)

    def describe(self) -> Iterator[str]:
        """Yield `ip link set up` or `down`."""
        yield f"ip link set {self.link} {'up' if self.up else 'down'}"


class SetAddrGenMode(Operation, frozen=True):
    """Choose how a link makes IPv6 link-local addresses from now on; existing ones stay."""

    link: str
    before: int
    after: int

    def inverse(self) -> "SetAddrGenMode":
        """Return the change to the mode before."""
        return SetAddrGenMode(self.link, self.after, self.before)

    def describe(self) -> Iterator[str]:
        """Yield `ip link set addrgenmode`."""
        yield f"ip link set {self.link} addrgenmode {ADDRGENMODES[self.after]}"


class SetController(Operation, frozen=True):
    """Make a link a port of a controller, or free it.

    Done when the controller is operational and the port forwards. `port` is how the controller
    treats it as a port; a link that is freed loses that.
    """

    link: str
    before: str | None
    after: str | None
    port: PortOptions = field(default_factory=PortOptions)

    def inverse(self) -> "SetController":
        """Return the change to the controller before."""
        return replace(self, before=self.after, after=self.before)

    def describe(self) -> Iterator[str]:
        """Yield `ip link set master` or `nomaster`, and `bridge link set` for port options."""
        yield f"ip link set {self.link} " + (f"master {self.after}" if self.after else "nomaster")
        words = [] if self.port.path_cost is None else ["cost", str(self.port.path_cost)]
        words += [] if self.port.priority is None else ["priority", str(self.port.priority)]
        if self.after and words:
            yield " ".join(["bridge link set dev", self.link, *words])


class SetLro(Operation, frozen=True):
    """Let the hardware join segments that it receives (LRO), or not; a port must not."""

    link: str
    on: bool

    def inverse(self) -> "SetLro":
        """Return the opposite."""
        return replace(self, on=not self.on)

    def describe(self) -> Iterator[str]:
        """Yield `ethtool -K`."""
        yield f"ethtool -K {self.link} lro {'on' if self.on else 'off'}"


class SetSysctl(Operation, frozen=True):
    """Write one kernel setting; `key` is the path below /proc/sys."""

    key: str
    before: str
    after: str

    def inverse(self) -> "SetSysctl":
        """Return the change to the value before."""
        return SetSysctl(self.key, self.after, self.before)

    def describe(self) -> Iterator[str]:
        """Yield `sysctl -w`."""
        yield f"sysctl -w {self.key}={self.after}"
