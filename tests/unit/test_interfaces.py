"""interfaces(5) as it is read: what of it concerns an interface, and the program that lists it."""

import json
import subprocess
from pathlib import Path

from msgspec.structs import replace

from bridgekit.lab.host import PYTHON
from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.interfaces.document import Option
from tests.support.ifquery import brought_up_by
from tests.support.interfaces_files import ETH0, FILE, Memory, read
from tests.support.json_docs import documented


def test_patterns_pick_from_what_exists() -> None:
    parsed = read("auto /e*/2=x e0 /e1 no/e*=x\niface x inet manual\niface e0 inherits x\n")
    listed = brought_up_by(parsed, "auto", ["lo", "e0", "f", "e1"])
    assert [(one.physical, one.logical) for one in listed] == [
        ("lo", None),
        ("e1", "x"),
        ("e0", None),
    ]


def test_a_mapping_and_no_auto_down_are_reported() -> None:
    parsed = read("mapping et*\n script x\nno-auto-down e*\n")
    flags = [
        (interfaces.has_mapping(parsed, n), interfaces.is_no_auto_down(parsed, n))
        for n in ("eth0", "br0")
    ]
    assert flags == [(True, True), (False, False)]


def test_what_the_state_does_not_show_is_the_nics_own() -> None:
    definition = interfaces.definitions_for(read(FILE), "eth0")[0]
    assert Option("address", "192.168.1.4/24") in definition.options
    own = interfaces.own_options(definition, interfaces.NIC_FROM_STATE)
    assert [option.name for option in own] == ["up", "dns-nameservers", "up", "up"]


def test_options_are_those_of_the_stanza_that_is_used() -> None:
    text = (
        "iface base inet manual\n up echo base\niface home inet dhcp inherits base\n up echo home\n"
    )
    for line in ("auto eth0=home\n", "allow-x /eth*=home\n", "auto mac/02*=base /e*=home\n"):
        parsed = read(line + text + ETH0.removeprefix("auto eth0\n"))
        assert [o.value for o in interfaces.options_of(parsed, "eth0")] == [
            "echo base",
            "echo home",
        ]
        assert interfaces.methods_of(parsed, ("eth0",)) == {("inet", "dhcp")}
    assert [o.name for o in interfaces.options_of(read(text + ETH0), "eth0")] == ["address"]


def test_an_alias_with_another_stanza() -> None:
    """`auto eth0:1=extra`: the alias gets what `iface extra` says."""
    text = "auto eth0 eth0:1=extra eth1=other\n" + ETH0
    text += "iface extra inet static\n address 192.0.2.5/24\n up echo extra\n"
    text += "iface other inet manual\n up echo other\n"
    found = interfaces.options_of(read(text), "eth0")
    assert [option.value for option in found if option.name == "up"] == ["echo extra"]


def test_a_vlan_of_the_nic_has_another_name() -> None:
    option = Option("pre-up", "ip route add 10.0.0.0/8 dev eth0; x eth0.7 xeth0 enp3s0 eth0")
    renamed = interfaces.rename_link(option, ("eth0", "enp3s0"), "br0")
    assert renamed == Option("up", "ip route add 10.0.0.0/8 dev br0; x eth0.7 xeth0 br0 br0")


def test_home_is_where_the_stanza_is() -> None:
    assert interfaces.file_of(read("source d\n", d=ETH0), "eth0") == "/d"
    assert interfaces.file_of(read("source d\n", d=ETH0), "eth1") is None


def test_a_bridges_options_with_hyphens_too() -> None:
    own = (Option("bridge-ports", "none eth1"), Option("bridge_ports", "eth2"), Option("dns", "x"))
    assert interfaces.bridge_ports(own) == ("eth1", "eth2")
    definition = replace(interfaces.definitions_for(read(ETH0), "eth0")[0], options=own)
    kept = interfaces.own_options(definition, interfaces.BRIDGE_FROM_STATE)
    assert kept == (Option("dns", "x"),)


def test_files_of_other_programs_are_read_as_well_as_may_be() -> None:
    text = "iface eth1\n  mtu 9\n" + ETH0
    assert (read(text).accepted, read(text).definitions) == (False, ())
    parsed = interfaces.parse_files("/main", Memory(main=text), strict=False)
    assert not parsed.accepted
    assert [(one.name, one.method) for one in parsed.definitions] == [
        ("eth1", ""),
        ("eth0", "static"),
    ]


def test_problems_say_where() -> None:
    parsed = read("auto lo\nsource d $HOME/x nowhere\nsource d\n" + ETH0, d="\n\\\n\n mtu 9\n")
    assert [(p.path, p.line, p.fatal) for p in parsed.problems] == [
        ("/main", 2, False),
        ("/d", 4, True),
    ]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    line = (*PYTHON, "-m", "bridgekit", "interfaces", "--list", "--dialect", "classic", *words)
    return subprocess.run(line, capture_output=True, check=False, text=True, timeout=60)


def test_listed(tmp_path: Path) -> None:
    (tmp_path / "main").write_text("source d/*\nno-auto-down eth0\nmtu 9\n")
    (tmp_path / "d").mkdir()
    (tmp_path / "d/eth0").write_bytes(b"auto eth0\niface eth0 inet manual\n  up echo \xff\x1b\n")
    done = run("--interfaces-file", str(tmp_path / "main"), "--json")
    data = json.loads(done.stdout)
    assert (done.returncode, data["taken"], data["schema"]) == (1, False, 1)
    assert documented()["interfaces --list"] < data.keys()
    assert data["activated"] == {"auto": ["lo", "eth0"]}
    assert data["definitions"][0]["options"] == [{"name": "up", "value": "echo \udcff\x1b"}]
    assert [problem["line"] for problem in data["problems"]] == [3]
    done = run("--interfaces-file", str(tmp_path / "main"))
    assert done.stdout == (
        "auto lo eth0\nno-auto-down eth0\n\n"
        f"# {tmp_path}/d/eth0:2\niface eth0 inet manual\n    up echo \\udcff\\x1b\n"
    )
    assert run("--interfaces-file", str(tmp_path / "d/eth0")).returncode == 0
