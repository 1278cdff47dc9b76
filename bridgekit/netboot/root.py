"""The native engine's root file system: Debian's packages unpacked by mmdebstrap, made once."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bridgekit.errors import Refused
from bridgekit.host.command import run
from bridgekit.netboot import files
from bridgekit.netboot.report import Say
from bridgekit.netboot.service import Service

BUILD_SECONDS = 1800
NO_GTK = "path-exclude=/usr/lib/debian-installer/images/*/*/gtk/*"


def path_of(service: Service, cache: Path) -> Path:
    """Where the root for this release and these packages belongs; it need not exist yet."""
    return cache / f"pxe-root-{service.suite}-{files.digest('pxe/packages', 'pxe/install')}"


def ensure(service: Service, cache: Path, say: Say) -> Path:
    """Return the root, built first if it is missing; another builder is waited for."""
    root = path_of(service, cache)
    if root.is_dir():
        return root
    with _locked(files.private_dir(cache) / ".pxe-root.lock"):
        if not root.is_dir():
            say(f"making the PXE service's root from Debian {service.suite}'s packages …")
            _build(service, root)
            say(f"made {root}")
    return root


def debootstrap(suite: str, target: Path, *options: str) -> None:
    """Unpack a minimal Debian as a directory or a .tar.

    Equivalent to: mmdebstrap --variant=minbase SUITE TARGET
    """
    if not shutil.which("mmdebstrap"):
        raise Refused("mmdebstrap is missing. Nothing was changed; apt-get install mmdebstrap.")
    mirror = filter(None, (os.environ.get("BRIDGEKIT_MIRROR"),))
    argv = ("mmdebstrap", "--quiet", "--variant=minbase", *options, suite, str(target), *mirror)
    run(*argv, timeout=BUILD_SECONDS)


def _build(service: Service, root: Path) -> None:
    # a temporary directory is 0700, but / must be open to the service's own user
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".pxe-root-") as scratch:
        fresh = Path(scratch) / "root"
        include = "--include=" + ",".join(files.packages(service.version))
        debootstrap(service.suite, fresh, include, f"--dpkgopt={NO_GTK}")
        (fresh / "pxe").mkdir()
        shutil.copy(files.asset("pxe/install"), fresh / "pxe")
        run("chroot", str(fresh), "sh", "/pxe/install")
        fresh.rename(root)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
