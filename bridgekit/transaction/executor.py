"""The effects of `apply`: change the machine step by step, verify, and give the guard its deadline.

A signal counts only while the change can still fail for it: until it is verified. Later ones are
deferred; see bridgekit.system.signals.
"""

import time
from contextlib import ExitStack
from typing import Any

from bridgekit.errors import BridgekitError
from bridgekit.protocol import effects as fx
from bridgekit.system import signals
from bridgekit.system.progress import Report
from bridgekit.transaction import guard_client, probes
from bridgekit.transaction import record as records
from bridgekit.transaction.carrier import Carrier, Environment
from bridgekit.transaction.journal import Journal, boot_clock
from bridgekit.transaction.record import Record
from bridgekit.transaction.verify import bulleted, verify


class Applier(Carrier):
    """Carry out a change; `confirm_within` is how many seconds it waits to be confirmed."""

    def __init__(
        self,
        environment: Environment,
        record: Record,
        report: Report,
        confirm_within: int | None = None,
    ) -> None:
        super().__init__(environment)
        self.journal, self.record = Journal(environment.store.folder / record.id), record
        self._report, self._confirm_within = report, confirm_within
        self._guard: guard_client.Connection | None = None
        self._redirect, self._started = ExitStack(), 0.0

    def perform(self, effect: fx.Effect) -> Any:
        """Carry out an effect; whatever goes wrong ends it with False."""
        try:
            match effect:
                case fx.Create():
                    records.create(self.environment.store.folder, self.record)
                case fx.StartGuard() | fx.Execute() | fx.Verify():
                    with signals.interruptible():
                        self._change(effect)
                case fx.Arm():
                    return self._arm()
                case fx.CheckFiles():
                    files = self.record.plan.files
                    self._report("as expected; writing the files" if files else "as expected")
                    return super().perform(effect)
                case _:
                    return super().perform(effect)
        except BaseException as error:  # whatever it is, the change must be rolled back
            self.error = error
            self._redirect.close()
            return False
        return True

    def _change(self, effect: fx.StartGuard | fx.Execute | fx.Verify) -> None:
        match effect:
            case fx.StartGuard():
                self._guard = self._held.enter_context(guard_client.guarding(self.journal))
            case fx.Execute(step):
                self._execute(step)
            case fx.Verify():
                self._verify()

    def _execute(self, step: int) -> None:
        operations, machine = self.record.plan.operations, self.environment.machine
        if step == 0:
            self._redirect.enter_context(machine.ingress_redirect(operations))
            self._started = time.monotonic()
        machine.execute(operations[step])
        if step + 1 == len(operations):
            spent = (time.monotonic() - self._started) * 1000
            self._redirect.close()
            count = f"{len(operations)} operations done in {spent:.0f} ms"
            self._report(f"{count}; looking at the result")

    def _verify(self) -> None:
        """Verify the change, and probe.

        Raises:
            BridgekitError: the machine is not as expected, or something does not answer any more.
        """
        intent, machine = self.record.plan.intent, self.environment.machine
        differing = verify(machine, self.record.target, intent)
        if differing:
            raise BridgekitError("\n".join(["the host is not as expected:", *bulleted(differing)]))
        silent = probes.unanswered(self.record.probes, intent.link_after)
        if silent:
            raise BridgekitError(f"no answer any more from {', '.join(silent)}")
        if self.record.service and not machine.forwards_frames(intent.bridge, intent.nic):
            raise BridgekitError(
                f"what machines on {intent.bridge} send does not get out over {intent.nic}: a"
                " packet filter drops it (see `nft list ruleset`, `ebtables -L`, `bridge link`)"
            )

    def _arm(self) -> bool:
        """Give the guard the deadline: from now on the guard keeps it, whatever becomes of us."""
        self.deadline = boot_clock() + (self._confirm_within or 0)
        if self._guard is None or not self._guard.set_deadline(self.deadline):
            self.error = BridgekitError("the guard does not answer")
            return False
        return True
