"""A netboot without a machine: clients of every kind, out of a network namespace on the bridge."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from bridgekit.attach.attach import attach, detach
from bridgekit.attach.spec import DEFAULT_IFNAME, parse_spec
from bridgekit.errors import RefusedError
from bridgekit.pxe import record
from bridgekit.pxe.diagnose.client_simulator import Step
from bridgekit.pxe.runtime_state import read_simulated_mac
from bridgekit.system import lock

NO_ADDRESS = "0/0"
MANIFEST = "srv/tftp.sha256"


def self_test(bridge: str, pid: int, state: Path) -> Iterator[Step]:
    """Every step of every kind of client, as it is done; `pid` is the service's own process.

    A file that is not the one recorded when the service was made is a trouble of its step.
    Nothing is left behind, also if the caller stops in the middle. A second one waits, as both
    would be the same machine.
    """
    service_dir = record.service_dir_of(bridge, state)
    with lock.exclusive(service_dir.path / "checked"):
        yield from _run_clients(bridge, pid)


def _run_clients(bridge: str, pid: int) -> Iterator[Step]:
    recorded, mac = _read_manifest(Path(f"/proc/{pid}/root") / MANIFEST), read_simulated_mac(pid)
    argv = (sys.executable, "-P", "-m", "bridgekit", "pxe", "simulate", DEFAULT_IFNAME)
    pipe = subprocess.PIPE
    with subprocess.Popen(("unshare", "--net", *argv), stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdin and child.stdout
        namespace = f"/proc/{child.pid}/ns/net"
        try:
            if child.stdout.readline() != "ready\n":
                raise RefusedError(
                    "no network namespace can be made for simulated clients; nothing was changed"
                )
            attach(bridge, namespace, parse_spec((NO_ADDRESS,), mac or None))
            child.stdin.write("go\n")
            child.stdin.flush()
            while line := child.stdout.readline().strip():
                yield _verified(msgspec.json.decode(line, type=Step), recorded)
        finally:
            with suppress(RefusedError):  # it ended by itself, and its interface with it
                detach(bridge, namespace)
            child.kill()


def _read_manifest(manifest: Path) -> dict[str, str]:
    lines = (line.partition("  ") for line in manifest.read_text().splitlines())
    return {name: sha256 for sha256, _, name in lines}


def _verified(step: Step, recorded: dict[str, str]) -> Step:
    known = recorded.get(urlsplit(step.what).path[1:], step.sha256)
    if step.problem or known == step.sha256:
        return step
    return replace(step, problem="it is not the file that was recorded when the service was built")
