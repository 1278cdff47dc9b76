"""The service's own little server, on a socket that only nginx and the host talk to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from wsgiref.simple_server import WSGIRequestHandler

from .handlers import WsgiApplication


class _Handler(WSGIRequestHandler):
    """As the library's, for a peer without an address, and silent: nginx has told already."""

    def address_string(self) -> str:
        return "nginx"

    def log_message(self, format: str, *_args: object) -> None:
        pass

    def handle(self) -> None:
        self.client_address = ("nginx", 0)
        super().handle()


class _Server(ThreadingMixIn, UnixStreamServer):
    daemon_threads = True
    request_queue_size = 512  # nginx does not wait: what finds no place there is a 502
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
    """Within, requests to the socket `path` are answered."""
    path.unlink(missing_ok=True)
    with _Server(path, application) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
