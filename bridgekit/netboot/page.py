"""The service's page at an address of the host, for those who are not on the clients' wire."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET, AF_INET6

from bridgekit.netboot import noted, record, status

PATHS = ("/", "/clients", "/metrics")
"""What tells of machines; boot files and answers are for the machines alone."""


class PageServer(ThreadingHTTPServer):
    """Listens at once, and answers from `serve_forever` on, whether the service runs or not.

    Raises OSError if the address is not the host's, or somebody listens there.
    """

    daemon_threads = True

    def __init__(self, bridge: str, state: Path, address: str, port: int) -> None:
        self.home = record.home_of(bridge, state)
        self.address_family = AF_INET6 if ":" in address else AF_INET
        super().__init__((address, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        if self.path not in PATHS:
            return self.send_error(404)
        try:
            pid = status.pid(self.server.home)
            answer = noted.ask(pid, self.path) if pid else None
        except OSError:
            answer = None
        if answer is None:
            return self.send_error(503, "The PXE service does not run")
        self.send_response(answer.status)
        for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *_args: object) -> None:
        pass
