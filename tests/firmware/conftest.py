"""For each module one lab of each engine, which serves all its clients."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bridgekit.lab.topology import Lab
from tests.support import dockerd
from tests.support.netboot import CACHE, Served, build, serve

WITH_IPV6 = ("--pxe-ipv6", "fd00:242::1/64")


@pytest.fixture(scope="module")
def environment() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRIDGEKIT_CACHE_DIR", CACHE)
        yield patch


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the service's own user can read, and those above it, too."""
    folder = tmp_path_factory.mktemp("site")
    for above in (folder, *list(folder.parents)[:2]):
        above.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def native(environment: pytest.MonkeyPatch, site: Path) -> Iterator[Served]:
    """One lab served by the native engine, for all clients."""
    build("native")
    with Lab(f"firmware{os.getpid()}") as lab:
        yield serve(lab, "native", site, *WITH_IPV6)
        assert lab.bridgekit("rollback", "--yes").code == 0


@pytest.fixture(scope="module")
def docker(environment: pytest.MonkeyPatch, site: Path) -> Iterator[Served]:
    """The same by Docker."""
    data = dockerd.data_root()
    with dockerd.beside_the_machine(data) as address:
        build("docker", DOCKER_HOST=address)
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(f"docker{os.getpid()}"))
        environment.setenv("DOCKER_HOST", stack.enter_context(dockerd.inside(lab, data)))
        yield serve(lab, "docker", site, *WITH_IPV6)
        assert lab.bridgekit("rollback", "--yes").code == 0
