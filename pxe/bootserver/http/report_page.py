"""The report page: every machine, its stage, and why it is stalled. It changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..machines import machine_for
from ..site import Site
from ..templating import TEMPLATES, render
from ..timeline import ADDRESS, STAGES, BootedClient
from ..vendor import vendor

UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True, slots=True)
class MachineRow:
    """What the page shows of a machine; `after` is when it reached each stage, as text."""

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
    """Return the whole page as HTML; only its style and script have the nonce."""
    stalled = sum(bool(client.stalled) for client in clients)
    summary = f"{_count_text(len(clients))}, {stalled or 'none'} stuck"
    machines = [_machine_row(client, site, now) for client in clients]
    values = {"machines": machines, "stages": STAGES, "summary": summary}
    return render("page.html.j2", TEMPLATES, server=server, nonce=nonce, **values)


def format_duration(seconds: float) -> str:
    """Return it as text, in the largest unit of which it has at least one."""
    whole = max(0, int(seconds))
    size, unit = next(((size, unit) for size, unit in UNITS if whole >= size), UNITS[-1])
    return f"{whole // size} {unit}"


def _count_text(machines: int) -> str:
    return "1 machine" if machines == 1 else f"{machines} machines"


def _machine_row(client: BootedClient, site: Site, now: float) -> MachineRow:
    started = client.history[0].at
    return MachineRow(
        _machine_name(client.mac, site),
        _entry_title(client, site),
        client.stage,
        STAGES.index(client.stage) + 1,
        client.stalled,
        format_duration(now - client.since),
        {
            event.stage: event.what
            if event.stage == ADDRESS
            else f"after {format_duration(event.at - started)}"
            for event in client.history
        },
    )


def _machine_name(mac: str, site: Site) -> str:
    known = (machine_for(site.machines, mac).hostname, mac, vendor(mac))
    first, *rest = filter(None, known)
    return f"{first} ({', '.join(rest)})" if rest else first


def _entry_title(client: BootedClient, site: Site) -> str:
    """Return the menu's title of what it fetched."""
    got = {event.what for event in client.history}
    titles = (entry.title for entry in site.on_each() if got & {entry.kernel, entry.program})
    return next(titles, "")
