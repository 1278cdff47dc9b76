"""What verbs print: text for people, one JSON document for machines, progress on stderr."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from bridgekit.errors import BridgekitError
from bridgekit.state.text import LINES, printable

SCHEMA = 1
"""Of every JSON document: docs/json.md."""


class StreamedList(list[str]):
    """A list for the JSON encoder that is made while it is written."""

    def __init__(self, items: Iterator[str]) -> None:
        super().__init__([""])  # the encoder does not iterate over an empty list
        self._items = items

    def __iter__(self) -> Iterator[str]:
        """Return the items; once."""
        return self._items


def print_json(values: dict[str, Any]) -> None:
    """Print one JSON document, piece by piece: a list in it may be as long as it likes."""
    json.dump({"schema": SCHEMA} | values, sys.stdout, indent=2)
    click.echo()


def print_text(text: str) -> None:
    """Print a result for a person; whatever a name in it holds, the terminal does not obey it."""
    click.echo(printable(text, keep=LINES))


def print_message(text: str, as_json: bool) -> None:
    """Print how a verb ended, where that is a sentence."""
    if as_json:
        print_json({"message": text})
    else:
        print_text(text)


def print_change(as_json: bool, changed: bool, sentence: str) -> None:
    """Print what is so now, and whether this call has made it so."""
    if as_json:
        print_json({"changed": changed, "result": sentence})
    else:
        print_text(sentence if changed else f"{sentence} already; nothing to do")


@contextmanager
def errors_as_json(wanted: bool) -> Iterator[None]:
    """Within, print a known error as JSON on standard output as well, if JSON is wanted."""
    try:
        yield
    except BridgekitError as error:
        if wanted:
            print_json({"error": str(error), "exit_code": error.exit_code})
        raise
