"""Labs for the tests; one that is skipped, or may fail, fails the session: none is left out."""

import itertools
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from bridgekit.lab import registry
from bridgekit.lab.topology import Lab

_numbers = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    """Programs that tests interrupt heed SIGINT, in a background job of a script too.

    A shell without job control ignores it there, and children inherit that (POSIX sh, 2.11).
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remove labs whose owner was killed; of several processes the first one does it."""
    if os.geteuid() == 0 and not hasattr(session.config, "workerinput"):
        registry.sweep()


def pytest_collection_finish(session: pytest.Session) -> None:
    """What must not run side by side is in groups; see that pytest-xdist knows of them."""
    loose = [item for item in session.items if item.get_closest_marker("xdist_group")]
    if "PYTEST_XDIST_WORKER" in os.environ and not all("@" in item.nodeid for item in loose):
        pytest.exit("pytest-xdist does not keep groups of tests together", returncode=3)


LEFT_OUT = ("skipped", "xfailed", "xpassed")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A session with a test that was skipped, or was let fail, has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == pytest.ExitCode.OK and reporter and _left_out(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _left_out(reporter: "pytest.TerminalReporter") -> list[str]:  # the guest's pytest has none
    return [word for word in LEFT_OUT if reporter.stats.get(word)]


@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Name a failure at once and why, so that a run that is cut off has told of it."""
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        why = getattr(report.longrepr, "reprcrash", report.longrepr)
        print(f"\n{report.nodeid} ({report.when}, {report.duration:.0f} s): {why}", flush=True)


def pytest_terminal_summary(terminalreporter: "pytest.TerminalReporter") -> None:
    """Say why such a session fails."""
    for word in _left_out(terminalreporter):
        terminalreporter.write_line(f"a test {word}: that fails the session", red=True)


@pytest.fixture
def make_lab() -> Iterator[Callable[..., Lab]]:
    """Bring up labs of the test's own choice (arguments as for Lab, without a name)."""
    with ExitStack() as stack:

        def make(**how: object) -> Lab:
            name = f"test{os.getpid()}-{next(_numbers)}"
            return stack.enter_context(Lab(name, **how))  # type: ignore[arg-type]

        yield make


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    """A lab whose host has the full state: see bridgekit/lab/layout.py."""
    return make_lab()
