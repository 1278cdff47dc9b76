"""Answer files (preseed, kickstart, cloud-init, Ignition): templates, rendered for who asks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ..machines import MAC, machine_for, parse_mac
from ..settings import NAME, SettingsError
from ..site import Site
from ..templating import render

StartResponse = Callable[[str, list[tuple[str, str]]], object]


@dataclass(frozen=True, slots=True)
class AnswerLease:
    """A client's address, MAC address and host name."""

    mac: str
    address: str
    hostname: str


def parse_leases(text: str) -> tuple[AnswerLease, ...]:
    """Parse dnsmasq's lease file; a line is: expiry MAC address name client-id."""
    lines = (line.split() for line in text.splitlines())
    found = (words for words in lines if len(words) >= 4 and MAC.fullmatch(words[1]))
    return tuple(AnswerLease(w[1], w[2], "" if w[3] == "*" else w[3]) for w in found)


def render_answer(site: Site, name: str, mac: str, address: str, server: str) -> str:
    """Return the answer file `name` for a machine. Raises SettingsError if there is none."""
    if not NAME.fullmatch(name) or not any((folder / name).is_file() for folder in site.answers):
        raise SettingsError(f"there is no answer file {name!r}")
    machine = machine_for(site.machines, mac)
    values = {"machine": machine, "data": machine.data, "address": address, "server": server}
    return render(name, *site.answers, **values)


@dataclass(frozen=True, slots=True)
class AnswerApplication:
    """GET /answers/NAME as a WSGI application; the client is known by its address, or by ?mac=.

    `owner` returns the MAC address of a client whose address another server gave.
    """

    site: Site
    leases: Path
    server: str
    log: Callable[[str], None]
    owner: Callable[[str], str]

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer one request: 200 with the text, 404 with a sentence otherwise."""
        name = environ.get("PATH_INFO", "").removeprefix("/answers/")
        who = self._who(environ)
        try:
            text = render_answer(self.site, name, who.mac, who.address, self.server)
        except SettingsError as error:
            self.log(f"no answer for {who.mac} at {who.address}: {error}")
            return self._reply(start, "404 Not Found", f"{error}\n")
        self.log(f"answered {name} for {who.mac} at {who.address}")
        return self._reply(start, "200 OK", text)

    def _who(self, environ: dict[str, Any]) -> AnswerLease:
        address = environ.get("HTTP_X_REAL_IP", "")
        text = self.leases.read_text(errors="replace") if self.leases.exists() else ""
        found = (lease for lease in parse_leases(text) if lease.address == address)
        lease = next(found, None) or AnswerLease(self.owner(address), address, "")
        asked = parse_qs(environ.get("QUERY_STRING", "")).get("mac", [""])[0]
        return replace(lease, mac=parse_mac(asked)) if MAC.fullmatch(asked) else lease

    @staticmethod
    def _reply(start: StartResponse, status: str, text: str) -> Iterable[bytes]:
        body = text.encode()
        length = ("Content-Length", str(len(body)))
        start(status, [("Content-Type", "text/plain; charset=utf-8"), length])
        return (body,)
