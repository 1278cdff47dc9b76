"""Files of a user's own folder that come from elsewhere: a URL with a checksum, or a package.

    # sources.toml, beside catalogue/ and files/
    [file."alpine/vmlinuz"]
    url = "https://example.org/vmlinuz-lts"
    sha256 = "…"

    [file."memtest"]
    package = "memtest86+"
    path = "/boot/memtest86+x64.bin"

Each is put below files/, where an entry of the catalogue finds it as site/NAME.
"""

import hashlib
import re
import shutil
import tempfile
import tomllib
import urllib.request
from pathlib import Path
from urllib.error import URLError

from msgspec import Struct

from bridgekit.bootserver.settings import FILE
from bridgekit.errors import RefusedError, UsageError
from bridgekit.system.process import CommandError, run
from bridgekit.system.progress import Report

NAME = "sources.toml"
SHA256 = re.compile(r"[0-9a-f]{64}")
SECONDS = 60.0
UNCHANGED = "nothing was changed"


class Source(Struct, frozen=True):
    """Where a file comes from: `url` and `sha256`, or a `path` of an installed `package`."""

    name: str
    url: str = ""
    sha256: str = ""
    package: str = ""
    path: str = ""


def parse(text: str) -> tuple[Source, ...]:
    """Return the sources of a sources.toml. Raises UsageError for a bad one."""
    try:
        tables = tomllib.loads(text).get("file", {})
        found = tuple(Source(name, **table) for name, table in tables.items())
    except (tomllib.TOMLDecodeError, TypeError, AttributeError) as error:
        raise UsageError(f"{NAME} cannot be read: {error}; {UNCHANGED}") from error
    for source in found:
        if why := _problem(source):
            raise UsageError(f"{NAME}: {source.name!r} {why}; {UNCHANGED}")
    return found


def fetch(site: Path, report: Report) -> None:
    """Put what is missing below the folder's files/, each whole or not at all."""
    listed = site / NAME
    if not listed.exists():
        return
    for source in parse(listed.read_text(errors="replace")):
        place = site / "files" / source.name
        if not _is_present(source, place):
            report(f"fetching {source.name} …")
            place.parent.mkdir(parents=True, exist_ok=True)
            _place(source, place)


def _problem(source: Source) -> str:
    if not FILE.fullmatch(source.name):
        return "is no path below files/"
    if bool(source.url) == bool(source.package):
        return "needs a url and its sha256, or a package and a path"
    if source.url and not SHA256.fullmatch(source.sha256):
        return "needs the sha256 of its file, 64 hexadecimal digits"
    if source.url and not source.url.startswith(("http://", "https://")):
        return "has a url that is neither http:// nor https://"
    return "" if source.url or source.path.startswith("/") else "needs the file's path"


def _is_present(source: Source, place: Path) -> bool:
    if not place.is_file():
        return False
    if source.url:
        return _digest(place) == source.sha256
    return Path(source.path).is_file() and _digest(place) == _digest(Path(source.path))


def _place(source: Source, place: Path) -> None:
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".") as scratch:
        fresh = Path(scratch) / "file"
        (_download if source.url else _copy)(source, fresh)
        fresh.chmod(0o644)
        fresh.rename(place)


def _download(source: Source, to: Path) -> None:
    try:
        with urllib.request.urlopen(source.url, timeout=SECONDS) as answer, to.open("wb") as file:
            shutil.copyfileobj(answer, file)
    except (URLError, OSError, ValueError) as error:
        raise RefusedError(f"{source.url} cannot be fetched: {error}; {UNCHANGED}") from error
    if (found := _digest(to)) != source.sha256:
        raise RefusedError(
            f"{source.url} is not the file that {NAME} names: its sha256 is {found}; {UNCHANGED}"
        )


def _copy(source: Source, to: Path) -> None:
    try:
        owned = run("dpkg-query", "-L", source.package).splitlines()
    except CommandError as error:
        raise RefusedError(f"{source.package} is not installed; {UNCHANGED}") from error
    if source.path not in owned or not Path(source.path).is_file():
        raise RefusedError(f"{source.package} has no file {source.path}; {UNCHANGED}")
    shutil.copyfile(source.path, to)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
