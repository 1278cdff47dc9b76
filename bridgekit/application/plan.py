"""`plan`: from what the user asks to a plan with its findings; changes nothing."""

from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from bridgekit.application import persist
from bridgekit.application.find_nic import find_nic
from bridgekit.application.ifupdown import check_with_ifup, choose_options, ifupdown_state
from bridgekit.errors import refuse_on_error
from bridgekit.host import machine
from bridgekit.persistence.ifupdown.rewrite import Source
from bridgekit.planning.checks.stp import check_stp_with_pxe
from bridgekit.planning.intent import BridgeSpec, Intent
from bridgekit.planning.plan_intent import PlanResult, plan_intent
from bridgekit.planning.pxe_options import PxeOptions
from bridgekit.planning.target_state import target_state
from bridgekit.state.network_state import NetworkState
from bridgekit.transaction.store import Store


class PlanRequest(Struct, frozen=True):
    """What the user asks of `plan` or `apply`.

    `persist` None leaves the interfaces file alone; `force` goes on although disks are reached
    over the NIC; `pxe` is the PXE service to start on the bridge afterwards.
    """

    nic: str | None
    bridge: str
    interfaces_file: Path
    persist: Source | None = "live"
    spec: BridgeSpec = field(default_factory=BridgeSpec)
    force: bool = False
    dialect: str | None = None
    pxe: PxeOptions | None = None


def plan_bridge(request: PlanRequest, store: Store) -> PlanResult:
    """Plan the move of a NIC onto a bridge."""
    with refuse_on_error():
        intent, state = _read(request, store)
    result = plan_intent(state, intent)
    if result.already_done or not result.plan.operations:
        return result
    if request.persist and (
        left := persist.check_manager(request.interfaces_file, state, intent.nic)
    ):
        result = replace(result, findings=(*result.findings, *left))
    elif request.persist:
        result = _with_files(result, request, request.persist)
    if request.pxe:
        found = check_stp_with_pxe(target_state(state, intent), intent.bridge)
        result = replace(result, findings=(*found, *result.findings))
    return result


def _read(request: PlanRequest, store: Store) -> tuple[Intent, NetworkState]:
    state = machine.network()
    nic = find_nic(state, request.nic, request.bridge, store)
    intent = Intent(nic, request.bridge, "bridge", request.spec, request.force)
    state = machine.with_settings(machine.wait_for_dad(state, nic), nic, request.bridge)
    return intent, machine.with_dependencies(state, nic, request.bridge)


def _with_files(result: PlanResult, request: PlanRequest, source: Source) -> PlanResult:
    """Add the changes of the interfaces files that make the bridge at the next boot."""
    intent, before, main = result.plan.intent, result.plan.snapshot, request.interfaces_file
    options = choose_options(request.dialect, source)
    after = target_state(before, intent)
    changes, found = persist.file_changes(main, before, after, intent, options)
    ifupdown = None
    if changes:
        ifupdown = ifupdown_state(main, changes, intent, options.dialect.name)
    plan = replace(result.plan, files=changes, ifupdown=ifupdown)
    result = replace(result, plan=plan, findings=(*found, *result.findings))
    if ifupdown and not result.refusals:
        proof = check_with_ifup(ifupdown, changes, intent.bridge)
        result = replace(result, findings=(*proof, *result.findings))
    return result
