"""A crowded neighbour table: it is one for all namespaces, so it is filled in a guest only."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bridgekit.lab.layout import HOST_MAC
from bridgekit.lab.topology import Lab
from tests.guest.moves import answers
from tests.support.programs import program
from tests.support.state import state

LASTING = (
    "neighbour replace 192.168.1.1 lladdr 52:54:00:b1:00:01 dev eth0 nud permanent",
    "neighbour replace 2001:db8:1::1 lladdr 52:54:00:b1:00:01 dev eth0 nud permanent",
    "neighbour add 192.168.1.91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent",
    "neighbour add 2001:db8:1::91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent",
    "neighbour add proxy 192.168.1.93 dev eth0",
)
LIMIT = 1024  # net.ipv4.neigh.default.gc_thresh3


@contextmanager
def flooded(lab: Lab, burst: int, rate: int) -> Iterator[None]:
    """Meanwhile so many neighbours have asked for the host, and others go on asking."""
    ends = (HOST_MAC, "192.168.1.4", "2001:db8:1::4")
    words = program("neighbour_flood", "eth0", str(burst), str(rate), *ends)
    pipe = subprocess.PIPE
    with lab.popen("gateway", *words, stdin=pipe, stdout=pipe, text=True) as asking:
        assert asking.stdout and asking.stdin
        assert asking.stdout.readline() == "asked\n"
        yield
        asking.stdin.close()


def neighbours(lab: Lab, link: str, *more: str) -> list[str]:
    """Return the entries of both families, as iproute2 shows them, that have a MAC address."""
    lines = lab.run("host", "ip", "-j", "neighbour", "show", "dev", link, *more).stdout
    return [one["dst"] for one in json.loads(lines) if "lladdr" in one]


def lasting(lab: Lab, link: str) -> list[str]:
    """Return those that stay; the kernel drops any noarp entry first when its table is full."""
    found = [neighbours(lab, link, "nud", "permanent")]
    proxies = json.loads(lab.run("host", "ip", "-j", "neighbour", "show", "proxy").stdout)
    found.append([one["dst"] for one in proxies if one["dev"] == link])
    return sorted(ip for one in found for ip in one)


@pytest.mark.parametrize("count", [700, 2 * LIMIT])
def test_a_crowded_segment(lab: Lab, count: int) -> None:
    """The table overflows while both links have the entries, and is full all the time."""
    lab.ip("host", *LASTING)
    before, kept = state(lab), lasting(lab, "eth0")
    assert len(kept) >= len(LASTING)
    with flooded(lab, count, LIMIT // 4):
        assert len(neighbours(lab, "eth0")) >= count / 2
        done = lab.bridgekit("apply", "eth0", "--yes")
        assert done.code == 0, done
        assert lasting(lab, "br0") == kept
        answers(lab, "192.168.1.4", "2001:db8:1::4")
        done = lab.bridgekit("rollback")
        assert done.code == 0, done
    assert lasting(lab, "eth0") == kept
    found = before.difference(state(lab))
    assert [line for line in found if "fe80::/64" not in line] == []
    answers(lab, "192.168.1.4", "2001:db8:1::4")
