"""A NIC that systemd-networkd manages: refused, or moved with networkd told to leave it alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bridgekit.lab.topology import Lab
from bridgekit.lab.traffic import ON_LINK, Traffic
from tests.support.networkd import restart, setup, start
from tests.support.state import state

PAIRS = (*ON_LINK, ("10.20.0.4", "203.0.113.1"))
FILE = "/run/systemd/network/00-bridgekit-br0.network"


@pytest.fixture
def networkd(lab: Lab) -> Lab:
    """A host whose eth0 has its addresses and routes of the real networkd."""
    start(lab)
    return lab


@contextmanager
def nothing_lost(lab: Lab) -> Iterator[None]:
    with Traffic(lab.hosts["host"], lab.hosts["gateway"], PAIRS, kinds=("udp",)) as traffic:
        yield
        flows = traffic.stop()
    assert [flow for flow in flows if flow.lost or flow.broken] == []


def test_it_is_refused(networkd: Lab) -> None:
    lab, before = networkd, state(networkd)
    refused = lab.bridgekit("apply", "eth0", "--yes")
    assert refused.code == 3 and "cuts this host off" in refused.stderr, refused
    assert before.difference(state(lab)) == []


def test_a_nic_that_networkd_leaves_alone_is_not_refused(networkd: Lab) -> None:
    lab = networkd
    path = "/run/systemd/network/00-mine.network"
    lab.run("host", "tee", path, stdin="[Match]\nName=eth0\n[Link]\nUnmanaged=yes\n")
    restart(lab, "unmanaged")
    assert setup(lab, "eth0") == "unmanaged"
    assert "owned-by" not in lab.bridgekit("plan", "eth0", "--no-persist").stdout


def test_it_leaves_the_bridge_alone(networkd: Lab) -> None:
    """At the move, at a restart as an upgrade makes it, and at the rollback."""
    lab = networkd
    before = state(lab)
    with nothing_lost(lab):
        assert lab.bridgekit("apply", "eth0", "--yes", "--i-know").code == 0
    assert (setup(lab, "eth0"), setup(lab, "br0")) == ("unmanaged", "unmanaged")
    moved = state(lab)
    with nothing_lost(lab):
        restart(lab, "unmanaged")
    assert moved.difference(state(lab)) == []
    assert "master br0" in lab.run("host", "bridge", "link").stdout
    with nothing_lost(lab):
        done = lab.bridgekit("rollback")
    assert done.code == 0, done
    with nothing_lost(lab):
        restart(lab, "configured")
    assert lab.run("host", "test", "-e", FILE, check=False).code == 1
    assert before.difference(state(lab)) == []
