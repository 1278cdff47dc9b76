"""A DHCP client goes to the bridge and back: a real server sees one client that only renews."""

import re
import signal
import subprocess
from collections.abc import Callable
from itertools import islice, product

import pytest

from bridgekit.lab.host import Process
from bridgekit.lab.topology import Lab
from bridgekit.lab.traffic import Traffic
from tests.support.dhcp import FILE, SERVER, routes
from tests.support.transactions import held, last_id, run_failing, steps, wait_for_state

LOG, LEASES = "/run/dhcp.log", "/run/dhcp.leases"
SHORT = ("--no-ping", "--dhcp-option=option:T1,4", "--dhcp-option=option:T2,100")
RATE = 2000
OF_A_PORT = 1
"""Probes of one flow that a kernel before Linux 6.6 may lose when a port joins or leaves."""


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

    def renewed(self, link: str, program: str = "dhclient") -> None:
        """Wait for a renewal; udhcpc, which takes no hint from the server, is asked for one."""
        count = self.log.count("DHCPACK") + 1
        if program == "udhcpc":
            self.lab.run("host", "pkill", "-USR1", "-F", f"/run/udhcpc.{link}.pid")
        self.wait_for("DHCPACK", count)

    def silent(self) -> None:
        """Answer nobody any more, not even a ping."""
        self.process.kill()
        self.process.wait(10)
        self.lab.hosts["gateway"].sysctl("net.ipv4.icmp_echo_ignore_all", "1")


def held_by(lab: Lab, link: str) -> list[str]:
    shown = lab.run("host", "ip", "-4", "-o", "address", "show", link).stdout
    return re.findall(r"inet (\S+)/", shown)


def client_on(lab: Lab) -> list[str]:
    """The links that DHCP clients look after."""
    found = lab.run("host", "ps", "-ww", "-eo", "args", "--no-headers").stdout.splitlines()
    clients = (
        line.split() for line in found if re.match(r"(\S*/)?(dhclient|udhcpc|dhcpcd)\b", line)
    )
    return sorted({word for words in clients for word in words} & {"eth0", "br0"})


@pytest.fixture
def server(make_lab: Callable[..., Lab]) -> Server:
    lab = make_lab(host=("link set lo up",), interfaces=FILE)
    lab.run("host", "mkdir", "-p", "/var/lib/dhcp", "/var/lib/dhcpcd")
    return Server(lab)


PROGRAMS = ("dhclient", "udhcpc", "dhcpcd")
"""In the order in which ifup looks for them."""


def up(lab: Lab, program: str) -> None:
    """Let ifup start this client."""
    for other in PROGRAMS[: PROGRAMS.index(program)]:
        lab.run("host", "sh", "-c", f"mount --bind /dev/null $(command -v {other})")
    lab.run("host", "ifup", "-a")


@pytest.mark.parametrize("program", PROGRAMS)
def test_there_and_back(server: Server, program: str) -> None:
    lab = server.lab
    up(lab, program)
    before, way, known = held_by(lab, "eth0"), routes(lab), server.clients
    with Traffic(
        lab.hosts["host"], lab.hosts["gateway"], [(before[0], "192.168.1.1")], RATE, ("udp", "icmp")
    ) as traffic:
        result = lab.bridgekit("apply", "eth0", "--yes")
        assert result.code == 0 and "warn" not in result.stderr, result
        assert (held_by(lab, "br0"), client_on(lab)) == (before, ["br0"])
        server.renewed("br0", program)
        assert (held_by(lab, "br0"), held_by(lab, "eth0")) == (before, [])
        assert lab.bridgekit("rollback").code == 0
        assert (held_by(lab, "eth0"), client_on(lab)) == (before, ["eth0"])
        server.renewed("eth0", program)
        flows = traffic.stop()
    assert [str(flow) for flow in flows if flow.lost > OF_A_PORT] == []
    assert (held_by(lab, "eth0"), routes(lab)) == (before, way)
    assert server.clients == known and len(known) == 1
    assert_only_renewed(server)


def assert_only_renewed(server: Server) -> None:
    assert re.findall("DHCP(?:RELEASE|DECLINE|NAK)", server.log) == []
    assert len(re.findall(r"DHCPDISCOVER\(eth0\) \d+:", server.log)) == 1  # asks for no address


def test_a_client_that_would_release_its_lease_does_not(server: Server) -> None:
    """udhcpc -R gives its lease back when SIGTERM ends it; the server would hear of it."""
    lab = server.lab
    command = ("udhcpc", "-i", "eth0", "-p", "/run/udhcpc.eth0.pid", "-b", "-R")
    lab.run("host", "ip", "link", "set", "eth0", "up")
    lab.run("host", *command)
    before = held_by(lab, "eth0")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    server.renewed("br0", "udhcpc")
    assert lab.bridgekit("rollback").code == 0
    server.renewed("eth0", "udhcpc")
    assert (held_by(lab, "eth0"), client_on(lab)) == (before, ["eth0"])
    assert_only_renewed(server)
    lab.run("host", "pkill", "-TERM", "-F", "/run/udhcpc.eth0.pid")
    server.wait_for("DHCPRELEASE")


def test_a_rollback_puts_the_client_back(server: Server) -> None:
    lab = server.lab
    lab.run("host", "ifup", "-a")
    before, way = held_by(lab, "eth0"), routes(lab)
    result = lab.bridgekit("apply", "eth0", "--yes", "--probe", "cmd:test ! -e /sys/class/net/br0")
    assert result.code == 4 and "the host is as before" in result.stderr, result
    assert (held_by(lab, "eth0"), routes(lab), client_on(lab)) == (before, way, ["eth0"])
    server.renewed("eth0")
    assert_only_renewed(server)


def test_the_first_and_the_last_step_can_fail(server: Server) -> None:
    lab = server.lab
    up(lab, "dhclient")
    before, way, count = held_by(lab, "eth0"), routes(lab), steps(lab)
    for step, moment in product((1, count), ("before", "after")):
        assert run_failing(lab, step, moment, "apply", "eth0", "--yes") == 4
        assert (held_by(lab, "eth0"), routes(lab), client_on(lab)) == (before, way, ["eth0"])
    assert_only_renewed(server)


def test_the_guard_puts_the_client_back(server: Server) -> None:
    lab = server.lab
    lab.run("host", "ifup", "-a")
    before = held_by(lab, "eth0")
    with held(lab) as process:
        server.wait_for("DHCPACK", server.log.count("DHCPACK") + 1)
        process.send_signal(signal.SIGKILL)
    wait_for_state(lab, last_id(lab), "rolled-back")
    assert (held_by(lab, "eth0"), client_on(lab)) == (before, ["eth0"])
    server.renewed("eth0")
    assert_only_renewed(server)


IMPATIENT = "timeout 3; reboot 1; initial-interval 1;"


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_address_outlasts_a_silent_server(server: Server, program: str) -> None:
    """dhclient's script takes it away if neither the server nor the router in the lease answers."""
    lab = server.lab
    lab.run("host", "sh", "-c", f"echo '{IMPATIENT}' > /run/impatient.conf")
    if program == "dhclient":
        lab.run("host", "dhclient", "-cf", "/run/impatient.conf", "eth0")
    else:
        up(lab, program)
    before = held_by(lab, "eth0")
    server.silent()
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    there = "test -e /run/$0.br0.pid -o -e /run/$0/br0.pid"
    lab.run("host", "sh", "-c", f"until {there}; do sleep 0.1; done", program)
    assert (held_by(lab, "br0"), client_on(lab)) == (before, ["br0"])


def test_a_plan_from_a_file_starts_nothing_but_the_client_that_is_here(server: Server) -> None:
    lab = server.lab
    up(lab, "dhclient")
    assert lab.bridgekit("plan", "eth0", "--out", "/run/plan").code == 0
    lab.run("host", "sed", "-i", 's/"-v"/"-sf","\\/run\\/evil"/g', "/run/plan")
    result = lab.bridgekit("apply", "--yes", "--plan", "/run/plan")
    assert result.code == 3 and "is not what runs here" in result.stderr, result
    assert client_on(lab) == ["eth0"]


def test_a_bridge_with_another_mac_is_another_client(server: Server) -> None:
    lab = server.lab
    lab.run("host", "ifup", "-a")
    result = lab.bridgekit("plan", "eth0", "--mac", "52:54:00:00:00:99")
    assert "[owned-by-dhclient]" in result.stdout and "pkill" not in result.stdout


def test_a_client_that_another_program_holds_stays(server: Server) -> None:
    lab = server.lab
    lab.ip("host", "link set eth0 up")
    lab.popen("host", "dhclient", "-d", "eth0")
    server.wait_for("DHCPACK")
    assert "[owned-by-dhclient]" in lab.bridgekit("plan", "eth0").stdout


def test_a_dhcpcd_whose_arguments_nobody_knows_stays(server: Server) -> None:
    """It has many processes, and is reported once."""
    lab = server.lab
    lab.run("host", "dhcpcd", "-4", "eth0")
    shown = lab.bridgekit("plan", "eth0").stdout
    assert shown.count("[owned-by-dhcpcd]") == 1 and "pkill" not in shown, shown


@pytest.mark.parametrize("program", ["dhclient", "dhcpcd"])
def test_ifupdown_goes_on_with_the_client(server: Server, program: str) -> None:
    """It ends the one that we have started, starts one of its own, and that one comes back too."""
    lab = server.lab
    up(lab, program)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    lab.run("host", "ifdown", "br0")
    assert client_on(lab) == []
    lab.run("host", "ifup", "br0")
    assert client_on(lab) == ["br0"]
    done = lab.bridgekit("rollback")
    assert done.code == 0, done
    assert client_on(lab) == ["eth0"]
