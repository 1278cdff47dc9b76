"""From what the user asks to a plan with its findings: read once, decide, change nothing."""

from pathlib import Path

from msgspec import Struct, field

from bridgekit.application import booting
from bridgekit.application.installed import dialect
from bridgekit.application.manner import Manner, Source
from bridgekit.application.persisting import file_changes
from bridgekit.errors import refuse_on_error
from bridgekit.host import machine
from bridgekit.planning.checks.bridge import check_options
from bridgekit.planning.checks.preconditions import already_done, check_intent
from bridgekit.planning.checks.stp import check_stp_with_pxe
from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import BridgeSpec, Intent
from bridgekit.planning.plan import FileChange, IfupdownState, Plan
from bridgekit.planning.planner import plan_operations
from bridgekit.planning.target_state import target_state
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.message import header, table_of
from bridgekit.transaction.store import Store
from bridgekit.uapi.rtnetlink import RT_TABLE_MAIN

FALLBACK_NIC = "eth0"


class Request(Struct, frozen=True):
    """What was asked for on the command line."""

    nic: str | None
    bridge: str
    interfaces_file: Path
    store: Store
    persist: Source | None = "live"
    spec: BridgeSpec = field(default_factory=BridgeSpec)
    force: bool = False
    with_pxe: bool = False
    dialect: str | None = None


class Draft(Struct, frozen=True):
    """A plan and what speaks for and against it."""

    plan: Plan
    findings: tuple[Finding, ...]
    done_already: bool = False

    @property
    def refusals(self) -> tuple[Finding, ...]:
        return tuple(found for found in self.findings if found.level == "refuse")


def draft(request: Request) -> Draft:
    """Plan the move of a NIC onto a bridge; a refused one has no operations."""
    with refuse_on_error():
        intent, state = _read(request)
    if already_done(state, intent):
        bridge = state.link(intent.bridge)
        differing = tuple(check_options(bridge, intent)) if bridge else ()
        return Draft(Plan(intent, state, ()), differing, done_already=not differing)
    found = check_intent(state, intent)
    if any(item.level == "refuse" for item in found):
        return Draft(Plan(intent, state, ()), found)
    changes: tuple[FileChange, ...] = ()
    boot: IfupdownState | None = None
    after = target_state(state, intent)
    if request.persist:
        manner = Manner(dialect(request.dialect), request.persist)
        changes, about_files = file_changes(request.interfaces_file, state, after, intent, manner)
        found = (*about_files, *found)
        if changes:
            boot = booting.boot(request.interfaces_file, changes, intent, manner.dialect.name)
        if boot and not any(item.level == "refuse" for item in found):
            found = (*booting.findings(boot, changes, intent.bridge), *found)
    if request.with_pxe:
        found = (*check_stp_with_pxe(after, intent.bridge), *found)
    return Draft(Plan(intent, state, plan_operations(state, intent), changes, boot), found)


def _read(request: Request) -> tuple[Intent, NetworkState]:
    state = machine.network()
    nic = named(state, request.nic) or default_nic(state, request.bridge, request.store)
    intent = Intent(nic, request.bridge, "bridge", request.spec, request.force)
    state = machine.with_settings(machine.wait_for_dad(state, nic), nic, request.bridge)
    return intent, machine.with_dependencies(state, nic)


def named(state: NetworkState, nic: str | None) -> str | None:
    """The name that the kernel shows of the link that a person means, if there is one."""
    link = state.link_by_any_name(nic) if nic else None
    return link.name if link else nic


def default_nic(state: NetworkState, bridge: str, store: Store) -> str:
    """The NIC of the default route; if that is the bridge, the NIC that was moved onto it."""
    found = next((link for link in _default_route_links(state)), FALLBACK_NIC)
    if found != bridge:
        return found
    for journal in reversed(store.journals()):
        header = journal.head()
        if header and header.plan.intent.bridge == bridge and journal.state() == "committed":
            return header.plan.intent.nic
    return next((port.name for port in state.ports(bridge)), FALLBACK_NIC)


def _default_route_links(state: NetworkState) -> list[str]:
    routes = state.routes
    loopbacks = {link.name for link in state.links if link.loopback}
    defaults = routes.where(lambda m: header(m).dst_len == 0 and table_of(m) == RT_TABLE_MAIN)
    first = (link for message in defaults.messages for link in routes.links(message)[:1])
    return [link for link in first if link not in loopbacks]
