"""What the user wants: one NIC onto one bridge, or back."""

from dataclasses import dataclass, field
from typing import Literal

from bridgekit.errors import UsageError
from bridgekit.model.links import BridgeOptions

NAME_BYTES = 15  # IFNAMSIZ less the final zero byte


@dataclass(frozen=True, slots=True)
class Intent:
    """`direction` is "bridge" (NIC onto bridge) or "unbridge" (everything back to the NIC)."""

    nic: str
    bridge: str = "br0"
    direction: Literal["bridge", "unbridge"] = "bridge"
    options: BridgeOptions = field(default_factory=BridgeOptions)

    def __post_init__(self) -> None:
        for name in (self.nic, self.bridge):
            check_link_name(name)
        if self.nic == self.bridge:
            raise UsageError(f"the NIC and the bridge are both called {self.nic}; name two links")


def check_link_name(name: str) -> None:
    """UsageError unless the kernel takes this as an interface name, and a person can read it.

    The kernel takes a % for "the next free number", and has settings for "all" and "default"
    (dev_valid_name and dev_alloc_name in net/core/dev.c, sysctl_dev_name_is_allowed).
    """
    odd = not name.isprintable() or any(sign.isspace() or sign in "/:%" for sign in name)
    if odd or name in ("", ".", "..", "all", "default") or len(name.encode()) > NAME_BYTES:
        raise UsageError(
            f"{name!r} cannot be the name of an interface: 1 to {NAME_BYTES} bytes that can be"
            " read, no blanks, none of / : %"
        )
