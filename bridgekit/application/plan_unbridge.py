"""Plan the move of a bridge's state back to a port, whoever made the bridge."""

from pathlib import Path

from msgspec.structs import replace

from bridgekit.application import persist
from bridgekit.errors import RefusedError
from bridgekit.host import machine
from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import FileChange, IfupdownState, Plan
from bridgekit.planning.plan_intent import PlanResult, plan_intent
from bridgekit.state.network_state import NetworkState
from bridgekit.uapi.rtnetlink import RT_SCOPE_LINK

INTERFACES = Path("/etc/network/interfaces")


def plan_unbridge(
    intent: Intent,
    without: str | None,
    about_files: list[Finding],
    changes: tuple[FileChange, ...] = (),
    ifupdown: IfupdownState | None = None,
) -> PlanResult:
    """Plan from the state that the host is in now; a refused plan has no operations.

    `without` names a link to be left out of it: the PXE service's, which will be gone by then.
    """
    state = machine.wait_for_dad(machine.network(), intent.bridge)
    state = machine.with_settings(state, *intent.links)
    state = replace(state, links=tuple(link for link in state.links if link.name != without))
    result = plan_intent(state, intent)
    result = replace(result, findings=(*result.findings, *about_files))
    if result.refusals:
        return replace(result, plan=Plan(intent, state, ()))
    return replace(result, plan=replace(result.plan, files=changes, ifupdown=ifupdown))


def plan_rollback_of_bridge(
    bridge: str, nic: str | None = None, main: Path = INTERFACES, without: str | None = None
) -> PlanResult:
    """Plan to free the only uplink of a bridge that bridgekit did not make; the bridge goes.

    Raises:
        RefusedError: There is no such bridge, or it has no port or no address.
    """
    state = machine.network()
    link = state.link(bridge)
    if link is None or link.bridge is None:
        raise RefusedError(f"there is no bridge {bridge} to roll back; nothing was changed")
    port = nic or _uplink(state, bridge, without)
    if port is None:
        raise RefusedError(f"{bridge} has no port that could take its state; nothing was changed")
    if not any(address.scope != RT_SCOPE_LINK for address in state.addresses_on(bridge)):
        raise RefusedError(f"{bridge} has no address to move back to {port}; nothing was changed")
    stays = persist.check_foreign_bridge(main, bridge)
    return plan_unbridge(Intent(port, bridge, "unbridge"), without, stays)


def _uplink(state: NetworkState, bridge: str, without: str | None) -> str | None:
    """Return the port that is no virtual machine's; veth pairs, which may be either, come last."""
    ports = [p for p in state.ports(bridge) if p.name != without and p.kind != "tun"]
    ports.sort(key=lambda port: port.kind == "veth")
    return ports[0].name if ports else None
