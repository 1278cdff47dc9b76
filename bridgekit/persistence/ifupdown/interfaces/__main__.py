"""Lists what an interfaces(5) file and all that it includes say, as ifup 0.8 reads them.

Exits with 1 if ifup would take nothing of the file.
"""

import argparse
import json
import sys
from collections.abc import Iterator

from msgspec import to_builtins

from bridgekit.persistence.ifupdown.interfaces import ParsedInterfaces, parse_files
from bridgekit.system.atomic_file import FileSnapshot

SCHEMA = 1


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="bridgekit.persistence.ifupdown.interfaces", description=__doc__
    )
    parser.add_argument("file", metavar="FILE", help="such as /etc/network/interfaces")
    parser.add_argument("--json", action="store_true", help="for programs")
    chosen = parser.parse_args()
    parsed = parse_files(chosen.file, FileSnapshot())
    if chosen.json:
        print(json.dumps(_data(parsed), indent=2))
    else:
        print("\n".join(map(_printable, _text(parsed))))
    for one in parsed.problems:
        print(_printable(f"{one.path}:{one.line}: {one.message}"), file=sys.stderr)
    return 0 if parsed.accepted else 1


def _data(parsed: ParsedInterfaces) -> dict[str, object]:
    others = {key: value for key, value in to_builtins(parsed).items() if key != "documents"}
    return {"schema": SCHEMA, "taken": parsed.accepted, "files": list(parsed.documents), **others}


def _text(parsed: ParsedInterfaces) -> Iterator[str]:
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


def _printable(line: str) -> str:
    """A terminal gets no commands from a file."""
    return "".join(one if one.isprintable() or one == "\t" else repr(one)[1:-1] for one in line)


if __name__ == "__main__":
    sys.exit(main())
