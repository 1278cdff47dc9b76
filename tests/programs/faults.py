"""Run the bridgekit command line with one fault in it.

    faults.py fail STEP before|after VERB...    operation STEP raises before, or after, its effect
    faults.py halt STEP VERB...                 before operation STEP: print "now", wait for a line
    faults.py meddle STEP WORDS VERB...         before operation STEP: run ip(8) with these words
    faults.py refuse NUMBER ERROR VERB...       netlink message NUMBER is refused with this errno

This is the only program that replaces private parts of bridgekit: `machine.execute` for the
first three, NetlinkSocket's `_send` and `_answers` for the last. Operations are counted from 1,
those of a rollback apart.
"""

import errno
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence

from bridgekit.cli import main
from bridgekit.errors import BridgekitError
from bridgekit.host import machine
from bridgekit.netlink.socket import Answer, NetlinkSocket, Request
from bridgekit.planning.operations import Operation
from bridgekit.uapi.netlink import NLM_F_DUMP

Hook = Callable[[], object]
UNKNOWN_TYPE = 2**15
"""A netlink message type that no kernel has."""


def nothing() -> None:
    """Go on as without a fault."""


def fail() -> None:
    """Fail the operation."""
    raise BridgekitError("injected")


def halt() -> None:
    """Let the test work until it sends a line."""
    print("now", flush=True)
    sys.stdin.readline()


def at_step(step: int, before: Hook = nothing, after: Hook = nothing) -> None:
    """Call `before` and `after` around the operation with this number."""
    done, real = 0, machine.execute

    def execute(operation: Operation, rolling_back: bool = False) -> None:
        nonlocal done
        done += not rolling_back
        chosen = not rolling_back and done == step
        (before if chosen else nothing)()
        real(operation, rolling_back)
        (after if chosen else nothing)()

    machine.execute = execute


def refuse(number: int, error: int) -> Callable[[], int]:
    """Send a message of an unknown type in place of this one, and read its answer as the error.

    The message's number in its batch stays what it was; dumps are not counted. Returns a function
    that returns how many messages were sent.
    """
    sent, refused = 0, -1
    real_send, real_answers = NetlinkSocket._send, NetlinkSocket._answers

    def send(channel: NetlinkSocket, requests: Sequence[Request]) -> int:
        nonlocal sent, refused
        changing = [one for one in requests if one.flags & NLM_F_DUMP != NLM_F_DUMP]
        at, refused = number - sent - 1, -1
        sent += len(changing)
        if 0 <= at < len(changing):
            refused = requests.index(changing[at])
            requests = [*requests]
            requests[refused] = Request(UNKNOWN_TYPE, b"\0" * 16, changing[at].what)
        return real_send(channel, requests)

    def answers(channel: NetlinkSocket, first: int, count: int) -> Iterator[Answer]:
        for position, answer, words in real_answers(channel, first, count):
            yield position, error if position == refused else answer, words

    NetlinkSocket._send, NetlinkSocket._answers = send, answers  # type: ignore[method-assign,assignment]
    return lambda: sent


def run_refused(number: str, error: str, *verb: str) -> None:
    """Run the verb; print at last how many messages it sent."""
    sent = refuse(int(number), getattr(errno, error))
    try:
        run_verb(*verb)
    finally:
        print(f"messages: {sent()}", file=sys.stderr)


def run_failing(step: str, moment: str, *verb: str) -> None:
    """Run the verb with an operation that raises."""
    at_step(int(step), **{moment: fail})
    run_verb(*verb)


def run_halting(step: str, *verb: str) -> None:
    """Run the verb with an operation that waits."""
    at_step(int(step), before=halt)
    run_verb(*verb)


def run_meddled(step: str, words: str, *verb: str) -> None:
    """Run the verb, and ip(8) in the middle of it."""
    at_step(int(step), before=lambda: subprocess.run(("ip", *words.split()), check=True))
    run_verb(*verb)


def run_verb(*verb: str) -> None:
    """Run the command line."""
    sys.argv = ["bridgekit", *verb]
    main()


FAULTS = {"fail": run_failing, "halt": run_halting, "meddle": run_meddled, "refuse": run_refused}

if __name__ == "__main__":
    fault, *arguments = sys.argv[1:]
    FAULTS[fault](*arguments)  # type: ignore[operator]
