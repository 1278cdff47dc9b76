"""The lab itself: private, complete, and gone without a trace."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bridgekit.errors import RefusedError, UsageError
from bridgekit.lab import ifup, layout, registry, state_dump, traffic
from bridgekit.lab.host import BRIDGEKIT, readable
from bridgekit.lab.topology import Lab
from tests.support.programs import program

Maker = Callable[..., Lab]


def output(*argv: str) -> str:
    """What a program says in the machine's own namespaces."""
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def machine(lab: str) -> tuple[str, ...]:
    """The machine's own network state, and whatever there is of that lab."""
    shown = [output("ip", *words.split()) for words in ("link", "-4 route", "-6 route", "rule")]
    places = [Path("/run/netns"), Path("/etc/netns"), registry.REGISTRY]
    found = [str(path) for place in places for path in place.glob(f"{lab}*")]
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    found += [line for line in mounts if lab in line]
    processes = output("ps", "axo", "args").splitlines()
    return (*shown, *found, *(line for line in processes if f"/{lab}-" in line))


def test_leaves_the_machine_alone_and_nothing_behind() -> None:
    before = machine("trace")
    with Lab("trace") as lab:
        lab.popen("host", "sleep", "1000", start_new_session=True)
        lab.run("host", "setsid", "-f", "sh", "-c", "exec sleep 1001 >/dev/null 2>&1")
        lab.run("host", "touch", "/var/lib/trace", "/run/trace", "/etc/network/trace")
        assert output("ip", "link") == before[0]
        assert output("ps", "axo", "args").count("sleep 100") == 2
    assert machine("trace") == before
    assert "sleep 100" not in output("ps", "axo", "args")
    for place in ("/var/lib", "/run", "/etc/network"):
        assert not Path(place, "trace").exists()


def test_a_directory_named_bridgekit_is_not_imported(
    make_lab: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "bridgekit"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('not this one')\n")
    monkeypatch.chdir(tmp_path)
    lab = make_lab()
    there = ("env", f"--chdir={tmp_path}", *BRIDGEKIT)
    assert "bridgekit, version" in lab.run("host", *there, "--version").stdout
    with traffic.Traffic(lab.hosts["host"], lab.hosts["gateway"], rate=10) as flowing:
        flowing.stop()


def test_a_failed_start_leaves_nothing() -> None:
    before = machine("broken")
    with pytest.raises(Exception, match="wrong"):
        Lab("broken", host=("link set wrong up",)).up()
    assert machine("broken") == before


def test_a_killed_owner_leaves_no_process_and_the_sweep_takes_the_rest() -> None:
    before = machine("killed")
    owner = subprocess.Popen(
        program("lab_owner", "killed"), stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    with owner:
        assert owner.stdout
        handles = [os.pidfd_open(int(pid)) for pid in owner.stdout.readline().split()]
        owner.kill()
    assert len(handles) == 3
    for handle in handles:
        assert readable(handle, 5)
        os.close(handle)
    registry.sweep()
    assert machine("killed") == before


def test_several_at_once_do_not_see_each_other(make_lab: Maker) -> None:
    first, second = make_lab(), make_lab()
    first.write_interfaces("# first\n")
    first.ip("host", "route del default via 192.168.1.1")
    assert second.read_interfaces() == layout.INTERFACES
    assert "192.168.1.1" in second.run("host", "ip", "route", "show", "default").stdout
    first.down()
    second.run("host", "ping", "-c1", "-W2", "192.168.1.1")


def test_a_host_has_its_own_files_and_processes(lab: Lab) -> None:
    assert lab.run("host", "cat", "/etc/network/interfaces").stdout == layout.INTERFACES
    assert lab.run("host", "hostname").stdout == "host\n"
    assert lab.run("host", "ls", "/sys/class/net").stdout.split() == ["eth0", "eth1", "lo"]
    assert lab.run("host", "ls", "/var/lib", "/run").stdout.split() == [
        *("/run:", "lock", "network", "/var/lib:", "misc")
    ]
    assert lab.run("host", "cat", "/proc/1/cmdline").stdout.count("holder.py") == 1


def test_ip_netns_exec_sees_the_same_host(lab: Lab) -> None:
    enter = ("ip", "netns", "exec", lab.hosts["host"].namespace)
    lab.write_interfaces("# here\n")
    assert output(*enter, "cat", "/etc/network/interfaces") == "# here\n"
    assert output(*enter, "ip", "-br", "addr") == lab.run("host", "ip", "-br", "addr").stdout


@pytest.mark.parametrize("target", ["192.168.1.1", "10.20.0.1", "203.0.113.1", "10.99.0.1"])
def test_the_gateway_answers(lab: Lab, target: str) -> None:
    lab.run("host", "ping", "-c1", "-W2", target)


@pytest.mark.parametrize("target", ["2001:db8:1::1", "2001:db8:2::1", "2001:db8:ffff::1"])
def test_the_gateway_answers_over_ipv6(lab: Lab, target: str) -> None:
    lab.run("host", "ping", "-c1", "-W2", target)


def test_the_host_can_be_anything(make_lab: Maker) -> None:
    lab = make_lab(host=layout.SIMPLE, interfaces="# mine\n", sysctls=["net.ipv4.ip_forward=1"])
    assert lab.run("host", "ip", "-4", "addr", "show", "eth1").stdout == ""
    assert lab.hosts["host"].sysctl("net.ipv4.ip_forward") == "1"
    lab.unplug()
    assert "NO-CARRIER" in lab.run("host", "ip", "link", "show", "eth0").stdout
    lab.plug()
    assert "NO-CARRIER" not in lab.run("host", "ip", "link", "show", "eth0").stdout


@pytest.mark.parametrize(
    "change",
    [
        "route del 198.51.100.0/24",
        "route replace 198.51.100.0/24 via 192.168.1.1 dev eth0 metric 50",
        "address del 192.168.1.5/24 dev eth0",
        "address change 2001:db8:1::5/64 dev eth0 preferred_lft 0",
        "link set eth0 mtu 1400",
        "link set eth0 promisc on",
        "rule add from 192.168.1.9 table 100",
        "route append 10.99.0.0/16 via 10.20.0.1 dev eth0 metric 9",
        "neighbour add 192.168.1.77 lladdr 02:00:00:00:00:01 dev eth0 nud permanent",
        "nexthop add id 7 via 192.168.1.1 dev eth0",
        "link add br0 type bridge",
    ],
)
def test_the_dump_notices(lab: Lab, change: str) -> None:
    before = state_dump.dump(lab.hosts["host"])
    assert not before.difference(state_dump.dump(lab.hosts["host"]))
    lab.ip("host", change)
    assert before.difference(state_dump.dump(lab.hosts["host"]))


def test_the_dump_notices_order_settings_and_files(lab: Lab) -> None:
    host = lab.hosts["host"]
    before = state_dump.dump(host)
    lab.ip("host", "route del 10.99.0.0/16 via 10.20.0.1")
    lab.ip("host", "route append 10.99.0.0/16 via 10.20.0.1 dev eth0")
    reordered = state_dump.dump(host)
    assert before.difference(reordered)
    host.sysctl("net.ipv4.conf.eth0.proxy_arp", "1")
    changed = state_dump.dump(host)
    assert any("proxy_arp" in line for line in reordered.difference(changed))
    lab.write_interfaces("#\n", "interfaces.d/more")
    assert changed.difference(state_dump.dump(host)) == ["+file interfaces.d/more: '#\\n'"]


def test_names_are_checked_and_taken_once() -> None:
    with pytest.raises(UsageError, match="no name"):
        Lab("../x")
    with Lab("taken"), pytest.raises(RefusedError, match="up already"):
        Lab("taken").up()
    with pytest.raises(RefusedError, match="no lab named taken"):
        registry.find("taken")


def test_the_interfaces_file_brings_up_the_full_state(lab: Lab) -> None:
    booted, _ = ifup.boot(f"{lab.name}-boot", layout.INTERFACES)
    assert state_dump.dump(lab.hosts["host"]).difference(booted) == []


def test_traffic_counts_what_is_lost(lab: Lab) -> None:
    with traffic.Traffic(lab.hosts["host"], lab.hosts["gateway"], rate=200) as flowing:
        lab.unplug()
        time.sleep(0.3)
        lab.plug()
        flows = flowing.stop()
    assert [(flow.kind, flow.broken) for flow in flows] == [("udp", ""), ("tcp", "")] * 2
    for flow in flows:
        assert 250 < flow.longest_gap_ms < 5000
    assert all(flow.lost > 20 for flow in flows if flow.kind == "udp")


def test_traffic_that_nothing_disturbs_loses_nothing(lab: Lab) -> None:
    pairs = (*traffic.ON_LINK, *traffic.ROUTED)
    with traffic.Traffic(lab.hosts["host"], lab.hosts["gateway"], pairs, rate=200) as flowing:
        time.sleep(0.2)
        flows = flowing.stop()
    assert len(flows) == 8
    assert all(flow.received and not flow.broken for flow in flows)
    assert not any(flow.lost for flow in flows if flow.kind == "udp")
