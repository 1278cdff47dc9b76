"""Which boot file each kind of firmware is offered, asked for by DHCP as firmware does."""

import json
import sys
from collections.abc import Callable

import pytest

from bridgekit.lab.topology import Lab
from tests.support import pxe

# arguments: client architectures (option 93), -1 for firmware that does not say
PROGRAM = """
import json, select, socket, sys, time
from bridgekit.netboot.rivals import ETH_P_ALL, parse, request

def asking(mac, arch):
    words = bytes((60, 9)) + b"PXEClient" + (bytes((93, 2, 0, arch)) if arch >= 0 else b"")
    frame = request(mac, 7)
    end = 42 + 240 + 8
    return frame[:end] + words + b"\\xff" + frame[end + len(words) + 1 :]

found = {}
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)) as wire:
    wire.bind(("eth0", ETH_P_ALL))
    macs = {bytes((2, 0, 0, 0, 9, index)): int(arch) for index, arch in enumerate(sys.argv[1:])}
    for mac, arch in macs.items():
        wire.send(asking(mac, arch))
    until = time.monotonic() + 25
    while len(found) < len(macs) - 1 and select.select([wire], [], [], until - time.monotonic())[0]:
        frame = wire.recv(2048)
        for mac, arch in macs.items():
            if parse(frame, mac, 7):
                found[arch] = frame[42 + 108 : 42 + 236].split(b"\\0")[0].decode()
print(json.dumps(found))
"""
FILES = {"0": "pxelinux.0", "-1": "pxelinux.0", "7": "bootnetx64.efi", "9": "bootnetx64.efi"}
IA32 = "6"


def test_each_firmware_gets_its_file(
    make_lab: Callable[..., Lab], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BRIDGEKIT_CACHE_DIR", str(pxe.CACHE))
    pxe.ensure_root()
    host = pxe.bridged(make_lab())
    pxe.up(host)
    pxe.client(host)
    asked = ("ip", "netns", "exec", "client", sys.executable, "-c", PROGRAM, *FILES, IA32)
    assert json.loads(host.run("wire", *asked).stdout) == FILES
    assert "refused: a 32-bit UEFI client" in host.bridgekit("pxe", "logs", "br0").stdout
