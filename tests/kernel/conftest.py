"""The disk with the project on it is made once."""

from pathlib import Path

import pytest

from tests.support.systemd_guest import installed


@pytest.fixture(scope="session")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A disk of a Debian machine with systemd, to be layered over."""
    return installed(tmp_path_factory.mktemp("systemd"))
