"""`attach` and `detach` on a real bridge: pipework's job, whole or not at all."""

import json
import sys
from collections.abc import Callable, Iterator

import pytest

from bridgekit.lab import layout, witness
from bridgekit.lab.host import Host
from bridgekit.lab.topology import Lab

MAC = "02:00:00:00:00:07"


@pytest.fixture
def host(make_lab: Callable[..., Lab]) -> Iterator[Lab]:
    """A host with br0, whose MTU is 1400, and a container called web."""
    lab = make_lab(host=layout.SIMPLE)
    lab.ip("host", "link add br0 mtu 1400 type bridge forward_delay 0", "link set br0 up")
    lab.run("host", "ip", "netns", "add", "web")
    yield lab


def links(host: Host, *where: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(host.run("ip", "-j", "-d", *where, "link").stdout)
    return found


def state(lab: Lab) -> tuple[witness.Testimony, str]:
    inside = lab.run("host", "ip", "-d", "-4", "-n", "web", "address").stdout
    return witness.dump(lab.hosts["host"]), inside


def test_attach_and_detach(host: Lab) -> None:
    before = links(host.hosts["host"])
    done = host.bridgekit("attach", "br0", "web", "192.0.2.7/24@192.0.2.1", MAC)
    assert (done.code, done.stderr) == (0, "")
    inside = json.loads(host.run("host", "ip", "-j", "-n", "web", "address").stdout)
    eth1 = next(link for link in inside if link["ifname"] == "eth1")
    address = next(info for info in eth1["addr_info"] if info["family"] == "inet")
    assert (eth1["address"], eth1["mtu"], eth1["operstate"]) == (MAC, 1400, "UP")
    assert (address["local"], address["prefixlen"]) == ("192.0.2.7", 24)
    assert address["broadcast"] == "192.0.2.255"
    routes = host.run("host", "ip", "-n", "web", "route").stdout
    assert "default via 192.0.2.1 dev eth1" in routes
    port = next(link for link in links(host.hosts["host"]) if link.get("master") == "br0")
    assert (port["mtu"], port["operstate"]) == (1400, "UP")
    assert host.bridgekit("detach", "br0", "web").code == 0
    assert [x["ifname"] for x in links(host.hosts["host"])] == [x["ifname"] for x in before]


def test_again_changes_nothing(host: Lab) -> None:
    assert host.bridgekit("attach", "br0", "web", "192.0.2.7/24").code == 0
    host.run("host", "sh", "-c", "until ip link show br0 | grep -q 'state UP'; do :; done")
    host.run("host", "sh", "-c", "while ip -n web addr | grep -q tentative; do :; done")
    before = state(host)
    again = host.bridgekit("attach", "br0", "web", "192.0.2.7/24")
    assert (again.code, "nothing to do" in again.stdout) == (0, True)
    assert before[0].difference(state(host)[0]) == []
    assert state(host) == before
    other = host.bridgekit("attach", "br0", "web", "192.0.2.8/24")
    assert (other.code, "eth1 already" in other.stderr) == (3, True)
    assert state(host) == before
    assert host.bridgekit("detach", "br0", "web").code == 0
    assert "nothing to do" in host.bridgekit("detach", "br0", "web").stdout


def test_the_wire_hears_of_it(host: Lab) -> None:
    """A gratuitous ARP: caches that know an earlier owner of the address learn the new one."""
    capture = (
        "timeout",
        "20",
        "tcpdump",
        "-c",
        "1",
        "-nn",
        "-l",
        "-i",
        "br0",
        "arp and src host 192.0.2.7",
    )
    with host.popen("host", *capture, stdout=-1, stderr=-1, text=True) as sniffer:
        assert "listening" in next(line for line in sniffer.stderr if "listening" in line)
        assert host.bridgekit("attach", "br0", "web", "192.0.2.7/24").code == 0
        assert "192.0.2.7" in sniffer.stdout.read()


def test_a_gateway_outside_of_the_subnet(host: Lab) -> None:
    assert host.bridgekit("attach", "br0", "web", "192.0.2.7/32@198.51.100.1").code == 0
    routes = host.run("host", "ip", "-n", "web", "route").stdout
    assert "198.51.100.1 dev eth1" in routes and "default via 198.51.100.1" in routes


def test_a_bridge_that_is_missing_is_made(host: Lab) -> None:
    assert host.bridgekit("attach", "br7", "web", "192.0.2.7/24").code == 0
    br7 = next(link for link in links(host.hosts["host"]) if link["ifname"] == "br7")
    assert "UP" in br7["flags"]


def test_a_process_by_its_id(host: Lab) -> None:
    command = ("unshare", "--net", "sh", "-c", "echo $$; read forever")
    with host.popen("host", *command, stdin=-1, stdout=-1, text=True) as process:
        pid = process.stdout.readline().strip()
        done = host.bridgekit("attach", "br0", pid, "192.0.2.7/24")
        assert (done.code, done.stderr) == (0, "")
        process.stdin.close()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("br0", "nosuch", "192.0.2.7/24"), 3, "There is no running container 'nosuch'"),
        (("eth0", "web", "192.0.2.7/24"), 3, "eth0 exists and is no bridge"),
        (("br0", "1", "192.0.2.7/24"), 3, "shares the host's own network"),
        (("br0", "web", "192.0.2.7"), 2, "ADDRESS/LEN"),
        (("br0", "web", "192.0.2.300/24"), 2, "192.0.2.300"),
        (("br0", "web", "192.0.2.0/24"), 2, "network or broadcast"),
        (("br0", "web", "192.0.2.7/24@gate"), 2, "gate"),
        (("br0", "web", "192.0.2.7/24@192.0.2.7"), 2, "gateway"),
        (("br0", "web", "192.0.2.7/24", "03:00:00:00:00:01"), 2, "MAC"),
        (("br0", "web", "192.0.2.7/24", "zz"), 2, "MAC"),
        (("a/b", "web", "192.0.2.7/24"), 2, "a/b"),
        (("br0", "web"), 2, "ADDRESS"),
    ],
)
def test_bad_input(host: Lab, words: tuple[str, ...], code: int, sentence: str) -> None:
    before = state(host)
    done = host.bridgekit("attach", *words)
    assert done.code == code
    assert sentence in done.stderr and "Traceback" not in done.stderr
    assert state(host) == before


def test_without_rights(host: Lab) -> None:
    before = state(host)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    program = "import sys; from bridgekit.netboot.attach import attach; from pathlib import Path;"
    program += "from bridgekit.errors import Refused\n"
    program += "try: attach('br0', 'web', '192.0.2.7/24', state=Path('/nowhere'))\n"
    program += "except Refused as error: print(error); sys.exit(error.exit_code)\n"
    done = host.run("host", *nobody, sys.executable, "-c", program, check=False)
    assert (done.code, "needs root" in done.stdout) == (3, True), done.stderr
    assert state(host) == before


def test_all_or_nothing(host: Lab) -> None:
    """A step inside the container fails: it has the route to the gateway already."""
    for words in ("link set lo up", "route add 198.51.100.1/32 dev lo"):
        host.run("host", "ip", "-n", "web", *words.split())
    before = [link["ifname"] for link in links(host.hosts["host"])]
    done = host.bridgekit("attach", "br7", "web", "192.0.2.7/24@198.51.100.1")
    assert (done.code, "undone" in done.stderr) == (3, True)
    assert [link["ifname"] for link in links(host.hosts["host"])] == before
    assert "eth1" not in host.run("host", "ip", "-n", "web", "link").stdout
