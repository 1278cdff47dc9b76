"""A proxy of the service's page at an address of the host, for users outside the L2 segment."""

from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from socket import AF_INET, AF_INET6
from urllib.parse import urlsplit

from bridgekit.errors import BridgekitError
from bridgekit.pxe import record, runtime_state, status

PATHS = ("/", "/clients", "/metrics")
"""What shows the machines; boot files and answers are for the machines alone."""


class WebProxy(ThreadingHTTPServer):
    """Listens at once, and answers from `serve_forever` on, whether or not the service runs.

    Raises OSError if the address is not the host's, or is in use.
    """

    daemon_threads = True

    def __init__(self, bridge: str, state: Path, address: str, port: int) -> None:
        self.service_dir = record.service_dir_of(bridge, state)
        self.address_family = AF_INET6 if ":" in address else AF_INET
        super().__init__((address, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: WebProxy
    timeout = 10  # seconds for a request

    def do_GET(self) -> None:
        if not self._has_own_host():
            return self.send_error(403, "this page has no such name")
        if self.path not in PATHS:
            return self.send_error(404)
        answer = self._answer()
        if answer is None:
            return self.send_error(503, "the PXE service does not run")
        self.send_response(answer.status)
        for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(answer.body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *_args: object) -> None:
        pass

    def _answer(self) -> runtime_state.HttpAnswer | None:
        with suppress(OSError, BridgekitError):
            pid = status.pid(self.server.service_dir)
            return runtime_state.get(pid, self.path) if pid else None
        return None

    def _has_own_host(self) -> bool:
        """Return whether the Host header is ours: another site's name may resolve to 127.0.0.1."""
        if not ip_address(str(self.server.server_address[0])).is_loopback:
            return True
        with suppress(ValueError):
            name = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
            return name == "localhost" or bool(ip_address(name))
        return False
