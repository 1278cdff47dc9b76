"""Check that the host and its files are still what a plan was made for."""

from pathlib import Path

from bridgekit.application.ifupdown import ifupdown_state
from bridgekit.errors import RefusedError
from bridgekit.host import machine
from bridgekit.planning.checks.preconditions import check_intent
from bridgekit.planning.diff import differences
from bridgekit.planning.operations.dhcp_client import unidentified_clients
from bridgekit.planning.plan import Plan
from bridgekit.state.network_state import NetworkState
from bridgekit.system import atomic_file


def check_fresh(plan: Plan) -> None:
    """Refuse a plan that no longer fits.

    Raises:
        RefusedError: The host, its DHCP clients or its files changed, or a check refuses now.
    """
    links = plan.intent.links
    now = machine.snapshot(*links)
    if plan.intent.direction == "bridge":
        now = machine.with_dependencies(now, *plan.intent.links)
    for finding in check_intent(now, plan.intent):
        if finding.level == "refuse":
            raise RefusedError(f"{finding.message}: {finding.advice}; nothing was changed")
    for client in unidentified_clients(plan.operations, now.clients):
        raise RefusedError(
            f"the plan's {client} is not what runs here; nothing was changed; plan again"
        )
    _check_ifupdown_state(plan)
    changed = (*differences(plan.snapshot, now, links), *_new_dns(plan, now), *_edited(plan))
    if changed:
        what = "\n".join(f"  {one}" for one in changed)
        raise RefusedError(
            f"the host changed since this plan was made:\n{what}\nnothing was changed; plan again"
        )


def _check_ifupdown_state(plan: Plan) -> None:
    """Refuse a plan, which anyone may have written, that claims of its files what is not so."""
    stored = plan.ifupdown
    ifupdown = stored and ifupdown_state(
        Path(stored.interfaces_file), plan.files, plan.intent, stored.dialect
    )
    if ifupdown != stored or bool(ifupdown) != bool(plan.files):
        raise RefusedError(
            "the plan says of its files what they do not say; nothing was changed; plan again"
        )


def _new_dns(plan: Plan, now: NetworkState) -> list[str]:
    """Return the DNS settings of which the plan, perhaps of an older version, has none."""
    return [] if plan.snapshot.dns else [f"unexpected: {one}" for one in now.dns]


def _edited(plan: Plan) -> list[str]:
    files = (item for item in plan.files if atomic_file.read(Path(item.path)) != item.before)
    return [f"edited: {item.path}" for item in files]
