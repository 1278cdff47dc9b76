"""Probes of the reachability before: each is seen to answer, and seen to fall silent."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bridgekit.host import path_probe
from bridgekit.lab.host import Process
from bridgekit.lab.kernel import inside
from bridgekit.lab.topology import Lab
from bridgekit.transaction import probes
from tests.support.programs import program
from tests.support.state import state

SESSION = "192.168.1.1 50022 192.168.1.4 22"


@contextmanager
def running(lab: Lab, where: str, name: str, *arguments: str) -> Iterator[Process]:
    """One of tests/programs that has said that it is ready."""
    pipe = subprocess.PIPE
    how = {"stdin": pipe, "stdout": pipe, "text": True}
    process = lab.popen(where, *program(name, *arguments), **how)
    assert process.stdout and process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.communicate()


def recorded(lab: Lab) -> list[str]:
    """The probes of the last transaction."""
    text = lab.run(
        "host", "sh", "-c", "tail -n 1 -q /var/lib/bridgekit/*/record | tail -n 1"
    ).stdout
    return list(json.loads(text[9:])["probes"])


def test_a_name_server_that_answers(lab: Lab) -> None:
    with running(lab, "gateway", "name_server", "2"):
        result = lab.bridgekit("apply", "eth0", "--yes")
    assert result.code == 0, result
    assert recorded(lab) == [
        "gateway:192.168.1.1",
        "gateway:10.20.0.1",
        "gateway:2001:db8:1::1",
        "dns:192.168.1.1",
    ]


@pytest.mark.all
def test_a_name_server_that_falls_silent(lab: Lab) -> None:
    """The change is rolled back, and what does not answer afterwards either is named."""
    before = state(lab)
    with running(lab, "gateway", "name_server", "1"):
        result = lab.bridgekit("apply", "eth0", "--yes")
    assert result.code == 4 and "no answer any more from dns:192.168.1.1" in result.stderr, result
    assert "as before, but dns:192.168.1.1 answered before and does not now" in result.stderr
    assert before.difference(state(lab)) == []


def test_a_name_server_that_answers_with_another_code(lab: Lab) -> None:
    """SERVFAIL, as of a forwarder whose upstream is gone."""
    before = state(lab)
    with running(lab, "gateway", "name_server", "1", "2"):
        result = lab.bridgekit("apply", "eth0", "--yes")
    assert result.code == 4 and "no answer any more from dns:192.168.1.1" in result.stderr, result
    assert before.difference(state(lab)) == []


def test_the_callers_session(lab: Lab) -> None:
    """A name server that is not there, and a gateway that is silent, are not asked again."""
    with (
        running(lab, "host", "session_server") as server,
        running(lab, "gateway", "session_client"),
    ):
        result = lab.bridgekit("apply", "eth0", "--yes", env={"SSH_CONNECTION": SESSION})
        assert result.code == 0 and f"ssh:{SESSION}" in recorded(lab), result
        assert acknowledged(lab)
        lab.unplug()
        assert acknowledged(lab)
        say(server)
        assert not acknowledged(lab)
        lab.plug()
    assert "no probe" in lab.bridgekit("apply", "--yes", "--probe", "ssh:x").stderr


def say(server: Process) -> None:
    assert server.stdin and server.stdout
    server.stdin.write("\n")
    server.stdin.flush()
    assert server.stdout.readline() == "said\n"


def acknowledged(lab: Lab) -> bool:
    with inside("net", lab.hosts["host"].pid):
        return probes.answering((f"ssh:{SESSION}",), "br0") != ()


DROP = """
table bridge filter {
    chain forward {
        type filter hook forward priority 0; policy drop;
    }
}
"""


def test_the_path_of_a_machine_on_the_bridge(lab: Lab) -> None:
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    before = state(lab)
    assert passes(lab, 4)
    lab.run("host", "nft", "-f", "-", stdin=DROP)
    lab.run("host", "ping", "-q", "-c", "1", "192.168.1.1")
    assert not passes(lab, 1)
    assert before.difference(state(lab)) == []


def test_the_path_that_docker_would_close(lab: Lab) -> None:
    """What the PXE service opens for itself is opened for the look, too, and closed again."""
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    for words in ("-N DOCKER-USER", "-A FORWARD -j DOCKER-USER", "-P FORWARD DROP"):
        lab.run("host", "iptables", *words.split())
    lab.run("host", "sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=1")
    rules = lab.run("host", "iptables", "-S").stdout
    assert not passes(lab, 1)
    assert lab.run("host", *program("forwards_frames")).stdout == "True\n"
    assert lab.run("host", "iptables", "-S").stdout == rules


def passes(lab: Lab, seconds: float) -> bool:
    with inside("net", lab.hosts["host"].pid):
        return path_probe.frame_passes("br0", "eth0", seconds)
