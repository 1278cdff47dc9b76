"""What is written is what boots: the real ifupdown and bridge-utils bring an empty host up."""

import os
from collections.abc import Callable

import pytest

from bridgekit.lab import ifup, layout, witness
from bridgekit.lab.topology import Lab

MakeLab = Callable[..., Lab]

ETH1 = "auto eth1\niface eth1 inet manual\n  up ip link set eth1 up\n"
STATES = {
    "full": (layout.FULL, layout.INTERFACES),
    "simple": (
        layout.SIMPLE,
        "auto lo\niface lo inet loopback\n\nauto eth0\niface eth0 inet static\n"
        "\taddress 192.168.1.4/24\n\tgateway 192.168.1.1\n" + ETH1,
    ),
    "bare": (layout.UP, "auto lo\niface lo inet loopback\n" + ETH1),
    "metrics": (
        (
            *layout.SIMPLE,
            "link set eth0 mtu 1400",
            "address add 192.168.1.5/24 brd + dev eth0 label eth0:mail",
            "route add 10.1.0.0/16 via 192.168.1.1 dev eth0 metric 7 mtu lock 1300 advmss 1200",
            "route add 10.2.0.0/16 dev eth0 scope link",
            "route add default via 192.168.1.1 dev eth0 table 77 proto static",
        ),
        "auto eth0\niface eth0 inet static\n  address 192.168.1.4/24\n  gateway 192.168.1.1\n"
        + ETH1,
    ),
}


def live_and_booted(
    make_lab: MakeLab, host: tuple[str, ...], interfaces: str
) -> tuple[witness.Testimony, witness.Testimony]:
    lab = make_lab(host=host, interfaces=interfaces)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    live = witness.dump(lab.hosts["host"], files=False, sysctls=False)
    booted, _ = ifup.boot(f"boot{os.getpid()}", lab.read_interfaces())
    return live, booted


@pytest.mark.parametrize("name", STATES)
def test_boot_makes_the_live_state(make_lab: MakeLab, name: str) -> None:
    live, booted = live_and_booted(make_lab, *STATES[name])
    ours = [sorted(_compared(one)) for one in (live, booted)]
    assert ours[0] == ours[1]


def _compared(testimony: witness.Testimony) -> list[str]:
    """Everything but eth1, which has no section in some of the files."""
    kinds = ("link", "address", "route", "route6", "rule", "rule6", "neighbour", "port")
    lines = (line for line in testimony.lines if line.split()[0] in kinds)
    return [line for line in lines if '"eth1"' not in line or '"br0"' in line]


def test_section_in_a_sourced_file(make_lab: MakeLab) -> None:
    main = "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n"
    lab = make_lab(host=layout.SIMPLE, interfaces=main)
    section = "allow-hotplug eth0\niface eth0 inet static\n  address 192.168.1.4/24\n"
    lab.write_interfaces(section, "interfaces.d/eth0")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert lab.read_interfaces() == main
    text = lab.read_interfaces("interfaces.d/eth0")
    assert "#bridgekit# allow-hotplug eth0" in text and "iface br0 inet static" in text
    assert lab.read_interfaces("interfaces.d/.eth0.before-bridgekit") == section
    assert lab.bridgekit("rollback").code == 0
    assert lab.read_interfaces("interfaces.d/eth0") == section


def test_golden_stanza(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE)
    golden = """\
auto br0
iface br0 inet static
      address 192.168.1.4
      netmask 255.255.255.0
      network 192.168.1.0
      broadcast 192.168.1.255
      gateway 192.168.1.1
      bridge_ports eth0
      bridge_stp off
      bridge_fd 0
"""
    assert lab.bridgekit("interfaces", "eth0").stdout == golden
    assert lab.bridgekit("interfaces").stdout == golden
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert lab.bridgekit("interfaces").stdout == golden


def test_no_persist_leaves_the_file_alone(lab: Lab) -> None:
    before = lab.read_interfaces()
    assert lab.bridgekit("apply", "eth0", "--yes", "--no-persist").code == 0
    assert lab.read_interfaces() == before


def test_a_section_for_the_bridge_is_refused(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces="iface br0 inet manual\n")
    refused = lab.bridgekit("apply", "eth0", "--yes")
    assert refused.code == 3 and "br0" in refused.stderr
