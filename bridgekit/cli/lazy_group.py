"""A group of verbs of which only the one that is called is imported."""

import importlib
from collections.abc import Mapping
from typing import Any

import click

from bridgekit.cli.no_color import AFTER_A_VERB


class LazyGroup(click.Group):
    """Verbs that are modules of a package, each with a command of its own name.

    So `--help` and every verb start without importing the others. tests/unit/test_cli.py
    imports them all.
    """

    def __init__(
        self,
        *args: Any,
        package: str,
        verbs: Mapping[str, str],
        hidden_verbs: tuple[str, ...] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.package, self.verbs, self.hidden_verbs = package, verbs, hidden_verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs that help shows, in its order."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a verb; None if there is no such verb."""
        if name not in (*self.verbs, *self.hidden_verbs):
            return None
        word = name.replace("-", "_")
        command: click.Command = getattr(importlib.import_module(f"{self.package}.{word}"), word)
        if AFTER_A_VERB not in command.params:
            command.params.append(AFTER_A_VERB)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.verbs.items()))
