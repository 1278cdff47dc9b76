"""The service on a segment that is not its own.

Another DHCP server there, the host's own subnet.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import pytest

from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from tests.support import pxe
from tests.support.dhcp_servers import IPV6, server
from tests.support.programs import program

ASK = (*pxe.IN_CLIENT, "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "3")
KNOWN = "02:00:00:00:07:07"
SAY = '#!/bin/sh\n[ "$1" != bound ] || echo "$serverid $ip $router $dns"\n'
OTHER_POOL = ("192.168.1.200", "192.168.1.220")


@pytest.fixture
def host(bridged: Lab) -> Lab:
    """A host with br0, and a client on its segment that has no address yet."""
    pxe.client(bridged)
    bridged.run(
        "segment", "ip", "-n", "client", "address", "flush", "dev", "eth0", "scope", "global"
    )
    bridged.run("segment", "sh", "-c", 'printf %s "$1" > /run/say; chmod 755 /run/say', "sh", SAY)
    bridged.run("host", "sh", "-c", "echo nameserver 192.0.2.53 > /etc/resolv.conf")
    return bridged


def up(lab: Lab, *options: str) -> str:
    done = lab.bridgekit("pxe", "up", "br0", "--engine", "native", *options)
    assert done.code == 0, done.stderr
    return done.stdout


def lease(lab: Lab) -> list[str]:
    """DHCP server, address, router and name servers, as a real client gets them."""
    return lab.run("segment", *ASK, "-s", "/run/say").stdout.split()


def routers(lab: Lab) -> int:
    """How many advertise themselves to the client: 0 or 1."""
    argv = (*pxe.IN_CLIENT, *program("router_solicit"))
    return int(lab.run("segment", *argv).stdout)


@contextmanager
def replies(lab: Lab) -> Iterator[list[str]]:
    """Which DHCP servers answer the client meanwhile, by tcpdump's word; complete at the end."""
    sniff = ("tcpdump", "-n", "-l", "--immediate-mode", "-i", "eth0", "udp src port 67")
    servers: list[str] = []
    pipes = {"stdout": -1, "stderr": -1, "text": True}
    with lab.popen("segment", *pxe.IN_CLIENT, *sniff, **pipes) as process:
        try:
            assert any("listening" in line for line in process.stderr)
            yield servers
            process.terminate()
            printed = process.communicate(timeout=30)[0]
            servers += re.findall(r"^\S+ IP (\S+)\.(?:67|bootps) >", printed, re.MULTILINE)
        finally:
            process.kill()


@contextmanager
def log(lab: Lab) -> Iterator[Iterator[str]]:
    """The service's log as it grows."""
    words = (*BRIDGEKIT, "pxe", "logs", "br0", "--follow")
    with lab.popen("host", *words, stdout=-1, text=True) as process:
        try:
            yield iter(process.stdout)
        finally:
            process.kill()


def test_in_the_hosts_own_subnet(host: Lab) -> None:
    """With the host's router and name server, and without what others on the segment have."""
    host.ip("gateway", "address add 192.168.1.101/24 dev eth0")
    shown = up(host, "--mode", "lan", "--range", "192.168.1.101,192.168.1.102")
    assert "192.168.1.254/24" in shown and "without 1 that are in use" in shown
    assert lease(host) == ["192.168.1.254", "192.168.1.102", "192.168.1.1", "192.0.2.53"]
    again = host.bridgekit("pxe", "up", "br0", "--engine", "native", "--mode", "lan",
                           "--range", "192.168.1.101,192.168.1.102")  # fmt: skip
    assert "nothing to do" in again.stdout
    assert host.bridgekit("pxe", "down", "br0").code == 0


def test_an_address_that_somebody_has(host: Lab) -> None:
    host.ip("gateway", "address add 192.168.242.1/24 dev eth0")
    done = host.bridgekit("pxe", "up", "br0", "--engine", "native")
    assert done.code == 3, done
    assert "192.168.242.1 is to be the service's own" in done.stderr
    assert "52:54:00:b1:00:01 has it" in done.stderr


def test_a_range_that_others_have(host: Lab) -> None:
    host.ip("gateway", "address add 192.168.242.150/24 dev eth0")
    one = "192.168.242.150,192.168.242.150"
    done = host.bridgekit("pxe", "up", "br0", "--engine", "native", "--range", one)
    assert done.code == 3 and "every address" in done.stderr, done


def test_proxy_needs_another_server(host: Lab) -> None:
    done = host.bridgekit("pxe", "up", "br0", "--engine", "native", "--mode", "proxy")
    assert done.code == 3 and "no DHCP server answers" in done.stderr, done


def test_a_subnet_that_is_not_the_hosts(host: Lab) -> None:
    for mode in ("lan", "proxy"):
        own = ("--mode", mode, "--address", "10.7.0.1/24")
        done = host.bridgekit("pxe", "up", "br0", "--engine", "native", *own)
        assert done.code == 3 and "is no subnet of this host" in done.stderr, done


def test_auto_is_proxy_beside_another_server(host: Lab) -> None:
    """Addresses are the other's, and what to boot comes from the service."""
    with server(host, *OTHER_POOL):
        shown = up(host, "--mode", "auto")
        assert "beside another DHCP server" in shown
        who, address, router = lease(host)
        assert (who, router) == ("192.168.1.1", "192.168.1.1")
        assert address.startswith("192.168.1.2")
        now = json.loads(host.bridgekit("pxe", "status", "--json").stdout)["services"]
        assert now[0]["service"]["mode"] == "proxy"
    assert host.bridgekit("pxe", "down", "br0").code == 0


def test_auto_is_isolated_alone(host: Lab) -> None:
    up(host, "--mode", "auto")
    assert lease(host)[0] == "192.168.242.1"
    assert host.bridgekit("pxe", "down", "br0").code == 0


def test_a_server_that_appears_later(host: Lab) -> None:
    """It is noticed, nothing is offered as long as it is there, and then again."""
    up(host)
    with log(host) as lines:
        with server(host, *OTHER_POOL):
            noticed = next(line for line in lines if "another DHCP server answers" in line)
            assert "192.168.1.1 (52:54:00:b1:00:01" in noticed
            with replies(host) as servers:
                for _ in range(3):
                    assert lease(host)[0] == "192.168.1.1"
            assert set(servers) == {"192.168.1.1"}
            assert "another DHCP server" in host.bridgekit("pxe", "status").stdout
        said = list(takewhile(lambda line: "offers addresses again" not in line, lines))
        assert not [line for line in said if "DHCP" in line and "(eth1)" in line]
    assert lease(host)[0] == "192.168.242.1"
    with server(host, *OTHER_POOL, program="udhcpd"):  # looks for two seconds before it offers
        assert not any("vendor class" in line for line in restarted(host))  # of one that asks
    assert host.bridgekit("pxe", "down", "br0").code == 0


def restarted(lab: Lab) -> list[str]:
    """What a service that is killed says until it serves again, while clients ask all the time."""
    (now,) = json.loads(lab.bridgekit("pxe", "status", "--json").stdout)["services"]
    file = f"/var/lib/bridgekit/pxe/{now['name']}/log"
    client = f"while :; do {' '.join(ASK)} -s /bin/true; done"
    with (
        lab.popen("host", "tail", "--lines=0", "-F", file, stdout=-1, stderr=-3, text=True) as log,
        lab.popen("segment", "sh", "-c", client, stdout=-3, stderr=-3) as asking,
    ):
        first = min(map(int, lab.run("host", "pgrep", "-f", "bootserver").stdout.split()))
        lab.run("host", "kill", "-9", str(first))
        said = list(takewhile(lambda line: "pxe: serving" not in line, log.stdout))
        for process in (log, asking):
            process.kill()
    assert any("another DHCP server answers" in line for line in said)
    return said


def test_a_server_for_ipv6_that_appears_later(host: Lab) -> None:
    """It quiets both versions of IP, and the router advertisements."""
    up(host, "--ipv6", "fd00:242::1/64")
    assert routers(host) == 1
    with log(host) as lines:
        with server(host, *IPV6):
            noticed = next(line for line in lines if "another DHCP server answers" in line)
            assert "52:54:00:b1:00:01, offers an IPv6 address" in noticed
            assert routers(host) == 0
            assert host.run("segment", *ASK, "-s", "/run/say", check=False).stdout == ""
            assert "another DHCP server" in host.bridgekit("pxe", "status").stdout
        assert any("offers addresses again" in line for line in lines)
    assert lease(host)[0] == "192.168.242.1"
    assert routers(host) == 1
    assert host.bridgekit("pxe", "down", "br0").code == 0


def test_only_known_machines(host: Lab, tmp_path: Path) -> None:
    for above in (tmp_path, *list(tmp_path.parents)[:2]):
        above.chmod(0o755)
    (tmp_path / "machines.toml").write_text(f'[machine."{KNOWN}"]\nhostname = "node1"\n')
    up(host, "--only-known", "--site", str(tmp_path))
    assert host.run("segment", *ASK, "-s", "/run/say", check=False).stdout == ""
    assert "is in no machines.toml" in host.bridgekit("pxe", "logs", "br0").stdout
    host.run("segment", "ip", "-n", "client", "link", "set", "eth0", "address", KNOWN)
    assert lease(host)[0] == "192.168.242.1"
    assert host.bridgekit("pxe", "down", "br0").code == 0
