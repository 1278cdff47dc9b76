"""Every operation that a plan can hold is carried out by a function."""

import os
from contextlib import suppress
from pathlib import Path

from bridgekit.host.execution import HANDLERS
from bridgekit.host.execution.context import Context
from bridgekit.planning.operations import Operation


def netlink_sockets() -> int:
    """Return how many netlink sockets this process has, by the kernel's list of all: proc(5)."""
    lines = Path("/proc/self/net/netlink").read_text().splitlines()[1:]
    inodes = {f"socket:[{line.split()[-1]}]" for line in lines}
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # that of the directory itself
            found.append(os.readlink(descriptor))
    return sum(one in inodes for one in found)


def test_each_operation_has_its_function() -> None:
    assert set(HANDLERS) == set(Operation.__subclasses__())
    assert len(set(HANDLERS.values())) == len(HANDLERS)


def test_the_netlink_socket_is_opened_when_it_is_needed() -> None:
    before = netlink_sockets()
    with Context() as context:
        assert netlink_sockets() == before
        assert context.index_of("lo") == 1
        assert netlink_sockets() == before + 1
    assert netlink_sockets() == before
