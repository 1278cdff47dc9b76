"""A router that advertises a prefix on the lab's segment."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from bridgekit.lab.topology import Lab

PREFIX = "2001:db8:5:"
ROUTER = (
    *("dnsmasq", "--no-daemon", "--port=0", "--user=root", "--conf-file=/dev/null"),
    *("--leasefile-ro", "--interface=eth0", "--bind-interfaces", "--enable-ra"),
    *("--dhcp-range=2001:db8:5::,ra-only,64,3600", "--ra-param=eth0,4,1800"),
)


@contextmanager
def advertised(lab: Lab) -> Iterator[None]:
    """The gateway advertises a prefix; within, the host has an address of it."""
    lab.ip("gateway", "address add 2001:db8:5::1/64 dev eth0 nodad")
    with lines_of(lab, "ip", "monitor", "address") as lines:
        router = lab.popen("gateway", *ROUTER)
        try:
            assert any(PREFIX in line and "tentative" not in line for line in lines)
            yield
        finally:
            router.kill()
            router.wait(10)


@contextmanager
def lines_of(lab: Lab, *argv: str) -> Iterator[Iterator[str]]:
    """The lines that a program in the host prints while it runs."""
    process = lab.popen("host", *argv, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        yield iter(process.stdout)
    finally:
        process.kill()
        process.wait(10)
