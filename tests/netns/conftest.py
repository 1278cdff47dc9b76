"""Labs that are ready for the PXE service."""

from collections.abc import Callable

import pytest

from bridgekit.lab.topology import Lab
from tests.support import pxe


@pytest.fixture
def bridged(make_lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A host with br0, and what the native engine runs from."""
    monkeypatch.setenv("BRIDGEKIT_CACHE_DIR", str(pxe.CACHE))
    pxe.ensure_root()
    return pxe.bridged(make_lab())


@pytest.fixture
def served(bridged: Lab) -> Lab:
    """A host whose service runs, and a client on its segment."""
    pxe.up(bridged)
    pxe.client(bridged)
    return bridged
