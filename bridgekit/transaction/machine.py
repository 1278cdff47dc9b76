"""What a transaction needs of the machine; `bridgekit.host.machine` is the real one."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from bridgekit.planning.operations import Operation
from bridgekit.state.link import Link
from bridgekit.state.network_state import NetworkState


class Machine(Protocol):
    """Read the machine, and change it one operation at a time."""

    def snapshot(self, *links: str) -> NetworkState:
        """Return the network state, with the settings of these links."""

    def links(self) -> tuple[Link, ...]:
        """Return the links of this network namespace."""

    def ingress_redirect(
        self, operations: Sequence[Operation], rolling_back: bool = False
    ) -> AbstractContextManager[None]:
        """Lose no packet within, where a link joins or leaves a bridge."""

    def execute(self, operation: Operation, rolling_back: bool = False) -> None:
        """Carry out one operation completely; BridgekitError if it cannot be done."""

    def forwards_frames(self, bridge: str, nic: str) -> bool:
        """Return whether frames from other ports of the bridge leave through the NIC."""

    def close_forwarding(self, bridge: str) -> None:
        """Remove what a killed `forwards_frames` may have left in the packet filter."""
