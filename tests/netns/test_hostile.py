"""A client that means ill: the service lives, serves others, and gives away nothing."""

import json
import time

import pytest

from bridgekit.lab.host import PYTHON
from bridgekit.lab.topology import Lab
from tests.support import hostile, pxe
from tests.support.programs import program

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
    argv = (*PYTHON, hostile.__file__, SERVER, str(PACKETS), str(SEED))
    result = json.loads(served.run("segment", *pxe.IN_CLIENT, *argv, timeout=280).stdout)
    assert result["sent"] == PACKETS and result["leaked"] == []
    assert result["answered"] > PACKETS / 10, "nobody heard it"
    assert daemons(served) == before, "a daemon had to be started again"
    checked = served.bridgekit("pxe", "check", "br0", "--json")
    assert json.loads(checked.stdout)["findings"] == [], checked


def another(lab: Lab) -> tuple[str, ...]:
    """One more client on the segment: the words before a program of its."""
    lab.run("segment", "ip", "netns", "add", "other")
    link = ("link", "add", "c1", "type", "veth", "peer", "eth0", "netns", "other")
    lab.run("segment", "ip", *link)
    lab.ip("segment", "link set c1 master segment up")
    for words in ("address add 192.168.242.121/24 dev eth0", "link set eth0 up"):
        lab.run("segment", "ip", "-n", "other", *words.split())
    return ("ip", "netns", "exec", "other")


def datagrams(lab: Lab) -> int:
    """How many reached the daemons' sockets, full or not, by the kernel's own count: RFC 4113."""
    pid = lab.run("host", "pgrep", "-o", "-f", "bootserver").stdout.strip()
    text = lab.run("host", "grep", "^Udp:", f"/proc/{pid}/net/snmp").stdout
    names, values = (line.split()[1:] for line in text.splitlines())
    counted = dict(zip(names, map(int, values), strict=True))
    return counted["InDatagrams"] + counted["InErrors"]


@pytest.mark.parametrize(
    ("kind", "count", "burst", "rate"),
    [("tftp", 1500, 100, 4), ("dhcp", 3000, 50, 10), ("strangers", 8000, 2000, 1000)],
)
def test_one_that_asks_too_much(served: Lab, kind: str, count: int, burst: int, rate: int) -> None:
    """What exceeds its share reaches no daemon, and another client gets all of its own."""
    before, began = datagrams(served), time.monotonic()
    flood = (*pxe.IN_CLIENT, *program("flood", kind, SERVER, str(count)))
    with served.popen("segment", *flood, stdin=-1, stdout=-1, text=True) as client:
        assert client.stdout.readline() == "sent\n"
        arrived = datagrams(served) - before
        assert burst <= arrived <= burst + rate * (time.monotonic() - began) + 5
        other = another(served)
        fetch = program("tftp_get", "debian-installer/amd64/grub/grub.cfg")
        assert "192.168.242.1" in served.run("segment", *other, *fetch).stdout
        ask = ("udhcpc", "-i", "eth0", "-n", "-q", "-f", "-s", "/bin/true")
        assert served.run("segment", *other, *ask, check=False).code == 0
        client.stdin.close()


def test_one_that_fetches_too_much(served: Lab) -> None:
    """It is refused what exceeds its share, and another client gets all of its own."""
    flood = (*pxe.IN_CLIENT, *program("http_flood", SERVER))
    seconds, served_to_it, refused = json.loads(served.run("segment", *flood).stdout)
    assert served_to_it + refused == 4000
    assert 1000 <= served_to_it <= 1000 + 100 * seconds + 5
    url = f"http://{SERVER}/menu/bios.ipxe"
    fetch = ("curl", "--silent", "--fail", "--max-time", "5", url)
    assert "#!ipxe" in served.run("segment", *another(served), *fetch).stdout


def test_one_that_downloads_too_much_at_once(served: Lab) -> None:
    """It is refused more than 64 at a time, and another client gets all of its own."""
    url = f"http://{SERVER}/debian/13/amd64/initrd.gz"
    argv = (*pxe.IN_CLIENT, *program("slow_downloads", url, "100"))
    with served.popen("segment", *argv, stdin=-1, stdout=-1, text=True) as client:
        assert json.loads(client.stdout.readline()) == [64, 36]
        fetch = ("curl", "--silent", "--fail", "--max-time", "30", "-o", "/dev/null", url)
        assert served.run("segment", *another(served), *fetch).code == 0
        client.stdin.close()


def test_one_that_never_ends_a_request(served: Lab) -> None:
    """Half a header on each of 9000 connections, of which the server has 8192."""
    argv = (*pxe.IN_CLIENT, *program("half_requests", SERVER))
    with served.popen("segment", *argv, stdin=-1, stdout=-1, text=True) as client:
        assert 0 < int(client.stdout.readline()) < 1000
        fetch = ("curl", "--silent", "--max-time", "5", f"http://{SERVER}/menu/bios.ipxe")
        assert "#!ipxe" in served.run("segment", *another(served), *fetch).stdout
        client.stdin.close()


def test_one_that_says_it_is_always_another(served: Lab) -> None:
    """Its card has one address of the range, whatever it calls itself."""
    client = (*pxe.IN_CLIENT, "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-s", "/bin/true")
    for number in range(3):
        served.run("segment", *client, "-C", "-x", f"0x3d:00{number:02x}")
    shown = json.loads(served.bridgekit("pxe", "status", "--json").stdout)
    assert len(shown["services"][0]["leases"]) == 1


def test_what_a_client_writes_into_the_log(served: Lab) -> None:
    """No line of its own, and nothing that a terminal obeys."""
    forged = "dnsmasq-dhcp%5B1%5D:%201%20PXE(eth1)%2002:00:00:00:66:66%20proxy"
    for letter in ("%0A", "%0d%0a", "%1b"):
        url = f"http://{SERVER}/x{letter}{forged}{letter}"
        got = served.run("segment", *pxe.IN_CLIENT, "curl", "--silent", "--include", url).stdout
        assert " 400 " in got.splitlines()[0]
    log = served.bridgekit("pxe", "logs", "br0").stdout
    assert log.count(forged) == 3
    assert all(line.isprintable() for line in log.splitlines())
    assert not any(line.startswith("dnsmasq-dhcp[1]") for line in log.splitlines())
    shown = json.loads(served.bridgekit("pxe", "status", "--json").stdout)
    assert shown["services"][0]["clients"] == []
