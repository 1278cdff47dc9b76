"""The migration on a real kernel, judged by iproute2 and never by our own reader."""

import base64
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bridgekit.lab import layout
from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.topology import Lab
from bridgekit.lab.traffic import ON_LINK, ROUTED, Traffic
from tests.support.state import RULES_AND_NEXTHOPS, as_bridge, state

MakeLab = Callable[..., Lab]


def test_plan_changes_nothing_and_tells_all(lab: Lab) -> None:
    before = state(lab)
    result = lab.bridgekit("plan", "eth0")
    assert result.code == 0, result
    for words in (
        "ip link set eth0 master br0",
        "ip address add 192.168.1.5/24",
        "+auto br0",
        "Before:",
        "└── eth0",
    ):
        assert words in result.stdout
    assert lab.bridgekit("plan", "--exit-code").code == 10
    plan = json.loads(lab.bridgekit("plan", "--json").stdout)
    assert plan["schema"] == 1 and plan["nic"] == "eth0" and plan["changes"]
    assert before.difference(state(lab)) == []


def test_everything_moves_and_comes_back(lab: Lab) -> None:
    before = state(lab)
    pairs = (*ON_LINK, *ROUTED)
    with Traffic(lab.hosts["host"], lab.hosts["gateway"], pairs) as traffic:
        assert lab.bridgekit("apply", "eth0", "--yes").code == 0
        there = traffic.stop()
    after = state(lab)
    assert not any(flow.broken for flow in there)
    assert as_bridge(before, "eth0") == as_bridge(after, "br0")
    second = (line for line in before.lines if '"eth1"' in line and '"eth0"' not in line)
    assert set(second) <= set(after.lines)
    repeated = lab.bridgekit("apply", "--yes")
    assert repeated.code == 0 and "nothing to do" in repeated.stdout, repeated
    with Traffic(lab.hosts["host"], lab.hosts["gateway"], pairs) as traffic:
        assert lab.bridgekit("rollback").code == 0
        back = traffic.stop()
    assert not any(flow.broken for flow in back)
    assert before.difference(state(lab)) == []


def test_bridge_is_like_the_nic(lab: Lab) -> None:
    lab.ip("host", "link set eth0 mtu 1400")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    link = json.loads(lab.run("host", "ip", "-d", "-j", "link", "show", "br0").stdout)[0]
    data = link["linkinfo"]["info_data"]
    assert (link["address"], link["mtu"]) == (layout.HOST_MAC, 1400)
    assert (data["stp_state"], data["forward_delay"]) == (0, 0)


@pytest.mark.parametrize("host", [layout.UP, layout.SIMPLE], ids=["bare", "simple"])
def test_small_states(make_lab: MakeLab, host: tuple[str, ...]) -> None:
    lab = make_lab(host=host)
    before = state(lab)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert "master br0" in lab.run("host", "ip", "link", "show", "eth0").stdout
    assert lab.bridgekit("rollback").code == 0
    assert before.difference(state(lab)) == []


def test_without_carrier_nothing_waits_for_ever(lab: Lab) -> None:
    lab.unplug("eth0")
    result = lab.bridgekit("apply", "eth0", "--yes", timeout=30)
    assert result.code == 0 and "no-carrier" in result.stderr, result
    assert lab.bridgekit("rollback", timeout=30).code == 0


def test_saved_plan_is_applied_or_stale(lab: Lab) -> None:
    assert lab.bridgekit("plan", "eth0", "--out", "/run/plan.json").code == 0
    lab.ip("host", "address add 192.168.1.9/24 dev eth0")
    before = state(lab)
    refused = lab.bridgekit("apply", "--plan", "/run/plan.json", "--yes")
    assert refused.code == 3 and "192.168.1.9" in refused.stderr, refused
    assert before.difference(state(lab)) == []
    lab.ip("host", "address del 192.168.1.9/24 dev eth0")
    assert lab.bridgekit("apply", "eth1", "--plan", "/run/plan.json", "--yes").code == 2
    assert lab.bridgekit("apply", "eth0", "--plan", "/run/plan.json", "--yes").code == 0


def test_saved_plan_whose_file_was_edited_is_stale(lab: Lab) -> None:
    assert lab.bridgekit("plan", "eth0", "--out", "/run/plan.json").code == 0
    original = lab.read_interfaces()
    lab.write_interfaces(original + "# mine\n")
    before = state(lab)
    refused = lab.bridgekit("apply", "--plan", "/run/plan.json", "--yes")
    assert refused.code == 3 and "edited: /etc/network/interfaces" in refused.stderr, refused
    assert before.difference(state(lab)) == []
    lab.write_interfaces(original)
    assert lab.bridgekit("apply", "--plan", "/run/plan.json", "--yes").code == 0


@pytest.mark.parametrize("direction", [(), ("--rollback",)], ids=["bridge", "rollback"])
def test_saved_plan_writes_only_what_follows_from_it(lab: Lab, direction: tuple[str, ...]) -> None:
    """A stranger's line in the new text of the interfaces file, and nothing else of the plan."""
    if direction:
        assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert lab.bridgekit("plan", *direction, "--out", "/run/plan.json").code == 0
    saved = lab.run("host", "cat", "/run/plan.json").stdout
    plan = json.loads(saved)
    file = next(one for one in plan["files"] if one["path"] == "/etc/network/interfaces")
    text = base64.b64decode(file["after"]) + b"\tup touch /run/was-here\n"
    file["after"] = base64.b64encode(text).decode()
    write(lab, "/run/plan.json", json.dumps(plan))
    before = state(lab)
    refused = lab.bridgekit("apply", "--plan", "/run/plan.json", "--yes")
    assert refused.code == 3 and "follow from its intent" in refused.stderr, refused
    assert before.difference(state(lab)) == []
    write(lab, "/run/plan.json", saved)
    assert lab.bridgekit("apply", "--plan", "/run/plan.json", "--yes").code == 0


def test_two_bridges_in_one_file(lab: Lab) -> None:
    """The first is rolled back after the second, and a refusal names that one."""
    lab.ip(
        "host",
        "link add eth7 type veth peer name far7",
        "link set far7 addrgenmode none up",
        "link set eth7 addrgenmode none up",
        "address add 192.168.7.4/24 dev eth7",
    )
    before = state(lab)
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert lab.bridgekit("apply", "eth7", "--bridge", "br1", "--yes").code == 0
    both = state(lab)
    refused = lab.bridgekit("rollback", "--bridge", "br0")
    second = re.search(r"`bridgekit rollback (\S+)` first", refused.stderr)
    assert refused.code == 3 and second, refused
    assert both.difference(state(lab)) == []
    assert lab.bridgekit("rollback", second[1]).code == 0
    assert lab.bridgekit("rollback", "--bridge", "br0").code == 0
    assert before.difference(state(lab)) == []


def test_edited_file_is_not_overwritten(lab: Lab) -> None:
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    lab.write_interfaces(lab.read_interfaces() + "# mine\n")
    before = state(lab)
    refused = lab.bridgekit("rollback")
    assert refused.code == 3 and "edited" in refused.stderr, refused
    assert before.difference(state(lab)) == []


def test_what_joined_the_bridge_is_reported(lab: Lab) -> None:
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    lab.ip("host", "link add vm0 type veth peer name vm1", "link set vm0 master br0")
    refused = lab.bridgekit("rollback")
    assert refused.code == 3 and "vm0" in refused.stderr, refused
    lab.ip("host", "link del vm0", "address add 192.168.1.77/24 dev br0")
    assert lab.bridgekit("rollback").code == 0
    assert "192.168.1.77" in lab.run("host", "ip", "address", "show", "eth0").stdout


REFUSALS = {
    "no-such-nic": ((), "eth7"),
    "loopback": ((), "lo"),
    "nic-down": (("link set eth0 down",), "eth0"),
    "has-controller": (("link add br9 type bridge", "link set eth0 master br9"), "eth0"),
    "not-a-bridge": (("link add br0 type veth peer name br1",), "eth0"),
    "bridge-in-use": (("link add br0 type bridge", "address add 10.5.5.5/24 dev br0"), "eth0"),
    "exclusive-child": (("link add mv0 link eth0 type macvlan",), "eth0"),
}


@pytest.mark.parametrize("code", REFUSALS)
def test_refusals_change_nothing(lab: Lab, code: str) -> None:
    commands, nic = REFUSALS[code]
    lab.ip("host", *commands)
    before = state(lab)
    plan = lab.bridgekit("plan", nic, "--json")
    assert plan.code == 3, plan
    assert code in [found["code"] for found in json.loads(plan.stdout)["findings"]]
    refused = lab.bridgekit("apply", nic, "--yes")
    assert refused.code == 3 and "Traceback" not in refused.stderr, refused
    assert before.difference(state(lab)) == []


@pytest.mark.parametrize("program", ["dhclient", "dhcpcd", "udhcpc"])
def test_dhcp_clients_are_noticed(lab: Lab, program: str, tmp_path: Path) -> None:
    """A process of that name is enough: what gives it away is its name and the NIC's."""
    script = "import time; time.sleep(60)"
    argv = ["bash", "-c", f'exec -a {program} {sys.executable} -P -c "{script}" eth0']
    process = lab.popen("host", *argv)
    try:
        plan = lab.bridgekit("plan", "eth0", "--json")
        found = [(one["level"], one["code"]) for one in json.loads(plan.stdout)["findings"]]
        assert (plan.code, found) == (0, [("warn", f"owned-by-{program}")]), plan
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("apply", "eth0"), 2),
        (("apply", "eth0", "--yes", "--bridge", "a-name-too-long-for-a-link"), 2),
        (("apply", "eth0", "--yes", "--bridge", "eth0"), 2),
        (("apply", "eth0", "--yes", "--probe", "smell:roses"), 2),
        (("apply", "eth0", "--yes", "--probe", "gateway:foo"), 2),
        (("apply", "eth0", "--yes", "--probe", "tcp:127.0.0.1:99999"), 2),
        (("apply", "--yes", "--plan", "/etc/hostname"), 2),
        (("apply", "--yes", "--plan", "/nowhere"), 2),
        (("rollback",), 3),
        (("confirm",), 3),
        (("recover",), 0),
        (("interfaces", "eth7"), 3),
        (("snapshot", "eth7"), 3),
    ],
)
def test_bad_input_ends_in_a_sentence(lab: Lab, arguments: tuple[str, ...], code: int) -> None:
    before = state(lab)
    result = lab.bridgekit(*arguments)
    assert result.code == code, result.stderr
    assert "Traceback" not in result.stderr
    assert before.difference(state(lab)) == []


def test_addresses_are_proven_before_the_move(lab: Lab) -> None:
    """An address that the kernel still checks is waited for, not moved half-proven."""
    lab.ip("host", "address add 2001:db8:1::77/64 dev eth0")
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert_proven(lab, "br0", "2001:db8:1::77")
    lab.ip("host", "address add 2001:db8:1::78/64 dev br0")
    assert lab.bridgekit("rollback").code == 0
    assert_proven(lab, "eth0", "2001:db8:1::78")


def assert_proven(lab: Lab, link: str, ip: str) -> None:
    shown = lab.run("host", "ip", "address", "show", link).stdout
    assert ip in shown and "tentative" not in shown and "nodad" not in shown


MANAGERS = {
    "networkd": ("systemd-networkd", "/run/systemd/netif/links/2", "ADMIN_STATE=configured\n"),
    "networkmanager": ("NetworkManager", "/run/NetworkManager/devices/2", "[device]\n"),
    "netplan": ("systemd-networkd", "/run/systemd/netif/links/2", "ADMIN_STATE=configured\n"),
}


@pytest.mark.parametrize("manager", MANAGERS)
def test_managers_are_noticed(lab: Lab, manager: str) -> None:
    program, path, text = MANAGERS[manager]
    index = lab.run("host", "cat", "/sys/class/net/eth0/ifindex").stdout.strip()
    write(lab, path.replace("/2", f"/{index}"), text)
    if manager == "netplan":
        write(lab, "/run/netplan/eth0.yaml", "network:\n  ethernets:\n    eth0:\n")
    process = lab.popen("host", "bash", "-c", f"exec -a {program} sleep 60")
    try:
        plan = lab.bridgekit("plan", "eth0", "--json")
        found = [(one["level"], one["code"]) for one in json.loads(plan.stdout)["findings"]]
        assert (plan.code, found) == (3, [("refuse", f"owned-by-{manager}")]), plan
    finally:
        process.kill()
        process.wait(10)


def write(lab: Lab, path: str, text: str) -> None:
    lab.run("host", "mkdir", "-p", str(Path(path).parent))
    lab.run("host", "tee", path, stdin=text)


def test_without_the_rights_nothing_is_tried(lab: Lab) -> None:
    before = state(lab)
    drop = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    for verb in (("apply", "eth0", "--yes"), ("rollback",), ("confirm",), ("recover",)):
        argv = (*drop, *BRIDGEKIT, *verb)
        refused = lab.run("host", *argv, check=False)
        assert refused.code == 3 and "root" in refused.stderr, refused
    assert before.difference(state(lab)) == []


def test_rules_nexthops_and_link_settings_move(lab: Lab) -> None:
    lab.ip("host", *RULES_AND_NEXTHOPS)
    lab.hosts["host"].sysctl("net.ipv4.neigh.eth0.gc_stale_time", "123")
    before = state(lab)
    done = lab.bridgekit("apply", "eth0", "--yes")
    assert done.code == 0, done
    after = state(lab)
    kinds = ("rule", "rule6", "nexthop", "proxy", "neighbour")
    for kind in kinds:
        was, now = ([x for x in side.lines if x.split()[0] == kind] for side in (before, after))
        read_as_bridge = [line.replace('"eth0"', '"br0"') for line in was]
        assert sorted(now) == sorted(read_as_bridge), kind
        if kind.startswith("rule"):
            assert now == read_as_bridge
    link = json.loads(lab.run("host", "ip", "-d", "-j", "link", "show", "br0").stdout)[0]
    assert (link["ifalias"], link["txqlen"], link["group"]) == ("office", 555, "42")
    assert lab.hosts["host"].sysctl("net.ipv4.neigh.br0.gc_stale_time") == "123"
    assert lab.bridgekit("rollback").code == 0
    assert before.difference(state(lab)) == []


def test_many_large_routes_move(lab: Lab) -> None:
    """More bytes than one message to the kernel may have."""
    legs = " ".join(f"nexthop via 192.168.1.1 dev eth0 weight {weight}" for weight in range(1, 61))
    lab.ip("host", *(f"route add 10.70.{number}.0/24 {legs}" for number in range(250)))
    assert lab.bridgekit("apply", "eth0", "--yes", "--no-persist").code == 0
    assert lab.bridgekit("rollback").code == 0


def test_what_sits_on_the_bridge_is_not_deleted_with_it(lab: Lab) -> None:
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    lab.ip("host", "link add mv0 link br0 type macvlan")
    refused = lab.bridgekit("rollback")
    assert refused.code == 3 and "mv0" in refused.stderr, refused
    lab.ip("host", "link del mv0", "rule add iif br0 lookup 100")
    assert lab.bridgekit("rollback").code == 0
    assert "iif eth0" in lab.run("host", "ip", "rule").stdout


def test_alternative_names_are_names(lab: Lab) -> None:
    lab.ip(
        "host",
        "link property add dev eth0 altname enp0s1",
        "link property add dev eth1 altname br0",
    )
    before = state(lab)
    refused = lab.bridgekit("plan", "enp0s1", "--json")
    assert [one["code"] for one in json.loads(refused.stdout)["findings"]] == ["not-a-bridge"]
    assert lab.bridgekit("apply", "enp0s1", "--yes", "--bridge", "br7").code == 0
    assert "master br7" in lab.run("host", "ip", "link", "show", "eth0").stdout
    assert lab.bridgekit("rollback").code == 0
    assert before.difference(state(lab)) == []
