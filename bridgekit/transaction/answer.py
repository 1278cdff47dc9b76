"""Say how a program ended: the exit code and the text, by who asked."""

from msgspec import Struct

from bridgekit.errors import (
    BridgekitError,
    BusyError,
    PxeError,
    RefusedError,
    RollbackIncompleteError,
    RolledBackError,
)
from bridgekit.protocol.decide import Reason
from bridgekit.protocol.effects import Ending
from bridgekit.transaction.carrier import Carrier
from bridgekit.transaction.rollback import AS_BEFORE

CODES: dict[Ending, int] = {
    "kept": 0,
    "rolled-back": RolledBackError.exit_code,
    "incomplete": RollbackIncompleteError.exit_code,
    "unnoted": RollbackIncompleteError.exit_code,
    "refused": RefusedError.exit_code,
    "busy": BusyError.exit_code,
    "pending": BusyError.exit_code,
}
STILL_WAITS = "it still waits: correct that and confirm again, or `bridgekit rollback`"


class Answer(Struct, frozen=True):
    """How a command ended: the exit code for the caller, and the text for people."""

    code: int
    text: str
    ending: Ending = "busy"


def answer(reason: Reason, ending: Ending, carrier: Carrier) -> Answer:
    """Return the answer for someone who asked for `reason`."""
    text = _text(reason, ending, carrier)
    if ending == "kept" and carrier.service_error:
        return Answer(PxeError.exit_code, str(carrier.service_error), ending)
    if ending == "kept" and reason == "rollback":
        more = "; `bridgekit rollback` rolls it back"
        return Answer(RefusedError.exit_code, text + more, ending)
    asked_for = ending == "rolled-back" and reason in ("rollback", "recover")
    return Answer(0 if asked_for else CODES[ending], text, ending)


def unwrap(answer: Answer) -> str:
    """Return the text of a good answer; raise the error of another."""
    if answer.code:
        error = BridgekitError(answer.text)
        error.exit_code = answer.code
        raise error
    return answer.text


def _text(reason: Reason, ending: Ending, carrier: Carrier) -> str:
    id = carrier.record.id
    match ending:
        case "kept":
            return _kept(reason, carrier)
        case "refused":
            return f"{id} is not kept: {carrier.error}\n{STILL_WAITS}"
        case "busy" | "pending" if carrier.guarded():
            return f"{id} is {carrier.journal.state()}, and its guard decides; nothing was changed"
        case "busy" | "pending":
            return f"{carrier.error or f'{id} is {carrier.journal.state()}'}; nothing was changed"
        case _:
            return rolled_back(ending, carrier)


def _kept(reason: Reason, carrier: Carrier) -> str:
    if reason != "recover":
        return f"{carrier.record.id} is kept"
    more = "; `bridgekit pxe up` starts its PXE service" if carrier.record.service else ""
    return f"{carrier.record.id} was complete, and is kept{more}"


def rolled_back(ending: Ending, carrier: Carrier) -> str:
    """Return what a rollback left, and why there was one."""
    id, restored = carrier.record.id, carrier.restored
    if restored is None:
        more = carrier.journal.last_text()
        return "\n".join(filter(None, [f"{id} is {carrier.journal.state()}", more]))
    cause = [str(carrier.error)] if carrier.error and ending != "unnoted" else []
    if ending == "incomplete":
        return "\n".join([*cause, "rolled back, but:", restored.text, *carrier.unwritten])
    what = "everything" if cause else id
    lines = [f"{what} was rolled back: {restored.text or AS_BEFORE}", *carrier.unwritten]
    return "\n".join([*cause, *lines])
