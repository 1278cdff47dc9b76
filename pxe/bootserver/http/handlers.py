"""HTTP handlers: the page, /clients, /metrics, answer files, and /done."""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import Any

from ..daemons import OFFERS_PAUSED
from ..timeline import STAGES, BootedClient, Timeline, summarize_clients
from .answers import AnswerApplication, StartResponse
from .report_page import render_page

PAGE_POLICY = (
    "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'"
)
"""Content Security Policy: nothing that a machine calls itself is run. w3.org/TR/CSP3."""
DENY_ALL_POLICY = "default-src 'none'"
METRICS = "text/plain; version=0.0.4"
CACHE_SECONDS = 1.0
"""Seconds for which a reply is cached."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A response: its content type, its bytes, and its Content Security Policy."""

    kind: str
    body: bytes
    policy: str = DENY_ALL_POLICY


@dataclass(slots=True)
class WebApplication:
    """WSGI: the page, /clients as JSON, /metrics for Prometheus, /answers/NAME, and /done.

    An installer calls /done at its end.
    """

    answers: AnswerApplication
    timeline: Timeline
    lock: Lock = field(default_factory=Lock)
    cached: dict[str, tuple[float, HttpReply]] = field(default_factory=dict)

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer one request. /done is recorded from nginx's log, like every other stage."""
        path = environ.get("PATH_INFO", "")
        if path == "/done":
            return _send(start, HttpReply("text/plain", b"so noted\n"))
        if path in ("/", "/clients", "/metrics"):
            by_nginx = "HTTP_X_REAL_IP" in environ  # the host itself gets a fresh one
            return _send(start, self._shared(path) if by_nginx else self._make(path))
        return self.answers(environ, start)

    def _shared(self, path: str) -> HttpReply:
        """Return a reply at most a second old: with a thousand machines rendering takes time."""
        with self.lock:
            at, reply = self.cached.get(path, (0.0, None))
            if reply is None or time.monotonic() - at >= CACHE_SECONDS:
                reply = self._make(path)
                self.cached[path] = time.monotonic(), reply
            return reply

    def _make(self, path: str) -> HttpReply:
        now = self.timeline.now()
        found = summarize_clients(self.timeline.all(), self.timeline.site, now)
        if path == "/clients":
            return HttpReply("application/json", json.dumps([*map(_as_json, found)]).encode())
        if path == "/metrics":
            return HttpReply(METRICS, "".join(_metrics(found)).encode())
        nonce = secrets.token_urlsafe()
        text = render_page(found, self.timeline.site, self.answers.server, now, nonce)
        return HttpReply("text/html; charset=utf-8", text.encode(), PAGE_POLICY.format(nonce=nonce))


def _as_json(client: BootedClient) -> dict[str, Any]:
    """Return a client with the keys that /clients promises: docs/json.md."""
    fields = asdict(client)
    return fields | {"way": fields.pop("history"), "stuck": fields.pop("stalled")}


def _metrics(found: tuple[BootedClient, ...]) -> Iterator[str]:
    """Yield the lines of /metrics. prometheus.io/docs/instrumenting/exposition_formats."""
    yield "# TYPE bridgekit_pxe_clients gauge\n"
    for stage in STAGES:
        number = sum(client.stage == stage for client in found)
        yield f'bridgekit_pxe_clients{{stage="{stage}"}} {number}\n'
    yield "# TYPE bridgekit_pxe_clients_stuck gauge\n"
    yield f"bridgekit_pxe_clients_stuck {sum(bool(client.stalled) for client in found)}\n"
    yield "# TYPE bridgekit_pxe_silent gauge\n"
    yield f"bridgekit_pxe_silent {int(OFFERS_PAUSED.exists())}\n"


def _send(start: StartResponse, reply: HttpReply) -> Iterable[bytes]:
    headers = [("Content-Type", reply.kind), ("Content-Length", str(len(reply.body)))]
    policy = ("Content-Security-Policy", reply.policy)
    start("200 OK", [*headers, policy, ("Cache-Control", "no-store")])
    return (reply.body,)


WsgiApplication = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
