"""A client that means ill: the service lives, serves others, and gives away nothing."""

import json
import sys

import pytest

from bridgekit.lab.topology import Lab
from tests.support import hostile, pxe

IN_CLIENT = ("ip", "netns", "exec", "client")
SERVER = "192.168.242.1"
PACKETS, SEED = 100_000, 8


def daemons(lab: Lab) -> list[str]:
    return lab.run("host", "pgrep", "-x", "dnsmasq|nginx").stdout.split()


@pytest.mark.all
def test_a_hundred_thousand_packets(served: Lab) -> None:
    """Without its limits, so that the daemons get to read all of them."""
    before = daemons(served)
    pid = served.run("host", "pgrep", "-o", "-f", "bootserver").stdout.strip()
    limits = ("nft", "delete", "table", "inet", "pxe-rates")
    served.run("host", "nsenter", f"--target={pid}", "--net", "--mount", "--root", *limits)
    argv = (sys.executable, hostile.__file__, SERVER, str(PACKETS), str(SEED))
    told = json.loads(served.run("wire", *IN_CLIENT, *argv, timeout=280).stdout)
    assert told["sent"] == PACKETS and told["leaked"] == []
    assert told["answered"] > PACKETS / 10, "nobody heard it"
    assert daemons(served) == before, "a daemon had to be started again"
    checked = served.bridgekit("pxe", "check", "br0", "--json")
    assert json.loads(checked.stdout)["findings"] == [], checked


def test_one_that_asks_too_much(served: Lab) -> None:
    """Reads that it never goes on with use up nothing of the others' share."""
    ask = "import socket; wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
    ask += (
        f"for _ in range(5000): wire.sendto(b'\\0\\1bootnetx64.efi\\0octet\\0', ('{SERVER}', 69))"
    )
    served.run("wire", *IN_CLIENT, sys.executable, "-c", ask)
    served.run("wire", "ip", "netns", "add", "other")
    link = ("link", "add", "c1", "type", "veth", "peer", "eth0", "netns", "other")
    served.run("wire", "ip", *link)
    served.ip("wire", "link set c1 master wire up")
    for words in ("address add 192.168.242.121/24 dev eth0", "link set eth0 up"):
        served.run("wire", "ip", "-n", "other", *words.split())
    fetch = (sys.executable, "-c", pxe.TFTP, "debian-installer/amd64/grub/grub.cfg")
    assert "192.168.242.1" in served.run("wire", "ip", "netns", "exec", "other", *fetch).stdout
