"""Check that a mirror still has the modules of the installer's kernel.

The installer fetches them from the mirror. After a point release only those of the newer kernel are
there, and an older netboot image stops with "No kernel modules were found".
"""

import lzma
import re
import struct
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

from bridgekit.errors import RefusedError, UsageError
from bridgekit.pxe.diagnose.findings import (
    INSTALLER_KERNEL_STALE,
    NO_INSTALLER,
    PxeFinding,
    finding,
)
from bridgekit.pxe.spec import PxeSpec

INDEX = "dists/{suite}/main/debian-installer/binary-amd64/Packages.xz"
MODULES = re.compile(r"^Package: kernel-image-(\S+)-di$", re.MULTILINE)
VERSION_AT = 0x20E  # "kernel_version" of Documentation/arch/x86/boot.rst
SECONDS = 60.0


def kernel_release(linux: Path) -> str:
    """Return the release of an x86 kernel, like 6.12.57+deb13-amd64. Raises ValueError."""
    with linux.open("rb") as file:
        head = file.read(0x10000)
    if head[0x202:0x206] != b"HdrS":
        raise ValueError(f"{linux} is no x86 kernel")
    (at,) = struct.unpack_from("<H", head, VERSION_AT)
    return head[at + 0x200 :].split(b" ", 1)[0].decode(errors="replace")


def kernels_with_modules(mirror: str, suite: str) -> frozenset[str]:
    """Return the kernels whose modules a mirror has for the installer.

    Raises RefusedError if it can't tell.
    """
    if not mirror.startswith(("http://", "https://")):
        raise UsageError(f"{mirror!r} is no address of a mirror, like http://mirror.example/debian")
    url = f"{mirror.rstrip('/')}/{INDEX.format(suite=suite)}"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:
            text = lzma.decompress(answer.read()).decode(errors="replace")
    except (URLError, OSError, lzma.LZMAError, ValueError) as error:
        raise RefusedError(f"{url} cannot be read: {error}; nothing was changed") from error
    return frozenset(MODULES.findall(text))


def check_installer_abi(spec: PxeSpec, tree: Path | None, mirror: str) -> tuple[PxeFinding, ...]:
    """Return a finding for each release whose kernel the mirror has no modules for."""
    if tree is None:
        text = f"no service runs on {spec.bridge}, so its installer cannot be compared"
        return (finding(NO_INSTALLER, text),)
    return tuple(_missing_modules(spec, tree, mirror))


def _missing_modules(spec: PxeSpec, tree: Path, mirror: str) -> Iterator[PxeFinding]:
    for suite, number in zip(spec.suites, spec.versions, strict=True):
        release = kernel_release(tree / f"debian/{number}/amd64/linux")
        available = kernels_with_modules(mirror, suite)
        if release not in available:
            yield finding(
                INSTALLER_KERNEL_STALE,
                f"Debian {number}'s installer has the kernel {release}, and {mirror} has modules "
                f"for {', '.join(sorted(available)) or 'none'}: it would find no NIC or disk. "
                "`bridgekit pxe build --fresh` makes the service from today's packages.",
            )
