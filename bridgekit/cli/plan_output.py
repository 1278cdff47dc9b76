"""Plans as text for people and as JSON for machines."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Any

import click

from bridgekit.application.pxe_service import PlannedService
from bridgekit.cli.output import StreamedList
from bridgekit.planning.findings import Finding
from bridgekit.planning.operations import Operation, RouteChange
from bridgekit.planning.plan import FileChange, Plan
from bridgekit.planning.plan_intent import PlanResult
from bridgekit.planning.target_state import target_state
from bridgekit.state.network_state import NetworkState
from bridgekit.state.text import LINES, printable

LEVEL_COLOUR = {"refuse": "red", "warn": "yellow", "note": "cyan"}
DIFF_COLOUR = {"+": "green", "-": "red", "@": "cyan"}


def commands(operation: Operation, all_routes: bool) -> Iterator[str]:
    """Yield the commands of an operation; of many routes a sample, unless all are wanted."""
    if all_routes and isinstance(operation, RouteChange):
        return operation.commands()
    return operation.describe()


def plan_json(result: PlanResult, all_routes: bool) -> dict[str, Any]:
    """Return what `plan_text` tells, for machines; to be encoded once."""
    plan = result.plan
    return {
        "nic": plan.intent.nic,
        "bridge": plan.intent.bridge,
        "changes": bool(plan.operations),
        "findings": [findings_json(found) for found in result.findings],
        "operations": [
            {"kind": type(item).__name__, "commands": StreamedList(commands(item, all_routes))}
            for item in plan.operations
        ],
        "files": [{"path": item.path, "diff": "".join(diff(item))} for item in plan.files],
        "topology": {"before": list(_before(plan)), "after": list(_after(plan))},
    }


def findings_json(found: Finding) -> dict[str, str]:
    """Return a finding with its stable code."""
    return {
        "level": found.level,
        "code": found.code,
        "message": found.message,
        "advice": found.advice,
    }


def plan_text(result: PlanResult, all_routes: bool = False) -> Iterator[str]:
    """Yield the lines of a plan: findings, operations, file changes, topology."""
    plan = result.plan
    yield from findings_text(result.findings)
    if result.already_done:
        done = f"{plan.intent.nic} is a port of {plan.intent.bridge} already: nothing to do."
        yield printable(done)
    if not plan.operations:
        return
    yield click.style(f"Operations ({len(plan.operations)}), in this order:", bold=True)
    for number, operation in enumerate(plan.operations, 1):
        for position, command in enumerate(commands(operation, all_routes)):
            yield f"  {f'{number}.' if position == 0 else '':4}{printable(command)}"
    originals = {item.before for item in plan.files}
    for item in plan.files:
        yield ""
        if item.after in originals:
            yield f"Backup of the file below: {printable(item.path)}"
        else:
            yield from (_coloured(line.rstrip("\n")) for line in diff(item))
    yield ""
    yield click.style("Before:", bold=True)
    yield from (f"  {printable(line)}" for line in _before(plan))
    yield click.style("After:", bold=True)
    yield from (f"  {printable(line)}" for line in _after(plan))


def service_text(service: PlannedService) -> Iterator[str]:
    """Yield the lines about the PXE service that starts after the plan."""
    yield click.style("Then the PXE service:", bold=True)
    yield from (f"  {printable(line)}" for line in service.summary())


def findings_text(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield two lines for each finding: what was seen, and what to do."""
    for found in findings:
        level = click.style(found.level, fg=LEVEL_COLOUR[found.level], bold=True)
        yield f"{level}: {found.message} [{found.code}]"
        if found.advice:
            yield f"  {found.advice}"


def diff(item: FileChange) -> Iterator[str]:
    """Yield the lines of a unified diff; /dev/null stands for no file."""
    before, after = (
        (content or b"").decode(errors="replace").splitlines(keepends=True)
        for content in (item.before, item.after)
    )
    old = item.path if item.before is not None else "/dev/null"
    new = item.path if item.after is not None else "/dev/null"
    for line in difflib.unified_diff(before, after, old, new):
        yield line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"


def topology(state: NetworkState, names: Iterable[str]) -> Iterator[str]:
    """Yield a small tree: each link with its addresses and default routers, its ports below."""
    for name in names:
        link = state.link(name)
        if link is None or link.controller:
            continue
        yield f"{name}  {link.mac}  mtu {link.mtu}{'' if link.up else '  down'}"
        ports = state.ports(name)
        bar = "│" if ports else " "
        for address in state.addresses_on(name):
            yield f"{bar}   {address}"
        for position, port in enumerate(ports):
            yield f"{'└' if position == len(ports) - 1 else '├'}── {port.name}  {port.mac}"


def _before(plan: Plan) -> Iterator[str]:
    return topology(plan.snapshot, _shown(plan))


def _after(plan: Plan) -> Iterator[str]:
    after = target_state(plan.snapshot, plan.intent) if plan.operations else plan.snapshot
    return topology(after, _shown(plan))


def _shown(plan: Plan) -> tuple[str, str]:
    return plan.intent.bridge, plan.intent.nic


def _coloured(line: str) -> str:
    line, colour = printable(line, keep=LINES), DIFF_COLOUR.get(line[:1])
    return click.style(line, fg=colour) if colour else line
