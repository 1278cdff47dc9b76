"""What is written boots, whichever ifupdown reads it: the real programs bring empty hosts up."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bridgekit.lab import ifup, state_dump
from bridgekit.lab.topology import Lab
from bridgekit.planning import codec
from tests.support.host_states import ALL, OTHERS, SIMPLE, STATES, State

MakeLab = Callable[..., Lab]
Texts = dict[str, str]

SHORT = (
    "full",
    "odds and ends",
    "ageing in fractions",
    "a file of ifupdown2",
    "files by a pattern",
)
NOT_KEPT = frozenset(("file-not-taken", "not-written"))
KINDS = (
    *("link", "address", "route", "route6", "rule", "rule6", "nexthop"),
    *("neighbour", "proxy", "port", "fdb", "vlan", "maddress"),
)
SETTINGS = re.compile(r"/br0/(accept_ra|autoconf|proxy_arp|rp_filter|forwarding|arp_accept) ")
OF_THE_MOMENT = re.compile(
    r'"(bridge_id|root_id|operstate|topology_change\w*)": ("[^"]*"|\d+), |, "M-DOWN"'
)


def in_the_long_run(name: str) -> list[pytest.MarkDecorator]:
    return [] if name in SHORT else [pytest.mark.all]


@pytest.mark.parametrize("name", [pytest.param(n, marks=in_the_long_run(n)) for n in STATES])
def test_the_file_alone_makes_the_live_state(make_lab: MakeLab, name: str, tmp_path: Path) -> None:
    state = STATES[name]
    lab = made(make_lab, state)
    start = files(lab)
    planned = {one: plan(lab, state, one, tmp_path / one) for one in state.dialects}
    chosen = ("--dialect", state.dialects[0], *state.options)
    assert lab.bridgekit("apply", "eth0", "--yes", *chosen).code == 0
    live = seen(lab)
    for dialect, (codes, texts) in planned.items():
        assert NOT_KEPT & codes == ({state.result[dialect]} if dialect in state.result else set())
        if not NOT_KEPT & codes:
            assert different(live, boot(texts, dialect), state) == [], dialect
    assert lab.bridgekit("rollback").code == 0
    assert files(lab) == start


def made(make_lab: MakeLab, state: State) -> Lab:
    lab = make_lab(host=state.host, interfaces=state.file)
    for name, text in state.more.items():
        lab.write_interfaces(text, name)
    for setting in state.sysctls:
        lab.hosts["host"].sysctl(*setting.split("="))
    return lab


def plan(lab: Lab, state: State, dialect: str, out: Path) -> tuple[set[str], Texts]:
    """The codes of the findings, and the files as they would be."""
    options = ("--dialect", dialect, "--out", str(out), "--json", *state.options)
    result = lab.bridgekit("plan", "eth0", *options)
    codes = {one["code"] for one in json.loads(result.stdout)["findings"]}
    if result.code:
        return codes, {}
    changes = (one for one in codec.decode(out.read_bytes()).files if one.after)
    made = {one.path.removeprefix("/etc/network/"): one.after.decode() for one in changes}
    return codes, files(lab) | {name: made[name] for name in made if "before-" not in name}


def files(lab: Lab) -> Texts:
    """The files below the host's /etc/network, without backups."""
    network = lab.hosts["host"].config / "network"
    found = [network / "interfaces", *(network / "interfaces.d").glob("[!.]*")]
    return {str(path.relative_to(network)): path.read_text() for path in found}


def boot(texts: Texts, dialect: str) -> list[str]:
    """What a host is that has these files and nothing else."""
    more = {name: text for name, text in texts.items() if name != "interfaces"}
    name = f"boot{os.getpid()}"
    return compared(ifup.boot(name, texts["interfaces"], more, dialect, checked=False)[0])


def seen(lab: Lab) -> list[str]:
    return compared(state_dump.dump(lab.hosts["host"]))


def compared(dumped: state_dump.StateDump) -> list[str]:
    """All but eth1, which has no addresses in the files, and what changes by itself."""
    lines = (line for line in dumped.lines if line.split()[0] in KINDS)
    ours = (line for line in lines if '"eth1"' not in line or '"br0"' in line)
    given = (line for line in ours if not line.startswith("fdb") or '"self"' in line)
    settings = (line for line in dumped.lines if SETTINGS.search(line))
    return sorted((*(OF_THE_MOMENT.sub("", line) for line in given), *settings))


def different(live: list[str], booted: list[str], state: State) -> list[str]:
    found = state_dump.StateDump(tuple(live)).difference(state_dump.StateDump(tuple(booted)))
    return [line for line in found if not any(word in line for word in state.aside)]


WORDS = {"classic": "bridge_ports", "ifupdown2": "bridge-fd", "ifupdown-ng": "create ip link"}


@pytest.mark.parametrize("dialect", ALL)
def test_the_installed_one_decides(make_lab: MakeLab, dialect: str) -> None:
    """Its own file brings a host up; that is moved, and moved back."""
    lab = make_lab(host=(), interfaces=SIMPLE)
    if dialect != "classic":
        ifup.install(lab, dialect)
    lab.run("host", "ifup", "-a", env=ifup.SYSTEM)
    lab.hosts["host"].settle()
    start = seen(lab)
    done = lab.bridgekit("apply", "eth0", "--yes")
    assert done.code == 0 and "other-dialect" not in done.stderr, done
    assert WORDS[dialect] in lab.read_interfaces()
    live = seen(lab)
    assert different(live, boot(files(lab), dialect), State()) == []
    if dialect == "ifupdown2":
        lab.run("host", "ifreload", "-a", env=ifup.SYSTEM)
        assert different(live, seen(lab), State(aside=("link {", "port {"))) == []
    assert lab.bridgekit("rollback").code == 0
    assert (files(lab), different(start, seen(lab), State())) == ({"interfaces": SIMPLE}, [])
    assert different(start, boot(files(lab), dialect), State()) == []


LEASE = "auto lo\niface lo inet loopback\n\nauto eth0\niface eth0 inet dhcp\n"
SERVER = (
    *("dnsmasq", "--no-daemon", "--port=0", "--user=root", "--conf-file=/dev/null"),
    *("--leasefile-ro", "--interface=eth0", "--bind-interfaces", "--dhcp-option=3,192.168.1.1"),
    "--dhcp-range=192.168.1.100,192.168.1.200,255.255.255.0,600",
)


@pytest.mark.parametrize("dialect", OTHERS)
def test_each_asks_for_the_lease_again(make_lab: MakeLab, dialect: str, tmp_path: Path) -> None:
    lab = leased(make_lab, dialect, LEASE)
    codes, texts = plan(lab, State(), dialect, tmp_path / "plan")
    booted = leased(make_lab, dialect, texts["interfaces"])
    assert "not-written" not in codes
    assert given(booted, "br0") == given(lab, "eth0")


def leased(make_lab: MakeLab, dialect: str, file: str) -> Lab:
    """A host that its file has brought up, with a DHCP server on the segment."""
    lab = make_lab(host=(), interfaces=file)
    ifup.install(lab, dialect)
    lab.popen("gateway", *SERVER)
    lab.run("host", "mkdir", "-p", "/var/lib/dhcp")
    lab.run("host", "ifup", "-a", env=ifup.SYSTEM)
    return lab


def given(lab: Lab, link: str) -> list[str]:
    shown = json.loads(lab.run("host", "ip", "-4", "-j", "address", "show", link).stdout)
    return [one["local"] for one in shown[0]["addr_info"]]
