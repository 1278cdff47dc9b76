"""`pxe check`: what keeps clients of a bridge from booting."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from bridgekit.pxe import lifecycle
from bridgekit.pxe import status as pxe_status
from bridgekit.pxe.diagnose import audit
from bridgekit.pxe.diagnose.client_simulator import Step
from bridgekit.pxe.diagnose.findings import CLIENT_FAILED, OTHER_DHCP_SERVER, PxeFinding, finding
from bridgekit.pxe.diagnose.fixes import Fix
from bridgekit.pxe.diagnose.installer_abi import check_installer_abi
from bridgekit.pxe.diagnose.self_test import self_test
from bridgekit.pxe.spec import PxeSpec


class CheckOptions(Struct, frozen=True):
    """What to check beside the bridge: a Debian mirror's URL; `fix` changes what is in the way."""

    mirror: str | None = None
    fix: bool = False


class CheckReport(Struct, frozen=True):
    """What was found, nothing if clients can boot; and what the simulated clients did.

    `steps` is empty where no service runs.
    """

    findings: tuple[PxeFinding, ...]
    steps: tuple[Step, ...] = ()

    @property
    def fixes(self) -> tuple[Fix, ...]:
        """Return what `--fix` would change."""
        return tuple(item.fix for item in self.findings if item.fix)


class CheckDialog(Struct, frozen=True):
    """What is reported while the check runs: each fix that was made, each step of a client."""

    fixed: Callable[[Fix], None]
    stepped: Callable[[Step], None]


def check_pxe(
    spec: PxeSpec, options: CheckOptions, state_dir: Path, dialog: CheckDialog
) -> CheckReport:
    """Look at the host and the L2 segment; where a service runs, boot simulated clients from it."""
    bridge = spec.bridge
    now, pid = pxe_status.status(bridge, state_dir), pxe_status.pid_on_bridge(bridge, state_dir)
    serves = bool(now and now.running)
    if options.fix:
        _fix(audit.findings(spec, ours=serves), bridge, state_dir, dialog)
    found = list(audit.findings(spec, ours=serves))
    if options.mirror:
        tree = Path(f"/proc/{pid}/root/srv/tftp") if pid else None
        found += check_installer_abi(now.service if now else spec, tree, options.mirror)
    if now and now.other_servers:
        found.append(_other_server(now.other_servers))
    steps = _simulate(bridge, pid, state_dir, dialog) if pid and serves else ()
    found += (_failure(step) for step in steps if step.problem)
    return CheckReport(tuple(found), steps)


def _fix(found: tuple[PxeFinding, ...], bridge: str, state_dir: Path, dialog: CheckDialog) -> None:
    fixes = CheckReport(found).fixes
    lifecycle.apply_fixes(bridge, fixes, state_dir)
    for fix in fixes:
        dialog.fixed(fix)


def _other_server(servers: str) -> PxeFinding:
    text = f"the service offers nothing as long as another DHCP server answers: {servers}"
    return finding(OTHER_DHCP_SERVER, f"{text}; it looks again every few seconds")


def _failure(step: Step) -> PxeFinding:
    return finding(CLIENT_FAILED, f"{step.client}, {step.what}: {step.problem}")


def _simulate(bridge: str, pid: int, state_dir: Path, dialog: CheckDialog) -> tuple[Step, ...]:
    steps = []
    for step in self_test(bridge, pid, state_dir):
        steps.append(step)
        dialog.stepped(step)
    return tuple(steps)
