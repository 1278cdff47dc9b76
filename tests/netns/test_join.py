"""The moment in which a NIC becomes a port, or stops being one: nothing on its way is lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import PIPE

import pytest

from bridgekit.lab.host import PYTHON
from bridgekit.lab.topology import Lab

WAY = """
import itertools, select, socket, struct, sys, time
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
way = socket.socket(family, socket.SOCK_DGRAM)
"""
SEND = f"""{WAY}
for number in itertools.count():
    way.sendto(struct.pack("=Q", number), (sys.argv[1], 7008))
    if number % 50 == 0:  # a busy machine's queue of 1,000 packets must not run over
        time.sleep(0.0002)
"""
COUNT = f"""{WAY}
SO_RCVBUFFORCE = 33
way.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
way.bind((sys.argv[1], 7008))
way.settimeout(10)
first = last = struct.unpack("=Q", way.recv(64))[0]
print("counting", flush=True)
for came in itertools.count(2):
    last = struct.unpack("=Q", way.recv(64))[0]
    if came % 100 == 0 and select.select([sys.stdin], [], [], 0)[0]:
        break
print(came, last - first + 1 - came)
"""
HOST = {"IPv4": "192.168.1.4", "IPv6": "2001:db8:1::4"}


@contextmanager
def flood(lab: Lab, address: str) -> Iterator[Callable[[], tuple[int, int]]]:
    """Datagrams, one after the other; asked, it tells how many came and how many were lost."""
    program = (*PYTHON, "-c")
    receiving = lab.popen("host", *program, COUNT, address, stdin=PIPE, stdout=PIPE, text=True)
    with receiving as counts, lab.popen("gateway", *program, SEND, address) as sends:

        def told() -> tuple[int, int]:
            came, lost = counts.communicate("\n", timeout=60)[0].split()
            return int(came), int(lost)

        try:
            assert counts.stdout.readline() == "counting\n"
            yield told
        finally:
            sends.kill()
            counts.kill()


@pytest.mark.parametrize("family", HOST)
def test_nothing_is_lost(lab: Lab, family: str) -> None:
    """Without a way around, each join and each leave costs some."""
    with flood(lab, HOST[family]) as told:
        for _ in range(3):
            assert lab.bridgekit("apply", "eth0", "--yes", "--no-persist").code == 0
            assert lab.bridgekit("rollback").code == 0
        came, lost = told()
    assert (lost, came > 10_000) == (0, True)
