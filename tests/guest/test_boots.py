"""What is written boots, with links that only Debian's kernel has: VLANs, bonds and dummy links."""

import os
from collections.abc import Callable

import pytest

from bridgekit.lab import ifup
from bridgekit.lab.state_dump import StateDump
from bridgekit.lab.topology import Lab
from tests.guest.moves import LOOPBACK, link
from tests.support.state import state

MakeLab = Callable[..., Lab]

STATIC = "  address 192.168.1.4/24\n  gateway 192.168.1.1\n"
IPV6 = "  address 2001:db8:1::4/64\n  dad-attempts 0\n"


def stanza(nic: str, *lines: str) -> str:
    """A NIC's stanzas of both families; these lines come before it is up."""
    before = "".join(f"  pre-up {line}\n" for line in lines)
    return (
        f"\nauto {nic}\niface {nic} inet static\n{STATIC}{before}iface {nic} inet6 static\n{IPV6}"
    )


FILES = {
    "a VLAN of the NIC": (
        "eth0",
        stanza("eth0") + "\nauto eth0.5\niface eth0.5 inet static\n  address 192.168.5.4/24\n",
    ),
    "a VLAN as the NIC": (
        "eth0.5",
        "\nauto eth0\niface eth0 inet manual\n" + stanza("eth0.5"),
    ),
    "a bond": (
        "bond0",
        stanza(
            "bond0",
            "ip link show bond0 || ip link add bond0 type bond mode active-backup",
            "ip link set dev eth0 down",
            "ip link set dev eth0 master bond0",
        ),
    ),
    "a dummy": (
        "dummy0",
        stanza(
            "dummy0",
            "ip link show dummy0 || ip link add dummy0 address 52:54:00:00:00:77 type dummy",
        ),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_the_file_alone_makes_the_live_state(make_lab: MakeLab, name: str) -> None:
    nic, text = FILES[name]
    lab = make_lab(host=(), interfaces=LOOPBACK + text)
    lab.run("host", "ifup", "-a", timeout=120)
    lab.hosts["host"].settle()
    begun = comparable(state(lab))
    done = lab.bridgekit("apply", nic, "--yes")
    assert done.code == 0, done
    assert link(lab, nic)["master"] == "br0"
    live, (booted, said) = comparable(state(lab)), boot(lab)
    assert live == comparable(booted), said
    assert lab.bridgekit("rollback").code == 0
    assert lab.read_interfaces() == LOOPBACK + text
    assert comparable(state(lab)) == begun == comparable(boot(lab)[0])


def boot(lab: Lab) -> tuple[StateDump, str]:
    return ifup.boot(f"boot{os.getpid()}", lab.read_interfaces())


def comparable(dumped: StateDump) -> list[str]:
    """Addresses, routes and rules."""
    kinds = ("address", "route", "route6", "rule", "rule6")
    return sorted(line for line in dumped.lines if line.split()[0] in kinds)
