"""The one way in which text is made of templates: nothing undefined, and nothing run."""

from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .settings import SettingsError
from .shipped import SHIPPED

TEMPLATES = SHIPPED / "templates"


def environment(*folders: Path) -> ImmutableSandboxedEnvironment:
    """Templates of these folders, the first that has one; the sandbox is for the user's own."""
    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(folders),
        undefined=StrictUndefined,
        autoescape=lambda name: (name or "").endswith(".html.j2"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(name: str, /, *folders: Path, **values: object) -> str:
    """A template's text. Raises Wrong with the reason if it can't be made."""
    try:
        return environment(*folders).get_template(name).render(**values)
    except TemplateError as error:
        raise SettingsError(f"{name} can't be rendered: {error}") from error


def render_string(text: str, **values: object) -> str:
    """A short text of a catalogue, with its values put in."""
    try:
        return environment().from_string(text).render(**values)
    except TemplateError as error:
        raise SettingsError(f"{text!r} can't be rendered: {error}") from error
