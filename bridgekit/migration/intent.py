"""What the user wants: one NIC onto one bridge, or back."""

from dataclasses import dataclass, field
from typing import Literal

from bridgekit.errors import UsageError
from bridgekit.model.links import BridgeOptions

NAME_BYTES = 15  # IFNAMSIZ less the final zero byte


@dataclass(frozen=True, slots=True)
class Intent:
    """`direction` is "bridge" (NIC onto bridge) or "unbridge" (everything back to the NIC).

    `knowing`: the user knows that disks are reached over the NIC, and insists.
    """

    nic: str
    bridge: str = "br0"
    direction: Literal["bridge", "unbridge"] = "bridge"
    options: BridgeOptions = field(default_factory=BridgeOptions)
    knowing: bool = False

    def __post_init__(self) -> None:
        for name in (self.nic, self.bridge):
            check_link_name(name)
        if self.nic == self.bridge:
            raise UsageError(f"the NIC and the bridge are both called {self.nic}; name two links")


def check_link_name(name: str) -> None:
    """UsageError unless the kernel takes this as an interface name (dev_valid_name)."""
    odd = any(character.isspace() or character in "/:" for character in name)
    if not name or odd or name in (".", "..") or len(name.encode()) > NAME_BYTES:
        raise UsageError(
            f"{name!r} cannot be the name of an interface: 1 to {NAME_BYTES} bytes,"
            " no blanks, no / and no :"
        )
