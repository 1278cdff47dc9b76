"""A preview of one machine's menus and answer files, without a service."""

import re
from collections.abc import Iterator
from pathlib import Path

from bridgekit.bootserver import site
from bridgekit.bootserver.http import answers
from bridgekit.bootserver.menus import LOADERS, render_menus
from bridgekit.bootserver.settings import SITE, SettingsError, read_settings
from bridgekit.errors import UsageError
from bridgekit.pxe import sources
from bridgekit.pxe.spec import PxeSpec
from bridgekit.state.mac import parse_mac
from bridgekit.system.progress import Report

ANY_MAC = "00:00:00:00:00:00"
ANSWER = re.compile(r"/answers/([A-Za-z0-9._-]+)")


def render(spec: PxeSpec, mac: str, only: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield each file for the machine as (name, text); with `only` that answer file alone.

    Raises UsageError for a catalogue, a machine or a template that cannot be served.
    """
    try:
        mac = parse_mac(mac)
    except ValueError as error:
        raise UsageError(f"{error}; nothing was changed") from None
    try:
        settings = read_settings(dict(spec.settings))
        found = site.read_site(settings, None, Path(spec.site) if spec.site else SITE)
        texts = dict(render_menus(found.entries, found.machines, settings, spec.server))
        files = {} if only else dict(_render_menus(texts, mac))
        asked = ANSWER.findall("".join(files.values()))
        for name in [only] if only else dict.fromkeys(asked):
            files[f"answers/{name}"] = answers.render_answer(found, name, mac, "", spec.server)
    except SettingsError as error:
        raise UsageError(f"{error}; nothing was changed") from error
    yield from files.items()


def check_site(spec: PxeSpec, report: Report) -> None:
    """Fetch what the user's folder names from elsewhere, and check that all of it can be served."""
    if spec.site:
        sources.fetch(Path(spec.site), report)
        list(render(spec, ANY_MAC))


def _render_menus(texts: dict[str, str], mac: str) -> Iterator[tuple[str, str]]:
    """Yield for each loader the machine's own menu if it has one, else the common one."""
    for loader in LOADERS:
        own = loader.machine_file(mac)
        name = own if own in texts else loader.file
        yield f"menu/{name}", texts[name]
