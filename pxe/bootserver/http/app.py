"""The service's HTTP server, on a Unix socket that only nginx and the host connect to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from wsgiref.simple_server import WSGIRequestHandler

from .handlers import WsgiApplication


class _Handler(WSGIRequestHandler):
    """The library's handler for a peer without an address; it logs nothing, as nginx does that."""

    def address_string(self) -> str:
        return "nginx"

    def log_message(self, format: str, *_args: object) -> None:
        pass

    def handle(self) -> None:
        self.client_address = ("nginx", 0)
        super().handle()


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    request_queue_size = 512  # nginx does not wait: what exceeds the backlog is a 502
    server_name, server_port = "pxe", 80

    def __init__(self, path: Path, application: WsgiApplication) -> None:
        self.base_environ: dict[str, str] = {"SERVER_NAME": "pxe", "GATEWAY_INTERFACE": "CGI/1.1"}
        self.base_environ |= {"SERVER_PORT": "80", "REMOTE_HOST": "", "CONTENT_LENGTH": ""}
        self.base_environ |= {"SCRIPT_NAME": ""}
        self._application = application
        super().__init__(str(path), _Handler)

    def get_app(self) -> WsgiApplication:
        return self._application


@contextmanager
def serving_http(application: WsgiApplication, path: Path) -> Iterator[None]:
    """Answer requests to the socket `path` within the context."""
    path.unlink(missing_ok=True)
    with _Server(path, application) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
