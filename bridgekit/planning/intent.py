"""What the user asks for: one NIC onto one bridge, or its rollback."""

from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from bridgekit.errors import UsageError
from bridgekit.state.link import BridgeOptions, PortOptions
from bridgekit.state.network_state import NetworkState

NAME_BYTES = 15  # IFNAMSIZ less the final zero byte


class BridgeSpec(Struct, frozen=True):
    """What was asked for of the bridge; None where nothing was. Times in centiseconds.

    `mac` is the bridge's address; without it the bridge has the NIC's.
    """

    mac: str | None = None
    stp: bool | None = None
    forward_delay: int | None = None
    hello_time: int | None = None
    max_age: int | None = None
    ageing_time: int | None = None
    priority: int | None = None
    vlan_filtering: bool | None = None
    port: PortOptions = field(default_factory=PortOptions)

    def for_new_bridge(self) -> BridgeOptions:
        """Return the options of a new bridge; with STP its ports wait 15 s, the kernel's choice."""
        usual = BridgeOptions(forward_delay=1500) if self.stp else BridgeOptions()
        return self.apply_to(usual)

    def apply_to(self, options: BridgeOptions) -> BridgeOptions:
        """Return these options with what was asked for in place of theirs."""
        names = BridgeOptions.__struct_fields__
        wanted = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return replace(options, **{n: v for n, v in wanted if n in names and v is not None})


class Intent(
    Struct, frozen=True, rename={"spec": "wishes", "force": "knowing", "preserved": "left"}
):
    """The NIC's state moves to the bridge ("bridge") or the bridge's to the NIC ("unbridge").

    `force`: the user knows that disks are reached over the NIC, or that a manager configures it,
    and insists. `preserved` holds what
    a rollback restores: the NIC as it was, and the bridge with what was its own if it existed
    before. Without that a rollback deletes the bridge.
    """

    nic: str
    bridge: str = "br0"
    direction: Literal["bridge", "unbridge"] = "bridge"
    spec: BridgeSpec = field(default_factory=BridgeSpec)
    force: bool = False
    preserved: NetworkState = field(default_factory=NetworkState)

    @property
    def links(self) -> tuple[str, str]:
        """The two links that a migration is about."""
        return self.nic, self.bridge

    @property
    def link_before(self) -> str:
        """The link that has the addresses before the migration."""
        return self.nic if self.direction == "bridge" else self.bridge

    @property
    def link_after(self) -> str:
        """The link that has the addresses after the migration."""
        return self.bridge if self.direction == "bridge" else self.nic

    def keeps_mac(self, mac: str) -> bool:
        """Return whether the bridge gets this MAC address, the NIC's."""
        return self.spec.mac in (None, mac)

    def __post_init__(self) -> None:
        for name in (self.nic, self.bridge):
            check_link_name(name)
        if self.nic == self.bridge:
            raise UsageError(f"the NIC and the bridge are both called {self.nic}; name two links")


def check_link_name(name: str) -> None:
    """Check that the kernel takes this as an interface name, and that a person can read it.

    The kernel takes a % for "the next free number", and has settings for "all" and "default"
    (dev_valid_name and dev_alloc_name in net/core/dev.c, sysctl_dev_name_is_allowed).

    Raises:
        UsageError: It is no such name.
    """
    odd = not name.isprintable() or any(sign.isspace() or sign in "/:%" for sign in name)
    if odd or name in ("", ".", "..", "all", "default") or len(name.encode()) > NAME_BYTES:
        raise UsageError(
            f"{name!r} cannot be the name of an interface: 1 to {NAME_BYTES} bytes that can be"
            " read, no blanks, none of / : %"
        )
