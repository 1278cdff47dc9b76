"""The promises that the beginning of a commit or a rollback can break."""

from collections.abc import Iterator, Mapping

from bridgekit.protocol.effects import Ending
from tests.protocol.world import World


def broken_by(
    world: World, name: str, event: str, ended: Mapping[str, Ending], confirm: bool
) -> Iterator[str]:
    """Yield the promises that a process breaks when it begins to keep, or to roll back."""
    if event == "undoing":
        yield from _by_rollback(name, ended)
    elif confirm:
        yield from _by_commit(world, name, ended)


def _by_rollback(name: str, ended: Mapping[str, Ending]) -> Iterator[str]:
    if ended.get("confirm") == "kept":
        yield f"S4 confirm returned 0, {name} rolls it back"
    if ended.get("executor") == "kept":
        yield f"S8 apply returned 0, {name} rolls it back"


def _by_commit(world: World, name: str, ended: Mapping[str, Ending]) -> Iterator[str]:
    if not world.valid:
        yield "S4 committed after the deadline, or for a caller that is gone"
    for one in ("rollback", "recover"):
        of_older = one == "recover" and world.older_chosen
        if ended.get(one) == "rolled-back" and not of_older:
            yield f"S7 {one} returned 0, {name} commits later"
    if ended.get("confirm", "kept") != "kept":
        yield f"S4 confirm was refused, {name} commits later"
