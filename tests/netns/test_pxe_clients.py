"""What clients are told: the boot file for each kind of firmware, and names by DNS."""

import json
import subprocess

from bridgekit.lab.topology import Lab
from tests.support import pxe
from tests.support.programs import program

HTTP = "http://192.168.242.1"
FILES = {"0": "lpxelinux.0", "-1": "lpxelinux.0", "7": "bootnetx64.efi", "9": "bootnetx64.efi"}
FILES |= {"11": "bootnetaa64.efi", "16": f"{HTTP}/bootnetx64.efi", "19": f"{HTTP}/bootnetaa64.efi"}
IA32 = "6"


def test_each_firmware_gets_its_file(served: Lab) -> None:
    asked = (*pxe.IN_CLIENT, *program("pxe_offers", *FILES, IA32))
    assert json.loads(served.run("segment", *asked).stdout) == FILES
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
            asked = (*pxe.IN_CLIENT, *program("dns_question"))
            assert served.run("segment", *asked).stdout == "203.0.113.77\n"
        finally:
            process.kill()
