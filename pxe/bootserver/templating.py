"""Rendering of templates: undefined variables are errors, and no code is run."""

from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .settings import SettingsError
from .shipped import SHIPPED

TEMPLATES = SHIPPED / "templates"


def environment(*folders: Path) -> ImmutableSandboxedEnvironment:
    """Return an environment for templates of these folders; the sandbox is for the user's own."""
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=lambda name: (name or "").endswith(".html.j2"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(name: str, /, *folders: Path, **values: object) -> str:
    """Return a template's text. Raises SettingsError with the reason if it cannot be rendered."""
    try:
        return environment(*folders).get_template(name).render(**values)
    except TemplateError as error:
        raise SettingsError(f"{name} can't be rendered: {error}") from error


def render_string(text: str, **values: object) -> str:
    """Return a short text of a catalogue with its values."""
    try:
        return environment().from_string(text).render(**values)
    except TemplateError as error:
        raise SettingsError(f"{text!r} can't be rendered: {error}") from error
