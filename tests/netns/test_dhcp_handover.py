"""A DHCP client goes to the bridge and back: a real server sees one client that only renews."""

import re
import signal
import subprocess
from collections.abc import Callable
from itertools import islice

import pytest

from bridgekit.lab.host import Process
from bridgekit.lab.topology import Lab
from bridgekit.lab.traffic import Traffic
from tests.netns.test_dhcp import FILE, SERVER, leased, routes
from tests.netns.test_transaction import held, last_id, wait_for_state

LOG, LEASES = "/run/dhcp.log", "/run/dhcp.leases"
SHORT = ("--no-ping", "--dhcp-option=option:T1,4", "--dhcp-option=option:T2,100")
RATE = 2000


class Server:
    """The lab's DHCP server: renewals every few seconds, and a log."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        options = (f"--log-facility={LOG}", f"--dhcp-leasefile={LEASES}", *SHORT)
        words = (word for word in SERVER if word != "--leasefile-ro")
        self.process: Process = lab.popen("gateway", *words, *options)
        self.wait_for("sockets bound")

    @property
    def log(self) -> str:
        return self.lab.run("gateway", "cat", LOG).stdout

    @property
    def clients(self) -> list[str]:
        """What each client is known by: its MAC address, its address, its client-id."""
        lines = self.lab.run("gateway", "cat", LEASES).stdout.splitlines()
        return [" ".join(line.split()[1:]) for line in lines]

    def wait_for(self, text: str, count: int = 1) -> None:
        """Wait until the log has so many lines with this text."""
        command = ("timeout", "60", "tail", "-F", "-n", "+1", LOG)
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        with self.lab.popen("gateway", *command, **how) as tail:
            assert tail.stdout
            found = (line for line in tail.stdout if text in line)
            assert len(list(islice(found, count))) == count
            tail.kill()

    def renewal(self) -> None:
        """Wait for the next lease that the server confirms."""
        self.wait_for("DHCPACK", self.log.count("DHCPACK") + 1)

    def silent(self) -> None:
        """Answer nobody any more, not even a ping."""
        self.process.kill()
        self.process.wait(10)
        self.lab.hosts["gateway"].sysctl("net.ipv4.icmp_echo_ignore_all", "1")


def client_on(lab: Lab) -> list[str]:
    """The links that DHCP clients look after."""
    found = lab.run("host", "ps", "-eo", "args", "--no-headers").stdout.splitlines()
    names = re.compile(r"^(?:\S*/)?(dhclient|udhcpc|dhcpcd)\b")
    return sorted({word for one in found if names.match(one) for word in one.split()} & LINKS)


LINKS = {"eth0", "br0"}


@pytest.fixture
def server(make_lab: Callable[..., Lab]) -> Server:
    lab = make_lab(host=("link set lo up",), interfaces=FILE)
    lab.run("host", "mkdir", "-p", "/var/lib/dhcp")
    return Server(lab)


def test_there_and_back(server: Server) -> None:
    lab = server.lab
    lab.run("host", "ifup", "-a")
    before, way, known = leased(lab, "eth0"), routes(lab), server.clients
    with Traffic(
        lab.hosts["host"], lab.hosts["gateway"], [(before[0], "192.168.1.1")], RATE, ("udp", "icmp")
    ) as traffic:
        told = lab.bridgekit("apply", "eth0", "--yes")
        assert (told.code, "warn" in told.stderr) == (0, False)
        assert (leased(lab, "br0"), client_on(lab)) == (before, ["br0"])
        server.renewal()
        assert (leased(lab, "br0"), leased(lab, "eth0")) == (before, [])
        assert lab.bridgekit("rollback").code == 0
        assert (leased(lab, "eth0"), client_on(lab)) == (before, ["eth0"])
        server.renewal()
        flows = traffic.stop()
    assert [str(flow) for flow in flows if flow.lost] == []
    assert (leased(lab, "eth0"), routes(lab)) == (before, way)
    assert server.clients == known and len(known) == 1
    assert_only_renewed(server)


def assert_only_renewed(server: Server) -> None:
    assert re.findall("DHCP(?:RELEASE|DECLINE|NAK)", server.log) == []
    assert server.log.count("DHCPDISCOVER") == 1


def test_an_undo_puts_the_client_back(server: Server) -> None:
    lab = server.lab
    lab.run("host", "ifup", "-a")
    before, way = leased(lab, "eth0"), routes(lab)
    told = lab.bridgekit("apply", "eth0", "--yes", "--probe", "cmd:test ! -e /sys/class/net/br0")
    assert told.code == 4 and "the host is as before" in told.stderr
    assert (leased(lab, "eth0"), routes(lab), client_on(lab)) == (before, way, ["eth0"])
    server.renewal()
    assert_only_renewed(server)


def test_the_guard_puts_the_client_back(server: Server) -> None:
    lab = server.lab
    lab.run("host", "ifup", "-a")
    before = leased(lab, "eth0")
    with held(lab) as process:
        server.wait_for("DHCPACK", server.log.count("DHCPACK") + 1)
        process.send_signal(signal.SIGKILL)
    wait_for_state(lab, last_id(lab), "rolled-back")
    assert (leased(lab, "eth0"), client_on(lab)) == (before, ["eth0"])
    server.renewal()
    assert_only_renewed(server)


IMPATIENT = "timeout 3; reboot 1; initial-interval 1;"


def test_an_address_outlasts_a_silent_server(server: Server) -> None:
    """dhclient's script takes it away if neither the server nor the router in the lease answers."""
    lab = server.lab
    lab.run("host", "sh", "-c", f"echo '{IMPATIENT}' > /run/impatient.conf")
    lab.run("host", "dhclient", "-cf", "/run/impatient.conf", "eth0")
    before = leased(lab, "eth0")
    server.silent()
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    lab.run("host", "sh", "-c", "until test -e /run/dhclient.br0.pid; do sleep 0.1; done")
    assert (leased(lab, "br0"), client_on(lab)) == (before, ["br0"])


def test_a_bridge_with_another_mac_is_another_client(server: Server) -> None:
    lab = server.lab
    lab.run("host", "ifup", "-a")
    told = lab.bridgekit("plan", "eth0", "--mac", "52:54:00:00:00:99")
    assert "[owned-by-dhclient]" in told.stdout and "pkill" not in told.stdout


def test_a_client_that_another_program_holds_stays(server: Server) -> None:
    lab = server.lab
    lab.ip("host", "link set eth0 up")
    lab.popen("host", "dhclient", "-d", "eth0")
    server.wait_for("DHCPACK")
    assert "[owned-by-dhclient]" in lab.bridgekit("plan", "eth0").stdout
