"""The shape of a JSON document on standard input: the way to each value, and of what kind it is."""

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

KINDS: Final = {str: "text", bool: "yes or no", int: "number", float: "number", type(None): "null"}


def shape(value: Any, way: str = "") -> Iterator[tuple[str, str]]:
    """Yield way and kind; an item with `kind` and `value` is named by its kind."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from shape(item, f"{way}.{key}")
    elif isinstance(value, list) and value:
        for item in value:
            tagged = isinstance(item, dict) and {"kind", "value"} <= item.keys()
            yield from shape(item, f"{way}[{item['kind'] if tagged else ''}]")
    else:
        yield way, KINDS.get(type(value), "empty")


def main() -> None:
    """Print each way once, with all kinds that are found there."""
    found: dict[str, set[str]] = {}
    for way, kind in shape(json.load(sys.stdin)):
        found.setdefault(way, set()).add(kind)
    for way, kinds in sorted(found.items()):
        print(f"{way}: {' or '.join(sorted(kinds))}")


if __name__ == "__main__":
    main()
