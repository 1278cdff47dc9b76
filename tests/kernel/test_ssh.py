"""A Debian machine that is reached by SSH alone: moved over that very connection, and rebooted.

The witnesses are the SSH client, whose connection must stay, and iproute2 in the guest.
"""

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridgekit.system.process import run
from tests.support.systemd_guest import SECONDS, Machine, booted, layered
from tests.support.systemd_power import INTERFACES

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("guests")]

OURS = {"192.168.1.4", "2001:db8:1::4"}
OPTIONS = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
SERVICES = ("systemd-logind.service", "systemd-user-sessions.service", "ssh.service")


@dataclass(frozen=True)
class Shell:
    """Runs programs in a guest, over SSH."""

    port: int
    key: Path

    def argv(self, *words: str) -> list[str]:
        options = [word for option in OPTIONS for word in ("-o", option)]
        where = ["-i", str(self.key), "-p", str(self.port), "root@127.0.0.1"]
        return ["ssh", *options, *where, "--", *words]

    def __call__(self, *words: str) -> str:
        return run(*self.argv(*words), timeout=SECONDS)

    @contextmanager
    def staying(self) -> Iterator[None]:
        """Within, a connection stays: what goes in at its one end comes back from the other."""
        pipe = subprocess.PIPE
        with subprocess.Popen(self.argv("cat"), stdin=pipe, stdout=pipe, text=True) as line:
            assert line.stdin and line.stdout
            for word in ("before\n", "after\n"):
                line.stdin.write(word)
                line.stdin.flush()
                assert line.stdout.readline() == word
                if word == "before\n":
                    yield

    def carriers(self) -> dict[str, set[str]]:
        """The links, with the addresses of each."""
        links = json.loads(self("ip", "-j", "address", "show"))
        return {
            link["ifname"]: {one["local"] for one in link["addr_info"] if one["scope"] == "global"}
            for link in links
        }


@contextmanager
def reached(layer: Path, shell: Shell) -> Iterator[Machine]:
    """Boot a machine, and let it be reached by SSH."""
    with booted(layer, shell.port) as machine:
        public = shell.key.with_suffix(".pub").read_text()
        machine.run("install", "-d", "-m", "700", "/root/.ssh")
        machine.run("sh", "-c", 'printf %s "$1" > /root/.ssh/authorized_keys', "sh", public)
        machine.run("systemctl", "start", *SERVICES)
        yield machine


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A key of its own, and a port that is free."""
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return Shell(free.getsockname()[1], tmp_path / "key")


def test_there_and_back_over_ssh_and_across_reboots(
    disk: Path, tmp_path: Path, shell: Shell
) -> None:
    layer = layered(disk, tmp_path / "reached")
    with reached(layer, shell) as machine:
        old = machine.run("cat", INTERFACES)
        with shell.staying():
            shell("bridgekit", "apply", "eth0", "--yes")
        assert on(shell) == "br0"
        machine.shut_down()
    with reached(layer, shell) as machine:
        assert on(shell) == "br0"
        shell("systemctl", "restart", "networking.service")
        assert on(shell) == "br0"
        with shell.staying():
            shell("bridgekit", "rollback")
        assert on(shell) == "eth0" and machine.run("cat", INTERFACES) == old
        machine.shut_down()
    with reached(layer, shell):
        assert on(shell) == "eth0"


def on(shell: Shell) -> str:
    """The only link that carries the machine's addresses."""
    (found,) = (name for name, addresses in shell.carriers().items() if addresses >= OURS)
    others = (addresses for name, addresses in shell.carriers().items() if name != found)
    assert all(OURS.isdisjoint(addresses) for addresses in others)
    return found
