"""`attach` and `detach` on a real bridge: pipework's job, whole or not at all."""

import json
import signal
from collections.abc import Callable

import pytest

from bridgekit.lab import state_dump
from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from tests.support.containers import links, with_container
from tests.support.programs import program

MAC = "02:00:00:00:00:07"
BAD_BRIDGES = ("b\x01", "b%d", ".", "..", "br#1", "b r", "b" * 16, "")
NO_CONTAINERS = ("", ".", "..", "a/b", "x" * 300)
NO_HOSTS = ("224.0.0.5/24", "127.0.0.5/8", "0.0.0.0/32", "255.255.255.255/32")
NO_GATEWAYS = ("0.0.0.0", "192.0.2.0", "192.0.2.255", "255.255.255.255", "224.0.0.1", "127.0.0.1")


@pytest.fixture
def host(make_lab: Callable[..., Lab]) -> Lab:
    return with_container(make_lab)


def state(lab: Lab) -> tuple[state_dump.StateDump, str]:
    inside = lab.run("host", "ip", "-d", "-4", "-n", "web", "address").stdout
    return state_dump.dump(lab.hosts["host"]), inside


def settle(lab: Lab) -> None:
    """Wait until br0 is up and both ends have the IPv6 addresses they get by themselves."""
    for ip, nic in (("ip -6", "br0"), ("ip -n web -6", "eth1")):
        ready = f"{ip} address show dev {nic} scope link -tentative | grep -q fe80"
        lab.run("host", "sh", "-c", f"until {ready}; do :; done")
    lab.run("host", "sh", "-c", "until ip link show br0 | grep -q 'state UP'; do :; done")
    lab.run("host", "sh", "-c", "while ip address | grep -q tentative; do :; done")


def function(lab: Lab, *words: str, before: tuple[str, ...] = ()) -> tuple[int, str]:
    """Call `attach` itself; return the exit code of its error, and the sentence."""
    done = lab.run("host", *before, *program("attach", *words), check=False)
    return done.code, done.stdout + done.stderr


def test_attach_and_detach(host: Lab) -> None:
    before = links(host.hosts["host"])
    done = host.bridgekit("attach", "br0", "web", "192.0.2.7/24@192.0.2.1", MAC)
    assert (done.code, done.stderr) == (0, ""), done
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
    settle(host)
    before = state(host)
    again = host.bridgekit("attach", "br0", "web", "192.0.2.7/24")
    assert again.code == 0 and "nothing to do" in again.stdout, again
    assert before[0].difference(state(host)[0]) == []
    assert state(host) == before
    other = host.bridgekit("attach", "br0", "web", "192.0.2.8/24")
    assert other.code == 3 and "eth1 already" in other.stderr, other
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
        assert (done.code, done.stderr) == (0, ""), done
        process.stdin.close()


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("br0", "nosuch", "192.0.2.7/24"), 3, "there is no running container 'nosuch'"),
        (("lo", "web", "192.0.2.7/24"), 3, "no bridge and no Ethernet NIC"),
        (("br0", "web", "192.0.2.7/24", "--vlan", "7"), 3, "does not filter VLANs"),
        (("br7", "web", "192.0.2.7/24", "--vlan", "7"), 3, "does not filter VLANs"),
        (("br0", "web", "192.0.2.7/24", "--vlan", "4095"), 2, "VLAN 4095"),
        (("br0", "web", "192.0.2.7/24", "--mtu", "60"), 2, "MTU of 60"),
        (("br0", "web", "192.0.2.7/24", "--ifname", "a/b"), 2, "name of an interface"),
        (("br0", "web", "192.0.2.7/24", "--route", "10.0.0.1/8"), 2, "PREFIX"),
        (("br0", "web", "2001:db8::7/64@192.0.2.1"), 2, "gateway"),
        (("br0", "web", "ff02::1/64"), 2, "address of one host"),
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
        *(((name, "web", "192.0.2.7/24"), 2, "name of a bridge") for name in BAD_BRIDGES),
        *((("br0", name, "192.0.2.7/24"), 3, "no running container") for name in NO_CONTAINERS),
        *((("br0", "web", word), 2, "address of one host") for word in NO_HOSTS),
        *((("br0", "web", f"192.0.2.7/24@{word}"), 2, "gateway") for word in NO_GATEWAYS),
        (("br0", "web", "192.0.2.7/24", "00:00:00:00:00:00"), 2, "MAC"),
    ],
)
def test_bad_input(host: Lab, words: tuple[str, ...], code: int, sentence: str) -> None:
    host.hosts["host"].settle()
    before = state(host)
    done = host.bridgekit("attach", *words)
    assert done.code == code, done
    assert sentence in done.stderr and "Traceback" not in done.stderr
    after = state(host)
    assert (before[0].difference(after[0]), after[1]) == ([], before[1])


def test_without_rights(host: Lab) -> None:
    host.hosts["host"].settle()
    before = state(host)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    code, words = function(host, "br0", "web", "192.0.2.7/24", before=nobody)
    assert (code, "needs root" in words) == (3, True), words
    assert state(host) == before


def test_all_or_nothing(host: Lab) -> None:
    """A step inside the container fails: it has the route to the gateway already."""
    for words in ("link set lo up", "route add 198.51.100.1/32 dev lo"):
        host.run("host", "ip", "-n", "web", *words.split())
    before = [link["ifname"] for link in links(host.hosts["host"])]
    done = host.bridgekit("attach", "br7", "web", "192.0.2.7/24@198.51.100.1")
    assert done.code == 3 and "rolled back" in done.stderr, done
    assert [link["ifname"] for link in links(host.hosts["host"])] == before
    assert "eth1" not in host.run("host", "ip", "-n", "web", "link").stdout


def test_an_empty_gateway(host: Lab) -> None:
    code, words = function(host, "br0", "web", "192.0.2.7/24@")
    assert (code, "gateway" in words) == (2, True), words


@pytest.mark.parametrize("name", ["c#3", "c 4"])
def test_any_name_of_a_namespace(host: Lab, name: str) -> None:
    host.run("host", "ip", "netns", "add", name)
    done = host.bridgekit("attach", "br0", name, "192.0.2.7/24")
    assert (done.code, done.stderr) == (0, ""), done
    assert "192.0.2.7" in host.run("host", "ip", "-n", name, "address").stdout


def test_a_strange_link_of_others(host: Lab) -> None:
    host.run("host", "ip", "link", "add", "b\x01", "type", "bridge")
    done = host.bridgekit("attach", "br0", "web", "192.0.2.7/24")
    assert (done.code, done.stderr) == (0, ""), done


def test_a_file_that_is_no_namespace(host: Lab) -> None:
    done = host.run("host", "sh", "-c", "mkdir /run/netns/left && : > /run/netns/over")
    for name in ("left", "over"):
        done = host.bridgekit("attach", "br0", name, "192.0.2.7/24")
        assert done.code == 3 and "no running container" in done.stderr, done


@pytest.mark.parametrize("other", ["192.0.2.7/24", "192.0.2.7/24@192.0.2.2"])
def test_again_with_another_gateway(host: Lab, other: str) -> None:
    words = ("attach", "br0", "web", "192.0.2.7/24@192.0.2.1")
    assert host.bridgekit(*words).code == 0
    assert "nothing to do" in host.bridgekit(*words).stdout
    again = host.bridgekit("attach", "br0", "web", other)
    assert again.code == 3 and "detach br0 web" in again.stderr, again


def test_an_eth1_of_others(host: Lab) -> None:
    """Its other end is not on this host, so there is nothing that detach could take off."""
    host.run("host", "ip", "netns", "add", "far")
    strange = "link add eth1 netns web type veth peer name far0 netns far"
    host.run("host", "ip", *strange.split())
    done = host.bridgekit("attach", "br0", "web", "192.0.2.7/24")
    assert done.code == 3 and "bridgekit detach" not in done.stderr, done


def test_detach_from_the_wrong_bridge(host: Lab) -> None:
    assert host.bridgekit("attach", "br0", "web", "192.0.2.7/24").code == 0
    done = host.bridgekit("detach", "br7", "web")
    assert done.code == 3 and "detach br0 web" in done.stderr, done
    host.run("host", "ip", "link", "delete", "br0")
    assert host.bridgekit("detach", "br0", "web").code == 0
    assert "eth1" not in host.run("host", "ip", "-n", "web", "link").stdout


def test_an_interrupt_rolls_all_back(host: Lab) -> None:
    """With STP on it waits for the port to forward, which leaves time for a Ctrl-C."""
    host.ip("host", "link set br0 type bridge stp_state 1 forward_delay 1500")
    before = [link["ifname"] for link in links(host.hosts["host"])]
    words = ("attach", "br0", "web", "192.0.2.7/24")
    program = (*BRIDGEKIT, *words)
    with host.popen("host", *program, stdout=-1, stderr=-1, text=True) as process:
        ready = "until ip -n web route | grep -q eth1; do :; done"
        host.run("host", "sh", "-c", ready, timeout=20)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode and "Traceback" not in out + err
    assert [link["ifname"] for link in links(host.hosts["host"])] == before
    assert "eth1" not in host.run("host", "ip", "-n", "web", "link").stdout


def test_a_port_of_a_bridge_is_refused(host: Lab) -> None:
    host.ip("host", "link set eth1 master br0")
    done = host.bridgekit("attach", "eth1", "web", "192.0.2.7/24")
    assert done.code == 3 and "attach to br0" in done.stderr, done
