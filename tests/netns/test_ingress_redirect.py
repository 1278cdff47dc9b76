"""The moment in which a NIC becomes a port, or stops being one: nothing on its way is lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import PIPE

import pytest

from bridgekit.lab.topology import Lab
from tests.support.programs import program

HOST = {"IPv4": "192.168.1.4", "IPv6": "2001:db8:1::4"}


@contextmanager
def flood(lab: Lab, address: str) -> Iterator[Callable[[], tuple[int, int]]]:
    """Datagrams, one after the other; asked, it tells how many came and how many were lost."""
    counting, sending = program("datagrams_count", address), program("datagrams_send", address)
    receiving = lab.popen("host", *counting, stdin=PIPE, stdout=PIPE, text=True)
    with receiving as counts, lab.popen("gateway", *sending) as sends:

        def count() -> tuple[int, int]:
            came, lost = counts.communicate("\n", timeout=60)[0].split()
            return int(came), int(lost)

        try:
            assert counts.stdout.readline() == "counting\n"
            yield count
        finally:
            sends.kill()
            counts.kill()


@pytest.mark.parametrize("family", HOST)
def test_nothing_is_lost(lab: Lab, family: str) -> None:
    """Without a way around, each join and each leave costs some."""
    with flood(lab, HOST[family]) as count:
        for _ in range(3):
            assert lab.bridgekit("apply", "eth0", "--yes", "--no-persist").code == 0
            assert lab.bridgekit("rollback").code == 0
        came, lost = count()
    assert (lost, came > 10_000) == (0, True)
