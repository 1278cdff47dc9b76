"""Checks of the spanning tree protocol, which delays a new port."""

from collections.abc import Iterator

from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.nic import STP_ON, STP_WITH_PXE
from bridgekit.planning.intent import Intent
from bridgekit.state.link import BridgeOptions
from bridgekit.state.network_state import NetworkState


def check_stp(snapshot: NetworkState, intent: Intent) -> Iterator[Finding]:
    """Warn that the NIC passes nothing until the bridge has been listening and learning."""
    bridge = snapshot.link(intent.bridge)
    options = bridge.bridge if bridge and bridge.bridge else intent.spec.for_new_bridge()
    if options.stp:
        seconds = _delay(options)
        yield STP_ON.finding(
            f"with STP on, {intent.nic} passes nothing for {seconds:g} s after the move"
        )


def check_stp_with_pxe(target: NetworkState, bridge: str) -> Iterator[Finding]:
    """Warn that PXE clients wait for that as well; `target` is the state after the move."""
    link = target.link(bridge)
    if link and link.bridge and link.bridge.stp:
        seconds = _delay(link.bridge)
        yield STP_WITH_PXE.finding(
            f"with STP on, {bridge} lets a client wait {seconds:g} s before it passes anything"
        )


def _delay(options: BridgeOptions) -> float:
    """Return the seconds until a new port forwards: once for listening, once for learning."""
    return 2 * options.forward_delay / 100
