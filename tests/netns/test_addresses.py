"""An operation that adds addresses is done when they can be used, however late the kernel is."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import takewhile
from subprocess import PIPE

from bridgekit.host import machine
from bridgekit.lab import layout
from bridgekit.lab.host import readable
from bridgekit.lab.kernel import inside
from bridgekit.lab.topology import Lab
from bridgekit.planning import operations as op
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.routes.route_set import RouteSet

TIMES = range(10, 250)
"""More than the 50 ms of each second that the kernel's fair server grants even so."""


@contextmanager
def ahead_of_work_items() -> Iterator[None]:
    """Let the kernel's work items of one CPU run only while the calling thread waits.

    A thread of SCHED_FIFO keeps its CPU from all others (sched(7)), and a work item runs on the CPU
    that it was queued on (Documentation/core-api/workqueue.rst).
    """
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.sched_setaffinity(0, cpus)


@contextmanager
def monitored_routes(lab: Lab) -> Iterator[Iterator[str]]:
    """The lines of `ip monitor route` in the host, which listens already."""
    watch = lab.popen("host", "ip", "-o", "monitor", "route", stdout=PIPE, text=True)
    try:
        assert watch.stdout
        while not readable(watch.stdout, 0.1):
            lab.ip("host", "route replace 10.1.0.0/16 via 192.168.1.1")
        yield iter(watch.stdout)
    finally:
        watch.kill()
        watch.wait(10)


def added(ip: str, family: int, bits: int) -> str:
    """Add an address to the NIC; return how its local route is shown."""
    machine.execute(op.AddAddresses("eth0", (Address("eth0", family, ip, bits),), RouteSet()))
    return f"local {ip} dev eth0"


def test_addresses_are_usable_before_the_next_operation(make_lab: Callable[..., Lab]) -> None:
    """A work item makes an address's local route, without which the host does not answer for it."""
    lab = make_lab(host=layout.SIMPLE)
    with monitored_routes(lab) as lines:
        with inside("net", lab.hosts["host"].pid), ahead_of_work_items():
            pairs = [
                (added(f"2001:db8:1::{n}", IPV6, 64), added(f"192.168.1.{n}", IPV4, 24))
                for n in TIMES
            ]
        shown = "".join(takewhile(lambda line: pairs[-1][1] not in line, lines))
    late = [one for one, following in pairs if one not in shown.partition(following)[0]]
    assert late == []
