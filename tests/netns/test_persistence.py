"""What is written is what boots: the real ifupdown and bridge-utils bring an empty host up."""

import json
import os
from collections.abc import Callable

import pytest

from bridgekit.lab import ifup, layout, state_dump
from bridgekit.lab.topology import Lab
from tests.support.host_states import ETH1, SIMPLE, STATES

MakeLab = Callable[..., Lab]


def live_and_booted(
    make_lab: MakeLab, host: tuple[str, ...], interfaces: str
) -> tuple[state_dump.StateDump, state_dump.StateDump]:
    lab = make_lab(host=host, interfaces=interfaces)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    live = state_dump.dump(lab.hosts["host"], files=False, sysctls=False)
    booted, _ = ifup.boot(f"boot{os.getpid()}", lab.read_interfaces())
    return live, booted


@pytest.mark.parametrize("name", ("simple", "bare", "metrics"))
def test_boot_makes_the_live_state(make_lab: MakeLab, name: str) -> None:
    """All of the states, and whichever ifupdown: see test_dialects.py."""
    live, booted = live_and_booted(make_lab, STATES[name].host, STATES[name].file + ETH1)
    ours = [sorted(_compared(one)) for one in (live, booted)]
    assert ours[0] == ours[1]


def _compared(dumped: state_dump.StateDump) -> list[str]:
    """Everything but eth1, which has no stanza in some of the files."""
    kinds = ("link", "address", "route", "route6", "rule", "rule6", "neighbour", "port")
    lines = (line for line in dumped.lines if line.split()[0] in kinds)
    return [line for line in lines if '"eth1"' not in line or '"br0"' in line]


def test_stanza_in_a_sourced_file(make_lab: MakeLab) -> None:
    main = "source /etc/network/interfaces.d/*\n\nauto lo\niface lo inet loopback\n"
    lab = make_lab(host=layout.SIMPLE, interfaces=main)
    stanza = "allow-hotplug eth0\niface eth0 inet static\n  address 192.168.1.4/24\n"
    lab.write_interfaces(stanza, "interfaces.d/eth0")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert lab.read_interfaces() == main
    text = lab.read_interfaces("interfaces.d/eth0")
    assert text.startswith("allow-hotplug eth0\n#bridgekit# iface eth0 inet static\n")
    assert "iface eth0 inet manual" in text and "iface br0 inet static" in text
    assert lab.read_interfaces("interfaces.d/.eth0.before-bridgekit") == stanza
    assert lab.bridgekit("rollback").code == 0
    assert lab.read_interfaces("interfaces.d/eth0") == stanza


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


def test_settings_are_written(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces=SIMPLE)
    lab.hosts["host"].sysctl("net.ipv4.conf.eth0.proxy_arp", "1")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert "up sysctl -q -w net/ipv4/conf/br0/proxy_arp=1" in lab.read_interfaces()
    with Lab(f"boot{os.getpid()}", host=(), interfaces=lab.read_interfaces()) as booted:
        booted.run("host", "ifup", "-a")
        assert booted.hosts["host"].sysctl("net.ipv4.conf.br0.proxy_arp") == "1"


STANZA = "iface eth0 inet static\n  address 192.168.1.4/24\n  gateway 192.168.1.1\n"
NEEDED = {
    "an heir": f"auto eth0\n{STANZA}iface eth9 inet static inherits eth0\n",
    "a pattern": f"auto /eth*\n{STANZA}",
    "a pattern with a stanza": f"auto /eth0*=all\n{STANZA.replace('eth0', 'all')}",
    "a stanza of another name": f"auto eth0=home\n{STANZA.replace('eth0', 'home')}",
    "another interface": f"auto eth0 eth9\n{STANZA}iface eth9 inet manual\n  up ifup eth0\n",
    "a VLAN": f"auto eth0.5\nallow-hotplug eth0 eth0.5\n{STANZA}iface eth0.5 inet manual\n",
}


@pytest.mark.parametrize("why", NEEDED)
def test_boot_where_others_need_the_name(make_lab: MakeLab, why: str) -> None:
    """The name stays, and eth0 comes up without an address, whoever brings it up."""
    live, booted = live_and_booted(make_lab, layout.SIMPLE, NEEDED[why] + ETH1)
    ours = [sorted(_compared(one)) for one in (live, booted)]
    assert ours[0] == ours[1]


FILE_FINDINGS = {
    "mapping-names-nic": "mapping eth*\n  script x\nauto eth0.5\niface eth0.5 inet manual\n",
    "bridge-configured": "iface br0 inet manual\n",
    "port-of-another": "iface br7 inet manual\n  bridge_ports none regex e.*0\n",
    "no-scripts": "no-scripts br*\n",
}


@pytest.mark.parametrize("code", FILE_FINDINGS)
def test_what_would_not_boot_is_refused(make_lab: MakeLab, code: str) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces=STANZA + FILE_FINDINGS[code])
    refused = lab.bridgekit("plan", "eth0", "--json")
    found = [one["code"] for one in json.loads(refused.stdout)["findings"]]
    assert refused.code == 3 and code in found, refused
    assert lab.bridgekit("apply", "eth0", "--yes", "--no-persist").code == 0


def test_no_auto_down_holds_for_the_bridge(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces=f"auto eth0\nno-auto-down eth*\n{STANZA}{ETH1}")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert "no-auto-down br0\nauto br0\n" in lab.read_interfaces()


@pytest.mark.parametrize(
    ("path", "head"),
    [
        ("/run/network/interfaces.d/eth0", ""),
        (
            "/etc/network/interfaces.d/50-cloud-init",
            "# from information provided by the datasource\n",
        ),
    ],
)
def test_a_file_that_is_made_anew_is_refused(make_lab: MakeLab, path: str, head: str) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces=f"source {path}\n")
    lab.run("host", "mkdir", "-p", path.rpartition("/")[0])
    lab.run("host", "tee", path, stdin=head + SIMPLE)
    refused = lab.bridgekit("apply", "eth0", "--yes")
    assert refused.code == 3 and "is made anew at each boot by" in refused.stderr, refused


def test_the_nic_by_an_alternative_name(make_lab: MakeLab) -> None:
    """The address is the bridge's alone after a boot, and ifupdown goes on with that name."""
    file = SIMPLE.replace("eth0", "enp3s0")
    lab = make_lab(host=layout.SIMPLE, interfaces=file)
    lab.ip("host", "link property add dev eth0 altname enp3s0")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    text = lab.read_interfaces()
    assert "#bridgekit# iface enp3s0 inet static" in text and "bridge_ports eth0" in text
    assert "iface enp3s0 inet manual" in text and "iface eth0" not in text
    assert lab.bridgekit("rollback").code == 0
    assert lab.read_interfaces() == file


def test_the_nic_by_two_names(make_lab: MakeLab) -> None:
    """Neither of the stanzas gives the port an address at boot."""
    file = SIMPLE + "\nauto enp3s0\niface enp3s0 inet6 static\n  address 2001:db8:1::4/64\n"
    lab = make_lab(host=layout.SIMPLE, interfaces=file)
    lab.ip("host", "link property add dev eth0 altname enp3s0")
    lab.ip("host", "address add 2001:db8:1::4/64 dev eth0 nodad")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert lab.run("host", "ifquery", "eth0").stdout.count("address") == 0
    assert lab.run("host", "ifquery", "enp3s0", check=False).stdout == ""
    assert lab.run("host", "ifquery", "--list").stdout.split() == ["lo", "eth0", "br0"]
    assert lab.bridgekit("rollback").code == 0
    assert lab.read_interfaces() == file


def test_options_of_other_programs_stay_the_nics(make_lab: MakeLab) -> None:
    """Their scripts in if-*.d get them with IFACE=eth0, as ifupdown's own ifquery sees it."""
    own = "  offload-tso off\n  ethernet-wol g\n  wpa-conf /etc/wpa.conf\n  vlan-mtu 1400\n"
    lab = make_lab(host=layout.SIMPLE, interfaces=SIMPLE + own + "  dns-search example\n")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    port, bridge = (lab.run("host", "ifquery", name).stdout for name in ("eth0", "br0"))
    for line in ("offload-tso: off", "ethernet-wol: g", "wpa-conf: /etc/wpa.conf"):
        assert line in port.splitlines() and line not in bridge.splitlines()
    assert "dns-search: example" in bridge and "dns-search" not in port


@pytest.mark.parametrize("source", ["live", "file"])
def test_another_stanzas_route_by_a_router_of_the_nic_goes(make_lab: MakeLab, source: str) -> None:
    """That interface comes up before the bridge, when the router cannot be reached yet."""
    file = f"auto lo eth0 eth1\n{SIMPLE}{ETH1}  up ip route add 10.1.0.0/16 via 192.168.1.1\n"
    lab = make_lab(host=layout.SIMPLE, interfaces=file)
    lab.ip("host", "route add 10.1.0.0/16 via 192.168.1.1")
    assert lab.bridgekit("apply", "eth0", "--yes", "--persist", source).code == 0
    port, bridge = (lab.run("host", "ifquery", name).stdout for name in ("eth1", "br0"))
    assert "10.1.0.0/16" not in port and bridge.count("10.1.0.0/16 via 192.168.1.1") == 1


def test_another_stanzas_route_of_the_nic_goes(make_lab: MakeLab) -> None:
    """The bridge's stanza has it, if the host has it."""
    file = SIMPLE + ETH1 + "  up ip route add 10.1.0.0/16 dev eth0\n  up echo eth0\n"
    lab = make_lab(host=layout.SIMPLE, interfaces=file)
    lab.ip("host", "route add 10.1.0.0/16 dev eth0")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    text = lab.read_interfaces()
    assert "#bridgekit#   up ip route add 10.1.0.0/16 dev eth0\n" in text
    assert "\n  up echo eth0\n" in text and "up ip route replace 10.1.0.0/16 dev br0" in text
    assert lab.bridgekit("rollback").code == 0
    assert lab.read_interfaces() == file


def test_a_private_file_keeps_a_private_backup(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces=SIMPLE)
    lab.run("host", "chmod", "600", "/etc/network/interfaces")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    for name in ("interfaces", "interfaces.before-bridgekit"):
        mode = lab.run("host", "stat", "-c", "%a", f"/etc/network/{name}").stdout.strip()
        assert mode == "600"


def test_an_unwritable_folder_is_refused_before_anything(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE)
    before = state_dump.dump(lab.hosts["host"])
    refused = lab.bridgekit("apply", "eth0", "--yes", "--interfaces-file", "/nowhere/interfaces")
    assert refused.code == 3 and "cannot be written" in refused.stderr, refused
    assert before.difference(state_dump.dump(lab.hosts["host"])) == []


OPTIONS = (
    *("--stp", "--forward-delay", "2", "--hello", "1", "--max-age", "12"),
    *("--priority", "4096"),
)


def test_bridge_options_live_and_at_boot(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces=SIMPLE)
    assert lab.bridgekit("apply", "eth0", "--yes", *OPTIONS).code == 0
    live = bridge_data(lab)
    wanted = {"stp_state": 1, "forward_delay": 200, "hello_time": 100, "max_age": 1200}
    assert live == wanted | {"priority": 4096}
    with Lab(f"boot{os.getpid()}", host=(), interfaces=lab.read_interfaces()) as booted:
        booted.run("host", "ifup", "-a")
        assert bridge_data(booted) == live
    assert lab.bridgekit("rollback").code == 0


def bridge_data(lab: Lab) -> dict[str, int]:
    shown = json.loads(lab.run("host", "ip", "-d", "-j", "link", "show", "br0").stdout)
    data = shown[0]["linkinfo"]["info_data"]
    names = ("stp_state", "forward_delay", "hello_time", "max_age", "priority")
    return {name: data[name] for name in names}


def test_impossible_bridge_options_are_refused(make_lab: MakeLab) -> None:
    lab = make_lab(host=layout.SIMPLE)
    refused = lab.bridgekit("plan", "eth0", "--stp", "--forward-delay", "0")
    assert refused.code == 2 and "2 to 30 seconds" in refused.stderr, refused
