"""What keeps real firmware from booting is found, and without it the same firmware boots."""

import json

import pytest

from bridgekit.lab.client import Client
from bridgekit.lab.host import LabError
from bridgekit.lab.topology import Lab
from tests.support.netboot import Served

pytestmark = [pytest.mark.all, pytest.mark.xdist_group("firmware")]

MAC = "52:54:00:c1:00:01"
PAIR = f"ip link add {{0}}0 address {MAC} type veth peer {{0}}1; ip link set {{0}}0 master br0 up"
DROP = "type filter hook forward priority 0; policy drop;"
TROUBLES = {
    "the host's firewall sees bridged frames": (
        "echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables; "
        f"nft 'table inet wall {{ chain through {{ {DROP} }}; }}'",
        "nft chain inet wall through drops",
        "nft delete table inet wall",
    ),
    "the segment's port is down": (
        "ip link set eth0 down",
        "br0's port eth0 is down",
        "ip link set eth0 up",
    ),
    "two ports have the client's own MAC address": (
        "; ".join(PAIR.format(name) for name in "vw"),
        f"have the same MAC address {MAC}",
        "ip link delete v0; ip link delete w0",
    ),
}


def found(lab: Lab, *options: str) -> str:
    result = json.loads(lab.bridgekit("pxe", "check", "br0", "--json", *options).stdout)
    return "\n".join(result["findings"])


def gets_nothing(served: Served, **where: str) -> None:
    with Client(served.lab, "bios", **where) as client, pytest.raises(LabError, match="gave up"):
        client.wait_for(client.stages(served.token)[0].pattern, 300)


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_people_have_to_mend(native: Served, trouble: str) -> None:
    breaks, said, mends = TROUBLES[trouble]
    native.lab.run("host", "sh", "-c", breaks)
    gets_nothing(native)
    assert said in found(native.lab)
    native.lab.run("host", "sh", "-c", mends)
    native.boots("bios")


def test_what_is_mended_for_them(native: Served) -> None:
    """A virtual machine's port is a new one, which STP keeps silent first."""
    virtual = {"where": "host", "bridge": "br0"}
    native.lab.ip("host", "link set br0 type bridge stp_state 1 forward_delay 3000")
    gets_nothing(native, **virtual)
    assert "STP is on" in found(native.lab)
    assert found(native.lab, "--fix") == ""
    native.boots("bios", **virtual)
