"""Plan the way back: everything of a bridge to its NIC, whoever made the bridge."""

from pathlib import Path

from msgspec.structs import replace

from bridgekit.application import booting, installed, persisting
from bridgekit.application.about_files import about_foreign
from bridgekit.application.planning import Draft, Request
from bridgekit.errors import RefusedError
from bridgekit.host import machine
from bridgekit.planning.checks.preconditions import check_intent
from bridgekit.planning.findings import Finding
from bridgekit.planning.findings.rollback import FILE_EDITED
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import FileChange, IfupdownState, Plan
from bridgekit.planning.planner import plan_operations
from bridgekit.planning.target_state import preserved_state
from bridgekit.state.network_state import NetworkState
from bridgekit.system import atomic_file
from bridgekit.transaction import record as records
from bridgekit.transaction.journal import Journal
from bridgekit.transaction.record import Record
from bridgekit.transaction.store import Store
from bridgekit.uapi.rtnetlink import RT_SCOPE_LINK

INTERFACES = Path("/etc/network/interfaces")


def draft(request: Request) -> Draft:
    """Plan to take back the last migration onto this bridge, or a bridge that others made."""
    for journal in reversed(request.store.journals()):
        if _undoable(journal, request.bridge):
            record = records.read(journal)
            if request.nic not in (None, record.plan.intent.nic):
                raise RefusedError(
                    f"{request.bridge} was made for {record.plan.intent.nic}; name that"
                )
            return own(record)
    return foreign(request.bridge, request.nic, request.interfaces_file)


def undone_by(store: Store, plan: Plan) -> str | None:
    """Return the id of the committed migration that this plan takes back, if it does."""
    if plan.intent.direction == "bridge":
        return None
    found = (j for j in reversed(store.journals()) if _undoable(j, plan.intent.bridge))
    return next((journal.folder.name for journal in found), None)


def _undoable(journal: Journal, bridge: str) -> bool:
    head = journal.head()
    ours = head is not None and head.plan.intent.bridge == bridge and head.rolls_back is None
    return ours and journal.state() == "committed"


def own(record: Record, without: str | None = None) -> Draft:
    """Plan the way back of a committed migration from the state the host is in now.

    `without` names a link to be imagined away: the PXE service's, which will be gone by then.
    """
    there = record.plan
    left = preserved_state(there.snapshot, there.intent)
    intent = replace(there.intent, direction="unbridge", preserved=left)
    changes = _files_back(record)
    was = there.ifupdown
    boot = (
        booting.boot(Path(was.interfaces_file), changes, intent, was.dialect)
        if was and changes
        else None
    )
    return _draft(intent, without, _edited(record), changes, boot)


def foreign(
    bridge: str, nic: str | None = None, main: Path = INTERFACES, without: str | None = None
) -> Draft:
    """Plan to free the only uplink of a bridge that bridgekit did not make; the bridge goes.

    RefusedError if there is no such bridge, or no port.
    """
    state = machine.network()
    link = state.link(bridge)
    if link is None or link.bridge is None:
        raise RefusedError(f"there is no bridge {bridge} to be taken back; nothing was changed")
    port = nic or _uplink(state, bridge, without)
    if port is None:
        raise RefusedError(f"{bridge} has no port that could take its state; nothing was changed")
    if not any(address.scope != RT_SCOPE_LINK for address in state.addresses_on(bridge)):
        raise RefusedError(
            f"{bridge} has no address to be taken back to {port}; nothing was changed"
        )
    intent = Intent(port, bridge, "unbridge")
    return _draft(
        intent, without, about_foreign(persisting.read(main, installed.dialect(None)), bridge)
    )


def _uplink(state: NetworkState, bridge: str, without: str | None) -> str | None:
    """The port that is no virtual machine's; of several veth pairs nobody knows which it is."""
    ports = [p for p in state.ports(bridge) if p.name != without and p.kind != "tun"]
    ports.sort(key=lambda port: port.kind == "veth")
    return ports[0].name if ports else None


def _draft(
    intent: Intent,
    without: str | None,
    about: list[Finding],
    changes: tuple[FileChange, ...] = (),
    boot: IfupdownState | None = None,
) -> Draft:
    state = machine.wait_for_dad(machine.network(), intent.bridge)
    state = machine.with_settings(state, *intent.links)
    state = replace(state, links=tuple(link for link in state.links if link.name != without))
    found = (*check_intent(state, intent), *about)
    if any(item.level == "refuse" for item in found):
        return Draft(Plan(intent, state, ()), found)
    return Draft(Plan(intent, state, plan_operations(state, intent), changes, boot), found)


def _files_back(record: Record) -> tuple[FileChange, ...]:
    back = (item.inverse() for item in record.plan.files)
    return tuple(item for item in back if atomic_file.read(Path(item.path)) != item.after)


def _edited(record: Record) -> list[Finding]:
    found = []
    for item in _files_back(record):
        if atomic_file.read(Path(item.path)) != item.before:
            found.append(FILE_EDITED.finding(f"{item.path} was edited since"))
    return found
