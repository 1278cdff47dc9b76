"""The service's supervision of dnsmasq and nginx: what it passes on, and when it gives up."""

from pathlib import Path

import pytest

from bridgekit.bootserver import supervisor
from bridgekit.bootserver.daemons import Daemon
from bridgekit.bootserver.supervisor import CrashLoopError, SupervisedDaemon


@pytest.fixture
def daemon(tmp_path: Path) -> SupervisedDaemon:
    said: list[str] = []
    return SupervisedDaemon(Daemon("it", ("true",), tmp_path / "conf", ""), said.append, "ready")


def test_one_that_ends_again_and_again_ends_the_service(
    daemon: SupervisedDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 70.0, 80.0, 90.0, 100.0, 110.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    for _ in range(5):
        daemon._count(1)
    with pytest.raises(CrashLoopError, match="it ended 5 times in a minute, last with 1"):
        daemon._count(1)


def test_what_a_client_says_commands_no_terminal() -> None:
    assert supervisor._printable("name \x1b[2J\x07é") == "name ?[2J?é"
