"""The page for people: every machine, its stage, why it hangs. It shows, and changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..machines import machine_for
from ..site import Site
from ..templating import TEMPLATES, render
from ..timeline import ADDRESS, STAGES, BootedClient

UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class MachineRow:
    """What the page says of a machine; `after` when it reached each stage, in words."""

    name: str
    entry: str
    stage: str
    number: int
    stalled: str
    idle: str
    after: Mapping[str, str]


def render_page(
    clients: tuple[BootedClient, ...], site: Site, server: str, now: float, nonce: str
) -> str:
    """The whole page as HTML; only its style and script have the nonce."""
    stuck = sum(bool(client.stalled) for client in clients)
    summary = f"{_count_text(len(clients))}, {stuck or 'none'} stuck"
    machines = [_machine_row(client, site, now) for client in clients]
    values = {"machines": machines, "stages": STAGES, "summary": summary}
    return render("page.html.j2", TEMPLATES, server=server, nonce=nonce, **values)


def format_duration(seconds: float) -> str:
    """In words, in the largest unit of which there is one."""
    whole = max(0, int(seconds))
    size, unit = next(((size, unit) for size, unit in UNITS if whole >= size), UNITS[-1])
    return f"{whole // size} {unit}"


def _count_text(machines: int) -> str:
    return "1 machine" if machines == 1 else f"{machines} machines"


def _machine_row(client: BootedClient, site: Site, now: float) -> MachineRow:
    hostname = machine_for(site.machines, client.mac).hostname
    begun = client.history[0].at
    return MachineRow(
        f"{hostname} ({client.mac})" if hostname else client.mac,
        _entry_title(client, site),
        client.stage,
        STAGES.index(client.stage) + 1,
        client.stalled,
        format_duration(now - client.since),
        {
            seen.stage: seen.what
            if seen.stage == ADDRESS
            else f"after {format_duration(seen.at - begun)}"
            for seen in client.history
        },
    )


def _entry_title(client: BootedClient, site: Site) -> str:
    """The menu's title for what it fetched."""
    got = {seen.what for seen in client.history}
    titles = (entry.title for entry in site.on_each() if got & {entry.kernel, entry.program})
    return next(titles, "")
