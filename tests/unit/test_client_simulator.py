"""A simulated client takes whatever the network sends, and reports it as a problem."""

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from bridgekit.bootserver import dhcp_packet
from bridgekit.pxe.diagnose import download
from bridgekit.pxe.diagnose.client_simulator import FIRMWARE, MALFORMED_REPLY
from bridgekit.pxe.diagnose.download import DownloadError

WHOLE = struct.pack("!HH", 3, 1) + b"a loader"


@contextmanager
def answering(packet: bytes, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A TFTP server that says this to whoever asks, on a port of its own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        monkeypatch.setattr(download, "TFTP_PORT", server.getsockname()[1])

        def once() -> None:
            _, who = server.recvfrom(2048)
            server.sendto(packet, who)

        thread = threading.Thread(target=once)
        thread.start()
        yield "127.0.0.1"
        thread.join()


def test_a_file_by_tftp(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(WHOLE, monkeypatch) as server:
        assert download.download(f"tftp://{server}/loader")[::2] == (8, b"a loader")


@pytest.mark.parametrize("packet", [b"", b"\0", b"\0\3\0", b"\0\5\0\1no such file\0"])
def test_answers_that_are_none(packet: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        answering(packet, monkeypatch) as server,
        pytest.raises((DownloadError, OSError, *MALFORMED_REPLY)),
    ):
        download.download(f"tftp://{server}/loader")


def drip(server: socket.socket) -> None:
    """A byte of an endless answer each moment, until nobody wants more."""
    client, _ = server.accept()
    with client, suppress(OSError):
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while not select.select([client], [], [], 0.01)[0] or client.recv(1000):
            client.sendall(b".")


@pytest.mark.parametrize(
    ("seconds", "size", "sentence"),
    [(0.3, 1 << 31, "it does not end within 0 s"), (20, 9, "it does not end after 0 MiB")],
)
def test_a_file_without_an_end(
    seconds: float, size: int, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "FILE_SECONDS", seconds)
    monkeypatch.setattr(download, "MAX_FILE_BYTES", size)
    monkeypatch.setattr(download, "READ_BYTES", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        with pytest.raises(DownloadError, match=sentence):
            download.download(f"http://127.0.0.1:{server.getsockname()[1]}/loader")
        thread.join()


@pytest.mark.parametrize(
    "url", ["http://", "http://a b/", "http://\x01/", "tftp:///x", "http://[/"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises((DownloadError, OSError, *MALFORMED_REPLY)):
        download.download(url)


def test_each_says_what_it_is() -> None:
    for firmware in FIRMWARE:
        frame = dhcp_packet.client_frame(bytes(6), 7, dhcp_packet.DHCPDISCOVER, firmware.options)
        assert b":Arch:%05d:" % firmware.arch in frame
        assert (b"iPXE" in frame) == firmware.ipxe
