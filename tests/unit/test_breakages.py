"""The list of breakages fits the tree: every one could be tried."""

from pathlib import Path

from tests.mutations.breakage import load, misfits

ROOT = Path(__file__).parents[2]


def test_every_breakage_fits() -> None:
    """Mend the breakage if its line has changed; take it out only with its promise."""
    assert misfits(load(), ROOT) == []


ROOMS = {
    *("uapi", "state", "planning", "persistence", "netlink", "system", "host", "transaction"),
    *("application", "cli", "attach", "pxe", "bootserver", "lab", "protocol"),
}


def test_there_are_some_for_every_room() -> None:
    assert len(load()) >= 120
    assert ROOMS - {one.room for one in load()} == set()
