"""The PXE service's image: Debian's base pulled or made, ours built upon it."""

import os
from contextlib import suppress
from pathlib import Path

from bridgekit.assets import asset
from bridgekit.errors import RefusedError
from bridgekit.pxe import files
from bridgekit.pxe.engines import rootfs
from bridgekit.pxe.spec import PxeSpec
from bridgekit.system.process import CommandError, run
from bridgekit.system.progress import Report

BASE = f"debian:{rootfs.BASE}-slim"
LABEL = "bridgekit.inputs"
PULL_SECONDS = 600.0


def name_of(spec: PxeSpec) -> str:
    """Return the image's name: the user's, else our own for the release."""
    return spec.image or f"bridgekit-pxe:{spec.image_variant}"


def is_ready(engine: str, spec: PxeSpec) -> bool:
    """Return whether the image exists; ours must be built from the files as they are now."""
    if spec.image:
        return bool(_inspect(engine, spec.image, ".Id"))
    return _inspect(engine, name_of(spec), f'index .Config.Labels "{LABEL}"') == _inputs(spec)


def ensure_image(
    engine: str, spec: PxeSpec, cache: Path, report: Report, fresh: bool = False
) -> str:
    """Return the image's name, once it is there: ours built, someone else's pulled."""
    if not is_ready(engine, spec) and spec.image:
        _pull(engine, spec.image, report)
    elif not spec.image and (fresh or not is_ready(engine, spec)):
        build_image(engine, spec, cache, report, fresh)
    return name_of(spec)


def build_image(engine: str, spec: PxeSpec, cache: Path, report: Report, fresh: bool) -> str:
    """Build the image under its name, whether there is one or not; `fresh` from today's packages.

    Equivalent to: docker build --network host -t NAME .
    """
    _ensure_base(engine, cache, report)
    report(f"building {name_of(spec)} …")
    dockerfile = asset("Dockerfile")
    run(
        *(engine, "build", "--quiet", "--network=host", f"--tag={name_of(spec)}"),
        *(("--no-cache",) if fresh else ()),  # or it would have the packages of an earlier day
        f"--build-arg=OLDER={' '.join(rootfs.older_suites(spec))}",
        f"--build-arg=VERSIONS={' '.join(spec.versions)}",
        f"--build-arg=FIRMWARE={'yes' if spec.firmware else 'no'}",
        f"--label={LABEL}={_inputs(spec)}",
        f"--file={dockerfile}",
        str(dockerfile.parent),
        timeout=rootfs.BUILD_SECONDS,
    )
    return name_of(spec)


def _ensure_base(engine: str, cache: Path, report: Report) -> None:
    if _inspect(engine, BASE, ".Id"):
        return
    report(f"pulling {BASE} …")
    with suppress(CommandError):
        run(engine, "pull", BASE, timeout=PULL_SECONDS)
        return
    report(f"{BASE} cannot be pulled; making it from Debian's packages …")
    _import_base(engine, cache)


def _import_base(engine: str, cache: Path) -> None:
    """Import Debian's base as an image.

    Equivalent to: mmdebstrap --variant=minbase SUITE base.tar; docker import base.tar BASE
    """
    archive = files.private_dir(cache) / f"base-{rootfs.BASE}.tar"
    if not archive.exists():
        fresh = Path(f"{archive}.{os.getpid()}.tar")
        try:
            rootfs.debootstrap(rootfs.BASE, fresh)
            fresh.replace(archive)
        finally:
            fresh.unlink(missing_ok=True)
    run(engine, "import", str(archive), BASE, timeout=600)


def _pull(engine: str, name: str, report: Report) -> None:
    report(f"pulling {name} …")
    try:
        run(engine, "pull", name, timeout=PULL_SECONDS)
    except CommandError as error:
        raise RefusedError(
            f"there is no image {name!r} and it cannot be pulled: {error}; nothing was changed; "
            f"leave --image out to use our own, or build it: bridgekit pxe build --image {name}"
        ) from error


def _inputs(spec: PxeSpec) -> str:
    return f"{spec.image_variant}-{files.content_digest('Dockerfile', 'pxe')}"


def _inspect(engine: str, name: str, expression: str) -> str:
    with suppress(CommandError):
        return run(engine, "image", "inspect", "--format", f"{{{{{expression}}}}}", name).strip()
    return ""
