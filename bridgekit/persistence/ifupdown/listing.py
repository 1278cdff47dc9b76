"""What interfaces(5) files say, listed: stanzas with what they inherit, in ifup's order."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, to_builtins

from bridgekit.persistence.ifupdown.interfaces.parsed import ParsedInterfaces


class Listing(Struct, frozen=True):
    """What the files say, as values for a JSON document and as lines of interfaces(5).

    `accepted`: ifup reads the main file at all. `problems`: its complaints with their places.
    """

    values: dict[str, Any]
    lines: tuple[str, ...]
    problems: tuple[str, ...]
    accepted: bool


def list_stanzas(parsed: ParsedInterfaces) -> Listing:
    """Return a listing of the parsed files."""
    problems = (f"{one.path}:{one.line}: {one.message}" for one in parsed.problems)
    return Listing(_values(parsed), tuple(_lines(parsed)), tuple(problems), parsed.accepted)


def _values(parsed: ParsedInterfaces) -> dict[str, Any]:
    values = to_builtins(parsed)
    del values["documents"]
    return {"taken": parsed.accepted, "files": list(parsed.documents), **values}


def _lines(parsed: ParsedInterfaces) -> Iterator[str]:
    for group, words in parsed.activated.items():
        yield " ".join(["auto" if group == "auto" else f"allow-{group}", *words])
    for keyword, words in (
        ("no-auto-down", parsed.no_auto_down),
        ("no-scripts", parsed.no_scripts),
    ):
        if words:
            yield " ".join([keyword, *words])
    for one in parsed.definitions:
        yield from ("", f"# {one.path}:{one.line}")
        yield f"iface {one.name} {one.family} {one.method}"
        yield from (f"    {option.name} {option.value}" for option in one.options)
