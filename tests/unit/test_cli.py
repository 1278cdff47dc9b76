"""Every verb is a module of its own, found by its name, and explains itself."""

import os
import pkgutil
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from bridgekit import cli
from bridgekit.cli import lazy_group, pxe

GROUPS = {"": cli.bridgekit, "pxe": pxe.pxe}
VERBS = [
    (f"{prefix} {name}".strip(), group, name)
    for prefix, group in GROUPS.items()
    if isinstance(group, lazy_group.LazyGroup)
    for name in (*group.verbs, *group.hidden_verbs)
]


@pytest.mark.parametrize(("verb", "group", "name"), VERBS, ids=[verb for verb, _, _ in VERBS])
def test_every_verb_is_found_and_has_help(
    verb: str, group: lazy_group.LazyGroup, name: str
) -> None:
    command = group.get_command(click.Context(group), name)
    assert command is not None and command.name == name
    done = CliRunner().invoke(cli.bridgekit, [*verb.split(), "--help"])
    assert (done.exit_code, done.output[:6]) == (0, "Usage:"), done.output
    assert "--no-color" not in done.output


@pytest.mark.parametrize("group", GROUPS.values(), ids=lambda group: group.name)
def test_every_command_is_a_verb(group: lazy_group.LazyGroup) -> None:
    """A command that is added or renamed stands in VERBS."""
    folder = Path(import_module(group.package).__file__ or "").parent
    found = set()
    for module in pkgutil.iter_modules([str(folder)]):
        command = getattr(import_module(f"{group.package}.{module.name}"), module.name, None)
        if isinstance(command, click.Command):
            found.add(command.name)
    assert found == {*group.verbs, *group.hidden_verbs}


@pytest.mark.parametrize("words", ["--no-color status", "status --no-color", "pxe --no-color up"])
def test_no_color_is_taken_before_and_after_a_verb(words: str) -> None:
    done = CliRunner().invoke(cli.bridgekit, [*words.split(), "--help"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("before", [["--no-color"], []])
def test_no_color(before: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With --no-color or NO_COLOR nothing is coloured, even on a terminal."""
    if not before:
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        monkeypatch.delenv("NO_COLOR", raising=False)
    seen = []

    @click.command("status")
    def status() -> None:
        seen.append(click.get_current_context().color)

    monkeypatch.setattr("bridgekit.cli.status.status", status)
    argv = [*before, "status"]
    assert CliRunner().invoke(cli.bridgekit, argv).exit_code == 0
    assert seen == [False]
    assert os.environ.get("NO_COLOR") == (None if before else "1")
