"""What the service's own little server answers: answer files, and how far each client has come."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from .answers import Application, StartResponse
from .daemons import SILENT
from .timeline import STAGES, Client, Timeline, clients

METRICS = "text/plain; version=0.0.4"


@dataclass(frozen=True, slots=True)
class Pages:
    """A WSGI application: /answers/NAME, /clients as JSON, /metrics for Prometheus, and /done.

    An installer calls /done at its end.
    """

    answers: Application
    timeline: Timeline

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer one request. That of /done is told by nginx's log, like every other step."""
        path = environ.get("PATH_INFO", "")
        found = clients(self.timeline.all(), self.timeline.now())
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


def _reply(start: StartResponse, kind: str, text: str) -> Iterable[bytes]:
    body = text.encode()
    start("200 OK", [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return (body,)


Page = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]
