"""Plan an intent from a network state: findings, and operations unless a finding refuses."""

from msgspec import Struct

from bridgekit.planning.checks.bridge import check_options
from bridgekit.planning.checks.preconditions import already_done, check_intent
from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import Plan
from bridgekit.planning.planner import plan_operations
from bridgekit.state.network_state import NetworkState


class PlanResult(Struct, frozen=True):
    """A plan and what speaks for and against it.

    `already_done`: the NIC is a port of the bridge with all the options asked for.
    """

    plan: Plan
    findings: tuple[Finding, ...]
    already_done: bool = False

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """Return the findings that stop the change."""
        return tuple(finding for finding in self.findings if finding.level == "refuse")


def plan_intent(snapshot: NetworkState, intent: Intent) -> PlanResult:
    """Plan the network part of an intent; a refused one has no operations."""
    if intent.direction == "bridge" and already_done(snapshot, intent):
        bridge = snapshot.link(intent.bridge)
        differing = tuple(check_options(bridge, intent)) if bridge else ()
        return PlanResult(Plan(intent, snapshot, ()), differing, already_done=not differing)
    result = PlanResult(Plan(intent, snapshot, ()), check_intent(snapshot, intent))
    if result.refusals:
        return result
    return PlanResult(Plan(intent, snapshot, plan_operations(snapshot, intent)), result.findings)
