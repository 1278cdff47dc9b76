"""The native engine's root file system: Debian's packages unpacked by mmdebstrap, made once."""

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bridgekit.assets import asset
from bridgekit.errors import RefusedError
from bridgekit.pxe import files
from bridgekit.pxe.spec import PxeSpec
from bridgekit.system import lock
from bridgekit.system.process import run
from bridgekit.system.progress import Report

BASE = "trixie"
"""What the service itself is made of: the newest release, whose signed GRUB speaks HTTP."""
BUILD_SECONDS = 1800
BUILD_INPUTS = ("packages", "firmware", "get", "install")


def path_of(spec: PxeSpec, cache: Path) -> Path:
    """Where the root for this release and these packages belongs; it need not exist yet."""
    inputs = files.content_digest(*(f"pxe/{name}" for name in BUILD_INPUTS))
    return cache / f"pxe-root-{spec.image_variant}-{inputs}"


def older_suites(spec: PxeSpec) -> tuple[str, ...]:
    """Return the releases that it offers and is not itself made of."""
    return tuple(suite for suite in spec.suites if suite != BASE)


def ensure_root(spec: PxeSpec, cache: Path, report: Report, fresh: bool = False) -> Path:
    """Return the root, built first if it is missing; another builder is waited for.

    With `fresh` it is built anew; nothing may run in the old one.
    """
    root = path_of(spec, cache)
    if root.is_dir() and not fresh:
        return root
    with lock.exclusive(files.private_dir(cache) / ".pxe-root.lock"):
        if fresh or not root.is_dir():
            report(f"making the PXE service's root from Debian {BASE}'s packages …")
            _build(spec, root)
            report(f"made {root}")
    return root


def debootstrap(suite: str, target: Path, *options: str) -> None:
    """Unpack a minimal Debian as a directory or a .tar.

    Equivalent to: mmdebstrap --variant=minbase SUITE TARGET
    """
    if not shutil.which("mmdebstrap"):
        raise RefusedError(
            "mmdebstrap is missing; nothing was changed; run `apt-get install mmdebstrap`"
        )
    mirror = filter(None, (os.environ.get("BRIDGEKIT_MIRROR"),))
    argv = ("mmdebstrap", "--quiet", "--variant=minbase", *options, suite, str(target), *mirror)
    run(*argv, timeout=BUILD_SECONDS)


def _build(spec: PxeSpec, root: Path) -> None:
    # a temporary directory is 0700, but / must be open to the service's own user
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".pxe-root-") as scratch:
        fresh = Path(scratch) / "root"
        debootstrap(BASE, fresh, *(f"--customize-hook={line}" for line in _hooks(spec)))
        if root.is_dir():
            root.rename(Path(scratch) / "old")
        fresh.rename(root)


def _hooks(spec: PxeSpec) -> Iterator[str]:
    """Yield the commands for the new root, as in the Dockerfile; mmdebstrap runs them by sh."""
    yield 'mkdir "$1/pxe"'
    for name in BUILD_INPUTS:
        yield f'cp {shlex.quote(str(asset(f"pxe/{name}")))} "$1/pxe/"'
    firmware = "yes" if spec.firmware else "no"
    words = (" ".join(older_suites(spec)), " ".join(spec.versions), firmware)
    yield f'chroot "$1" sh /pxe/get {shlex.join(words)}'
    yield 'chroot "$1" sh /pxe/install'
