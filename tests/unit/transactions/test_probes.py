"""Probes, and the way out of a machine's frames."""

from pathlib import Path
from socket import create_server

import pytest

from bridgekit.errors import BridgekitError
from bridgekit.transaction import probes
from bridgekit.transaction.rollback import AS_BEFORE
from tests.support.trial import trial


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe's answer is waited for no longer than the first try."""
    monkeypatch.setattr(probes, "SETTLE_SECONDS", 0)


def test_a_probe_that_falls_silent_ends_it(tmp_path: Path, impatient: None) -> None:
    with create_server(("127.0.0.1", 0)) as one, create_server(("127.0.0.1", 0)) as other:
        port = one.getsockname()[1]
        probe, answered = f"tcp:127.0.0.1:{port}", f"tcp:127.0.0.1:{other.getsockname()[1]}"
        case = trial(tmp_path, probes=(probe, answered))
        case.machine.interference = {0: lambda kernel: one.close()}
        with pytest.raises(BridgekitError) as caught:
            case.execute()
        assert str(caught.value) == f"no answer any more from {probe}"
        assert case.roll_back() == f"{AS_BEFORE}, but {probe} answered before and does not now"
        with create_server(("127.0.0.1", port)):
            assert case.roll_back() == f"{AS_BEFORE}, and as reachable as before"
    assert case.differs_from_before() == []


def test_a_packet_filter_that_drops_what_machines_send_ends_it(tmp_path: Path) -> None:
    case = trial(tmp_path, service="{}")
    case.machine.forwards = False
    with pytest.raises(BridgekitError, match="send does not get out over eth0: a packet filter"):
        case.execute()
    assert case.events() == []
    assert case.roll_back() == AS_BEFORE
    assert case.machine.closed == ["br0"]
    assert case.differs_from_before() == []


def test_without_a_service_nobody_asks_the_packet_filter(tmp_path: Path) -> None:
    case = trial(tmp_path)
    case.machine.forwards = False
    case.execute()
    case.roll_back()
    assert case.machine.closed == []
