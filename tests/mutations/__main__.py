"""Try breakages and print what noticed each: script/mutate."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.mutations import report
from tests.mutations.breakage import Breakage, BreakageError, chosen, load, misfits
from tests.mutations.engine import Outcome, attempt_all, copies, red_without
from tests.support import notes

ROOT = Path(__file__).parents[2]


def options(words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser("script/mutate", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="ID|ROOM")
    parser.add_argument("--fast", action="store_true", help="those whose tests need no root")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many at a time [1]")
    parser.add_argument(
        "--write", action="store_true", help=f"keep the notes; write the score into {report.PAGE}"
    )
    parser.add_argument(
        "--dirty", action="store_true", help="write also with changes that no commit has"
    )
    given = parser.parse_args(words)
    if given.write and (given.only or given.fast):
        parser.error("--write is for a run of all breakages")
    return given


def run(breakages: Sequence[Breakage], jobs: int) -> list[Outcome]:
    """Try them; print a line for each as it is decided.

    Those whose tests are not green without a breakage are not tried: there is no verdict.

    Raises:
        BreakageError: One does not fit.
    """
    unfit = misfits(breakages, ROOT)
    if unfit:
        raise BreakageError("\n".join(unfit))
    with copies(ROOT, jobs) as pool:
        print(f"{len(breakages)} breakages; first their tests without any", flush=True)
        red = red_without(pool[0], breakages)
        outcomes = [
            Outcome(one.id, one.room, "no verdict") for one in breakages if one.tests in red
        ]
        tried = [one for one in breakages if one.tests not in red]
        for number, one in enumerate(attempt_all(pool, tried), 1):
            line = f"[{number}/{len(tried)}] {one.verdict:10} {one.id} ({one.seconds} s)"
            print(f"{line} {one.noticed}", flush=True)
            outcomes.append(one)
    return sorted(outcomes, key=lambda one: one.room)


def main(words: Sequence[str]) -> int:
    """Return 0 only if every breakage is killed."""
    given = options(words)
    try:
        now = notes.this_run(ROOT, given.dirty or not given.write)
        outcomes = run(chosen(load(), given.only, given.fast), given.jobs)
    except (BreakageError, notes.DirtyError) as error:
        print(f"script/mutate: {error}", file=sys.stderr)
        return 2
    left = [one for one in outcomes if one.verdict != "killed"]
    if given.write:
        notes.write(ROOT / report.NOTES, now, outcomes)
        notes.put(ROOT / report.PAGE, report.MARK, report.table(now, outcomes))
    print(f"{len(outcomes) - len(left)} of {len(outcomes)} killed")
    for one in left:
        print(f"{one.verdict}: {one.id}")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
