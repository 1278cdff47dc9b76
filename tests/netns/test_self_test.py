"""`pxe check` of a service that runs: clients of every kind go the whole way."""

import json
from pathlib import Path
from typing import Any

import pytest

from bridgekit.lab.topology import Lab
from tests.support import pxe
from tests.support.dhcp_servers import server
from tests.support.json_docs import documented

KINDS = {"BIOS", "BIOS that is iPXE", "UEFI x64", "UEFI arm64", "UEFI x64, HTTP boot"}
ROOT = "/proc/$(pgrep -o -f bootserver)/root"


def check(lab: Lab) -> tuple[int, dict[str, Any]]:
    done = lab.bridgekit("pxe", "check", "br0", "--json")
    found: dict[str, Any] = json.loads(done.stdout)
    return done.code, found


def troubles(found: dict[str, Any]) -> dict[str, str]:
    return {step["client"]: step["trouble"] for step in found["clients"] if step["trouble"]}


def test_every_kind_of_client(bridged: Lab) -> None:
    """What they were given is what a program of its own finds in the service's root."""
    pxe.up(bridged)
    ports = bridged.run("host", "ip", "-br", "link", "show", "master", "br0").stdout
    code, found = check(bridged)
    assert (code, found["findings"]) == (0, [])
    assert {step["client"] for step in found["clients"]} == KINDS
    fields = documented()["a step of `pxe check`"]
    assert all(step.keys() == fields for step in found["clients"])
    for arch in ("amd64", "arm64"):
        path = f"debian/13/{arch}/initrd.gz"
        sums = bridged.run("host", "sh", "-c", f"sha256sum {ROOT}/srv/tftp/{path}").stdout
        given = {step["sha256"] for step in found["clients"] if step["what"].endswith(path)}
        assert given == {sums.split()[0]}
    log = bridged.bridgekit("pxe", "logs", "br0").stdout
    assert "sent /srv/tftp/lpxelinux.0" in log and log.count("DHCPRELEASE") == len(KINDS)
    shown = json.loads(bridged.bridgekit("pxe", "status", "--json").stdout)["services"]
    assert (shown[0]["leases"], shown[0]["clients"]) == ([], [])
    assert bridged.run("host", "ip", "-br", "link", "show", "master", "br0").stdout == ports
    assert bridged.bridgekit("pxe", "down", "br0").code == 0


@pytest.mark.all
def test_where_only_known_machines_are_served(bridged: Lab, tmp_path: Path) -> None:
    for above in (tmp_path, *list(tmp_path.parents)[:2]):
        above.chmod(0o755)
    pxe.up(bridged, "--only-known", "--site", str(tmp_path))
    assert check(bridged)[0] == 0


def test_a_file_that_was_changed(bridged: Lab) -> None:
    pxe.up(bridged)
    inside = f"nsenter --mount={ROOT.removesuffix('/root')}/ns/mnt"
    over = "mount --bind /srv/tftp/bootnetaa64.efi /srv/tftp/bootnetx64.efi"
    bridged.run("host", "sh", "-c", f"{inside} {over}")
    code, found = check(bridged)
    assert code == 10
    assert troubles(found).keys() == {"UEFI x64", "UEFI x64, HTTP boot"}
    assert "not the file that was recorded" in found["findings"][0]


@pytest.mark.all
def test_a_bridge_that_lets_nothing_through(bridged: Lab) -> None:
    pxe.up(bridged)
    drop = "table bridge t { chain c { type filter hook forward priority 0; udp dport 67 drop; }; }"
    bridged.run("host", "nft", "-f", "-", stdin=drop)
    code, found = check(bridged)
    assert code == 10
    assert troubles(found) == dict.fromkeys(KINDS, "no server offers an address")


def test_beside_another_server(bridged: Lab) -> None:
    """Only HTTP boot gets nothing, as a proxy cannot tell it anything."""
    with server(bridged, "192.168.1.200", "192.168.1.220"):
        done = bridged.bridgekit("pxe", "up", "br0", "--engine", "native", "--mode", "auto")
        assert done.code == 0, done.stderr
        code, found = check(bridged)
    assert code == 10
    assert troubles(found) == {"UEFI x64, HTTP boot": "no server names a file to load"}
