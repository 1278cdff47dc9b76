"""Names resolve on a host of systemd-resolved before, during and after a move.

The witness is `resolvectl query`, which asks a real systemd-resolved, and that a real dnsmasq.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bridgekit.lab.topology import Lab
from tests.support.programs import program
from tests.support.resolved import resolved
from tests.support.state import state
from tests.support.transactions import APPLY, KILL_GUARDS

NAME = "name.example.org"
DNSMASQ = (
    *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts"),
    *("--user=root", "--pid-file=/run/dnsmasq.pid", "--log-facility=-"),
)
SETTINGS = (
    "dns eth0 192.168.1.1 192.168.1.77",
    "domain eth0 example.org ~corp.example",
    "default-route eth0 yes",
    "llmnr eth0 no",
    "mdns eth0 no",
    "dnsovertls eth0 no",
    "dnssec eth0 no",
    "nta eth0 a.example b.example",
)
VERBS = tuple(words.split()[0] for words in SETTINGS)


@contextmanager
def dnsmasq(lab: Lab, host: str, *words: str) -> Iterator[None]:
    """A name server in a lab's host that has bound its sockets, by `ss`."""
    quiet = subprocess.DEVNULL
    with lab.popen(host, *DNSMASQ, *words, stdout=quiet, stderr=quiet) as server:
        while not lab.run(host, "ss", "-Hlun", "sport = 53").stdout:
            assert server.poll() is None
        yield
        server.kill()


@pytest.fixture
def host(make_lab: Callable[..., Lab]) -> Iterator[Lab]:
    """A host whose resolved has everything that it can have for eth0, and a server that answers."""
    lab = make_lab()
    with dnsmasq(lab, "gateway", f"--address=/{NAME}/192.0.2.9"), resolved(lab):
        for words in SETTINGS:
            lab.run("host", "resolvectl", *words.split())
        yield lab


def settings(lab: Lab) -> dict[str, dict[str, str]]:
    """What resolvectl says of each link that has something: the words of each verb."""
    found: dict[str, dict[str, str]] = {}
    for verb in VERBS:
        for line in lab.run("host", "resolvectl", verb).stdout.splitlines():
            link, _, words = line.partition("):")
            if "(" in link and words.strip():
                name = link.partition("(")[2]
                found.setdefault(name, {})[verb] = " ".join(sorted(words.split()))
    return found


def link_of(lab: Lab) -> str:
    """The link over which the name is resolved, asked anew."""
    asked = lab.run("host", "resolvectl", "query", "--cache=no", "--legend=no", NAME).stdout
    address, _, link = asked.partition("-- link: ")
    assert "192.0.2.9" in address
    return link.strip()


def test_names_resolve_before_and_after_a_move_and_its_rollback(host: Lab) -> None:
    """All settings go along and come back; the plan says how."""
    before, ours = state(host), settings(host)
    assert link_of(host) == "eth0"
    plan = host.bridgekit("plan", "eth0").stdout
    assert all(f"resolvectl {words.replace('eth0', 'br0')}\n" in plan for words in SETTINGS[:1])
    assert "resolvectl revert eth0\n" in plan and "[name-servers]" in plan
    assert host.bridgekit("apply", "eth0", "--yes").code == 0
    assert link_of(host) == "br0"
    assert "dns:192.168.1.1=REFUSED" in recorded(host)  # which knows nothing of the root
    moved = settings(host)
    assert moved["br0"] == ours["eth0"]
    assert "dns" not in moved["eth0"] and "domain" not in moved["eth0"]
    assert host.bridgekit("rollback").code == 0
    assert link_of(host) == "eth0"
    assert settings(host) == ours
    assert before.difference(state(host)) == []


def test_names_resolve_after_a_change_that_is_rolled_back(host: Lab) -> None:
    """It waited, and was not confirmed."""
    ours = settings(host)
    assert host.bridgekit("apply", "eth0", "--yes", "--confirm-within", "600").code == 0
    assert link_of(host) == "br0"
    assert host.bridgekit("rollback").code == 0
    assert link_of(host) == "eth0"
    assert settings(host) == ours


@pytest.mark.parametrize("command", ["resolvectl revert eth0", "ip link set eth0 addrgenmode none"])
def test_names_resolve_after_a_kill_and_recover(host: Lab, command: str) -> None:
    """The executor and its guard are killed: first with the settings on both links, then on one."""
    before, ours = state(host), settings(host)
    kill_before(host, command)
    assert len(settings(host)) > len(ours)
    assert host.bridgekit("recover").code == 0
    assert link_of(host) == "eth0"
    assert settings(host) == ours
    assert before.difference(state(host)) == []


def kill_before(lab: Lab, command: str) -> None:
    """Kill the guard and the executor before the operation that is equivalent to a command."""
    operations = json.loads(lab.bridgekit("plan", "eth0", "--json").stdout)["operations"]
    step = next(i for i, one in enumerate(operations, 1) if command in json.dumps(one))
    argv, pipe = program("faults", "halt", str(step), *APPLY), subprocess.PIPE
    with lab.popen("host", *argv, stdin=pipe, stdout=pipe, text=True) as executor:
        assert executor.stdout and executor.stdout.readline() == "now\n"
        lab.run("host", *KILL_GUARDS)
        executor.kill()


def test_a_difference_is_noticed(host: Lab) -> None:
    """A saved plan does not fit any more when someone has given the link other servers."""
    host.bridgekit("plan", "eth0", "--out", "/run/plan.json")
    host.run("host", "resolvectl", "dns", "eth0", "192.168.1.99")
    refused = host.bridgekit("apply", "--yes", "--plan", "/run/plan.json")
    assert refused.code == 3 and "DNS settings of eth0" in refused.stderr


def test_an_older_plan_without_them_is_refused(host: Lab) -> None:
    """It would leave them on the port, and every name would be dead."""
    host.bridgekit("plan", "eth0", "--out", "/run/plan.json")
    older = json.loads(host.run("host", "cat", "/run/plan.json").stdout)
    del older["snapshot"]["dns"], older["intent"]["left"]["dns"]
    older["operations"] = [one for one in older["operations"] if one["kind"] != "SetLinkDns"]
    host.run("host", "tee", "/run/plan.json", stdin=json.dumps(older))
    refused = host.bridgekit("apply", "--yes", "--plan", "/run/plan.json")
    assert refused.code == 3 and "DNS settings of eth0" in refused.stderr


def test_a_bridge_that_has_settings_of_its_own(host: Lab) -> None:
    """They come back when the NIC's have gone."""
    for words in ("link add br0 type bridge", "link set br0 up"):
        host.run("host", "ip", *words.split())
    host.run("host", "resolvectl", "dns", "br0", "192.168.1.55")
    ours = settings(host)
    assert host.bridgekit("apply", "eth0", "--yes").code == 0
    assert settings(host)["br0"] == ours["eth0"] and link_of(host) == "br0"
    assert host.bridgekit("rollback").code == 0
    assert settings(host) == ours and link_of(host) == "eth0"


def test_without_resolved_its_files_are_of_no_account(host: Lab) -> None:
    """They stay when it ends."""
    host.run("host", "pkill", "-KILL", "-x", "systemd-resolve")
    host.run("host", "sh", "-c", "while pgrep -x systemd-resolve; do :; done")
    assert host.run("host", "ls", "/run/systemd/resolve/netif").stdout
    assert "resolvectl" not in host.bridgekit("plan", "eth0").stdout


def test_a_forwarder_on_the_loopback_that_finds_no_server_any_more(lab: Lab) -> None:
    """It is bound to eth0. The change is rolled back."""
    before = state(lab)
    lab.run("host", "sh", "-c", "echo nameserver 127.0.0.1 > /run/resolv.conf")
    lab.run("host", "mount", "--bind", "/run/resolv.conf", "/etc/resolv.conf")
    upstream = ("--server=192.168.1.1@eth0", "--bind-interfaces", "--listen-address=127.0.0.1")
    with (
        dnsmasq(lab, "gateway", "--local=//", f"--address=/{NAME}/192.0.2.9"),
        dnsmasq(lab, "host", *upstream),
    ):
        result = lab.bridgekit("apply", "eth0", "--yes")
        assert recorded(lab)[-1].startswith("dns:127.0.0.1")
    assert result.code == 4 and "no answer any more from dns:127.0.0.1" in result.stderr, result
    assert before.difference(state(lab)) == []


def recorded(lab: Lab) -> list[str]:
    """The probes of the last transaction."""
    text = lab.run("host", "sh", "-c", "tail -n 1 /var/lib/bridgekit/*/record").stdout
    return list(json.loads(text[9:])["probes"])
