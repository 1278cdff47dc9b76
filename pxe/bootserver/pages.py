"""What the service's own little server answers: answer files, and how far each client has come."""

import json
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from .answers import Application, StartResponse
from .daemons import SILENT
from .page import page
from .timeline import STAGES, Client, Timeline, clients

POLICY = (
    "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'"
)
"""w3.org/TR/CSP3: whatever a machine calls itself, nothing of it is run."""
NOTHING = "default-src 'none'"
METRICS = "text/plain; version=0.0.4"


@dataclass(frozen=True, slots=True)
class Pages:
    """WSGI: the page, /clients as JSON, /metrics for Prometheus, /answers/NAME, and /done.

    An installer calls /done at its end.
    """

    answers: Application
    timeline: Timeline

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer one request. That of /done is told by nginx's log, like every other step."""
        path, now = environ.get("PATH_INFO", ""), self.timeline.now()
        found = clients(self.timeline.all(), now)
        if path == "/":
            nonce = secrets.token_urlsafe()
            text = page(found, self.timeline.site, self.answers.server, now, nonce)
            return _reply(start, "text/html; charset=utf-8", text, POLICY.format(nonce=nonce))
        if path == "/clients":
            return _reply(start, "application/json", json.dumps([asdict(one) for one in found]))
        if path == "/metrics":
            return _reply(start, METRICS, "".join(_metrics(found)))
        if path == "/done":
            return _reply(start, "text/plain", "so noted\n")
        return self.answers(environ, start)


def _metrics(found: tuple[Client, ...]) -> Iterator[str]:
    """prometheus.io/docs/instrumenting/exposition_formats"""
    yield "# TYPE bridgekit_pxe_clients gauge\n"
    for stage in STAGES:
        number = sum(client.stage == stage for client in found)
        yield f'bridgekit_pxe_clients{{stage="{stage}"}} {number}\n'
    yield "# TYPE bridgekit_pxe_clients_stuck gauge\n"
    yield f"bridgekit_pxe_clients_stuck {sum(bool(client.stuck) for client in found)}\n"
    yield "# TYPE bridgekit_pxe_silent gauge\n"
    yield f"bridgekit_pxe_silent {int(SILENT.exists())}\n"


def _reply(start: StartResponse, kind: str, text: str, policy: str = NOTHING) -> Iterable[bytes]:
    body = text.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(body)))]
    start("200 OK", [*headers, ("Content-Security-Policy", policy), ("Cache-Control", "no-store")])
    return (body,)


Page = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
