"""Files that a user's folder names: fetched whole, with the right checksum, or not at all."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bridgekit.errors import BridgekitError, RefusedError, UsageError
from bridgekit.pxe import sources

TEXT = b"a kernel"
SUM = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server of files, on the loopback."""
    served = tmp_path / "served"
    served.mkdir()
    (served / "k").write_bytes(TEXT)
    handler = partial(SimpleHTTPRequestHandler, directory=str(served))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def site(tmp_path: Path, text: str) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "sources.toml").write_text(text)
    return folder


def test_a_file_by_its_url(url: str, tmp_path: Path) -> None:
    folder = site(tmp_path, f'[file."a/k"]\nurl = "{url}/k"\nsha256 = "{SUM}"\n')
    said: list[str] = []
    for _ in range(2):
        sources.fetch(folder, said.append)
    assert (folder / "files/a/k").read_bytes() == TEXT
    assert said == ["fetching a/k …"]


@pytest.mark.parametrize(("name", "digest"), [("k", "0" * 64), ("nosuch", SUM)])
def test_what_is_not_as_expected(url: str, tmp_path: Path, name: str, digest: str) -> None:
    folder = site(tmp_path, f'[file.k]\nurl = "{url}/{name}"\nsha256 = "{digest}"\n')
    with pytest.raises(RefusedError, match="nothing was changed"):
        sources.fetch(folder, lambda _: None)
    assert list((folder / "files").iterdir()) == []


def test_a_file_of_a_package(tmp_path: Path) -> None:
    path = "/usr/share/doc/dpkg/copyright"
    folder = site(tmp_path, f'[file.k]\npackage = "dpkg"\npath = "{path}"\n')
    sources.fetch(folder, lambda _: None)
    assert (folder / "files/k").read_bytes() == Path(path).read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "[file",
        "file = 1",
        "[file.k]",
        '[file.k]\nurl = "http://192.0.2.1/k"',
        '[file.k]\nurl = "file:///etc/shadow"\nsha256 = "' + "0" * 64 + '"',
        '[file."../k"]\npackage = "dpkg"\npath = "/etc/shadow"',
        '[file.k]\npackage = "dpkg"\npath = "relative"',
        '[file.k]\ncolour = "red"',
    ],
)
def test_sources_that_make_no_sense(text: str) -> None:
    with pytest.raises(UsageError, match=r"sources\.toml"):
        sources.parse(text)


@pytest.mark.parametrize(
    ("package", "path"), [("nosuch-package", "/etc/passwd"), ("dpkg", "/etc/shadow")]
)
def test_a_file_that_no_package_has(tmp_path: Path, package: str, path: str) -> None:
    folder = site(tmp_path, f'[file.k]\npackage = "{package}"\npath = "{path}"\n')
    with pytest.raises(BridgekitError):
        sources.fetch(folder, lambda _: None)
