"""What a service that fails, half starts or is killed leaves: the truth, and a host as it was."""

import json
import signal
from collections.abc import Callable

import pytest

from bridgekit.lab import layout, state_dump
from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from tests.support import pxe

UP = ("pxe", "up", "br0", "--engine", "native", "--beside-dhcp")
WITH_PXE = ("--with-pxe", "--pxe-engine", "native", "--pxe-beside-dhcp")


@pytest.fixture
def host(make_lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch) -> Lab:
    """A host as it is before a migration, and a root file system for the service."""
    monkeypatch.setenv("BRIDGEKIT_CACHE_DIR", str(pxe.CACHE))
    pxe.ensure_root()
    return make_lab(host=layout.FULL, sysctls=["net.ipv4.conf.all.accept_redirects=0"])


def services(lab: Lab) -> list[bool]:
    result = json.loads(lab.bridgekit("status", "--json").stdout)
    return [one["running"] for one in result["services"]]


def pids(lab: Lab, words: str) -> list[str]:
    return lab.run("host", "pgrep", "-f", words).stdout.split()


def test_settings_are_put_back(host: Lab) -> None:
    before = state_dump.dump(host.hosts["host"])
    assert host.bridgekit("apply", "eth0", "--yes", *WITH_PXE).code == 0
    assert services(host) == [True]
    assert host.hosts["host"].sysctl("net.ipv4.ip_forward") == "1"
    assert host.bridgekit("rollback").code == 0
    assert before.difference(state_dump.dump(host.hosts["host"])) == []
    assert host.hosts["host"].sysctl("net.ipv4.conf.all.accept_redirects") == "0"
    assert host.hosts["host"].sysctl("net.ipv4.ip_forward") == "0"


def test_a_killed_start_is_no_service(host: Lab) -> None:
    assert host.bridgekit("apply", "eth0", "--yes").code == 0
    for number, code in ((signal.SIGTERM, 4), (signal.SIGKILL, -9)):
        process = host.popen("host", *BRIDGEKIT, *UP)
        host.run("host", "bash", "-c", "until ls /var/lib/bridgekit/pxe/*/process.json; do :; done")
        process.send_signal(number)
        assert process.wait(30) == code
        assert services(host) in ([], [False])
    assert host.bridgekit(*UP).code == 0
    assert services(host) == [True]
    assert host.bridgekit("pxe", "down", "br0").code == 0


def test_apply_starts_a_dead_service_again(host: Lab) -> None:
    assert host.bridgekit("apply", "eth0", "--yes", *WITH_PXE).code == 0
    keeper, server = (pids(host, words) for words in ("pxe keep", "bootserver"))
    host.run("host", "kill", "-9", *keeper, *server)
    host.run("host", "bash", "-c", f"while kill -0 {server[0]}; do :; done")
    assert services(host) == [False]
    assert host.bridgekit("apply", "eth0", "--yes", *WITH_PXE).code == 0
    assert services(host) == [True]


def test_a_rollback_that_fails_leaves_pxe_running(host: Lab) -> None:
    assert host.bridgekit("apply", "eth0", "--yes", *WITH_PXE).code == 0
    host.run("host", "mount", "--bind", "-o", "ro", "/etc/network", "/etc/network")
    assert host.bridgekit("rollback").code == 4
    assert services(host) == [True]
    host.run("host", "umount", "/etc/network")
    assert host.bridgekit("rollback").code == 0


def test_pxe_that_cannot_start_leaves_the_network_committed(host: Lab) -> None:
    host.run("host", "mkdir", "-p", "/var/lib/bridgekit/pxe")
    host.run("host", "mount", "-t", "tmpfs", "-o", "size=8k", "none", "/var/lib/bridgekit/pxe")
    result = host.bridgekit("apply", "eth0", "--yes", *WITH_PXE)
    assert result.code == 7 and "Traceback" not in result.stderr, result
    assert "master br0" in host.run("host", "ip", "link", "show", "eth0").stdout
    assert services(host) == []


def test_the_plan_tells_of_the_service(host: Lab) -> None:
    result = host.bridgekit("plan", "eth0", *WITH_PXE)
    assert "192.168.242.1/24 on br0" in result.stdout
    wrong = host.bridgekit("plan", "eth0", "--json", *WITH_PXE, "--pxe-address", "192.168.1.9/24")
    assert (wrong.code, json.loads(wrong.stdout)["exit_code"]) == (2, 2) or wrong.code == 3, wrong
