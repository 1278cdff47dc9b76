"""What clients are told: the boot file for each kind of firmware, and names by DNS."""

import json
import subprocess

from bridgekit.lab.host import PYTHON
from bridgekit.lab.topology import Lab
from tests.support import pxe

# arguments: client architectures (option 93), -1 for firmware that does not say
PROGRAM = """
import json, select, socket, sys, time
from bridgekit.bootserver.dhcp_discovery import ETH_P_ALL, parse_offer, discover_frame

def asking(mac, arch):
    words = bytes((60, 32)) + b"PXEClient:Arch:%05d:UNDI:003000" % max(arch, 0)
    words += bytes((93, 2, 0, arch)) if arch >= 0 else b""
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
QUESTION = """
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
    wire.settimeout(10)
    header = bytes((0, 7, 1, 0, 0, 1)) + bytes(6)
    wire.sendto(header + b"\\4name\\7example\\0\\0\\1\\0\\1", ("192.168.242.1", 53))
    print(".".join(map(str, wire.recv(512)[-4:])))
"""
HTTP = "http://192.168.242.1"
FILES = {"0": "lpxelinux.0", "-1": "lpxelinux.0", "7": "bootnetx64.efi", "9": "bootnetx64.efi"}
FILES |= {"11": "bootnetaa64.efi", "16": f"{HTTP}/bootnetx64.efi", "19": f"{HTTP}/bootnetaa64.efi"}
IA32 = "6"


def test_each_firmware_gets_its_file(served: Lab) -> None:
    asked = (*pxe.IN_CLIENT, *PYTHON, "-c", PROGRAM, *FILES, IA32)
    assert json.loads(served.run("wire", *asked).stdout) == FILES
    assert "is a 32-bit UEFI client" in served.bridgekit("pxe", "logs", "br0").stdout


def test_names_are_resolved_by_the_hosts_server(served: Lab) -> None:
    server = (
        "dnsmasq",
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
    )
    answer = ("--address=/name.example/203.0.113.77", "--listen-address=192.168.1.1")
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    words = ("--bind-interfaces", "--user=root", "--log-facility=-")
    with served.popen("gateway", *server, *answer, *words, **how) as process:
        try:
            assert any("started" in line for line in process.stdout)
            asked = (*pxe.IN_CLIENT, *PYTHON, "-c", QUESTION)
            assert served.run("wire", *asked).stdout == "203.0.113.77\n"
        finally:
            process.kill()
