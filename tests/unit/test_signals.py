"""A signal ends what it should end, whatever expects a failure on its way."""

import os
import signal
from contextlib import suppress

import pytest

from bridgekit.system import signals


def test_a_signal_is_no_failure_of_what_it_interrupts() -> None:
    """A probe that fails is tried again; one that is interrupted ends the command."""
    interrupted = pytest.raises(signals.SignalError, match="SIGTERM")
    with interrupted, signals.raise_on_signal(), suppress(Exception):
        os.kill(os.getpid(), signal.SIGTERM)
