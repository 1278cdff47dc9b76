"""Podman for the tests: its images are kept beside Docker's, and built outside of any lab."""

import os
import subprocess
from pathlib import Path
from typing import Final

from bridgekit.lab.host import BRIDGEKIT
from tests.support import dockerd

# crun refuses machines with both cgroup versions; and few machines allow a million open files
CONTAINERS: Final = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
"""
STORAGE: Final = """
[storage]
driver = "overlay"
graphroot = "{root}"
runroot = "/run/containers/storage"
"""


def data_root() -> Path:
    """Where images are kept from one run to the next."""
    return dockerd.data_root().parent / "podman"


def settings(folder: Path) -> dict[str, str]:
    """The environment that makes podman work here; its files go to the folder."""
    (folder / "containers.conf").write_text(CONTAINERS)
    (folder / "storage.conf").write_text(STORAGE.format(root=data_root()))
    return {
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
        "BRIDGEKIT_CACHE_DIR": str(data_root().parent),
    }


def ensure_image(folder: Path) -> None:
    """Build the service's image if it is missing."""
    build = (*BRIDGEKIT, "pxe", "build", "--engine=podman", "--no-nat")
    # podman leaves mounts behind
    apart = ("unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec "$@"', "sh")
    subprocess.run(
        (*apart, *build),
        env={**os.environ, **settings(folder)},
        check=True,
        stdout=subprocess.DEVNULL,
    )
