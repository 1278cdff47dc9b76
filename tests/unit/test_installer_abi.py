"""Whether a mirror still has modules for the installer's kernel."""

import lzma
import struct
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bridgekit.errors import BridgekitError
from bridgekit.pxe.diagnose import installer_abi
from bridgekit.pxe.spec import PxeSpec

OURS = "6.12.57+deb13-amd64"
PACKAGES = "Package: kernel-image-{}-di\nVersion: 1\n\nPackage: ext4-modules-{}-di\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the head of an x86 kernel."""
    linux = tmp_path / "tree/debian/13/amd64/linux"
    linux.parent.mkdir(parents=True)
    head = bytearray(0x400)
    head[0x202:0x206] = b"HdrS"
    struct.pack_into("<H", head, 0x20E, 0x100)
    linux.write_bytes(bytes(head[:0x300]) + OURS.encode() + b" (debian) #1\0")
    return tmp_path / "tree"


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """A mirror on the loopback, with one kernel's modules."""
    folder = tmp_path / "mirror/dists/trixie/main/debian-installer/binary-amd64"
    folder.mkdir(parents=True)
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "mirror"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def offer(tmp_path: Path, release: str) -> None:
    folder = tmp_path / "mirror/dists/trixie/main/debian-installer/binary-amd64"
    (folder / "Packages.xz").write_bytes(lzma.compress(PACKAGES.format(release, release).encode()))


def test_the_same_kernel(tree: Path, mirror: str, tmp_path: Path) -> None:
    offer(tmp_path, OURS)
    assert installer_abi.check_installer_abi(PxeSpec(), tree, mirror) == ()


def test_another_kernel(tree: Path, mirror: str, tmp_path: Path) -> None:
    offer(tmp_path, "6.12.99+deb13-amd64")
    (found,) = installer_abi.check_installer_abi(PxeSpec(), tree, mirror)
    assert all(word in found.message for word in (OURS, "6.12.99+deb13-amd64", "--fresh"))


def test_what_is_no_mirror(tree: Path, mirror: str, tmp_path: Path) -> None:
    for url in (mirror, "file:///etc"):
        with pytest.raises(BridgekitError):
            installer_abi.check_installer_abi(PxeSpec(), tree, url)
    (found,) = installer_abi.check_installer_abi(PxeSpec(), None, mirror)
    assert "no service runs" in found.message
