"""Findings about a NIC and what depends on it, from values and files alone."""

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from bridgekit.errors import BridgekitError
from bridgekit.host.dependencies import disks, firewall, managers, routers, sockets
from bridgekit.persistence.ifupdown.from_state import dhcp_families
from bridgekit.planning import codec
from bridgekit.planning.checks.preconditions import check_intent
from bridgekit.planning.findings import Finding
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan import Plan
from bridgekit.state.address import IPV4, IPV6, Address
from bridgekit.state.link import Dependency, Link, Manager
from bridgekit.state.network_state import NetworkState
from tests.builders import INTENT, STATE

BOND = Link(9, "bond0", "bond", "52:54:00:00:00:09", 1500, True, True)


def findings_of(state: NetworkState, intent: Intent = INTENT) -> dict[str, Finding]:
    return {found.code: found for found in check_intent(state, intent)}


def with_nic(**changes: object) -> NetworkState:
    nic = replace(STATE.links[0], **changes)  # type: ignore[arg-type]
    return replace(STATE, links=(nic, *STATE.links[1:], BOND))


def test_a_plain_state_has_no_findings() -> None:
    assert findings_of(STATE) == {}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"controller": "bond0"}, "bond-port"),
        ({"controller": "eth1"}, "has-controller"),
        ({"controller": "if77"}, "has-controller"),
        ({"wireless": True}, "wireless"),
        ({"mac": "", "kind": "tun"}, "not-ethernet"),
        ({"kind": "bridge"}, "is-bridge"),
    ],
)
def test_links_that_cannot_be_a_port(changes: dict[str, object], code: str) -> None:
    found = findings_of(with_nic(**changes))
    assert {one.code: one.level for one in found.values()} == {code: "refuse"}


def test_a_tap_can_be_a_port() -> None:
    assert findings_of(with_nic(kind="tun")) == {}


def test_the_bond_itself_is_named() -> None:
    assert "name bond0" in findings_of(with_nic(controller="bond0"))["bond-port"].advice


@pytest.mark.parametrize(
    "program", ["dhclient", "dhcpcd", "udhcpc", "NetworkManager", "networkd", "netplan"]
)
def test_every_manager_gets_its_own_advice(program: str) -> None:
    found = findings_of(replace(STATE, managers=(Manager(program, "process 7"),)))
    only = found[f"owned-by-{program.lower()}"]
    client = program in ("dhclient", "dhcpcd", "udhcpc")
    assert only.level == ("warn" if client else "refuse") and "process 7" in only.message
    assert "br0" in only.advice or "eth0" in only.advice
    assert "{" not in only.advice


def test_when_addresses_end() -> None:
    lease = replace(STATE.addresses[0], ip="192.168.1.8", valid=7200, preferred=3600)
    short = Address("eth0", IPV6, "2001:db8::9", 64, flags=0x01, valid=90, preferred=60)
    found = findings_of(replace(STATE, addresses=(*STATE.addresses, lease, short)))
    assert found.keys() >= {"address-with-lifetime", "temporary-address"}
    assert "192.168.1.8 ends in 2 h" in found["address-with-lifetime"].message
    assert found["temporary-address"].message.endswith("ends in 90 s")


def test_a_disk_needs_to_be_insisted_on() -> None:
    state = replace(STATE, dependencies=(Dependency("disk", "/ is nfs4 from 10.0.0.1:/"),))
    assert findings_of(state)["network-disk"].level == "refuse"
    assert "--i-know" in findings_of(state)["network-disk"].advice
    assert findings_of(state, replace(INTENT, force=True))["network-disk"].level == "warn"


def test_many_are_counted() -> None:
    state = replace(
        STATE, dependencies=tuple(Dependency("firewall", f"rule {number}") for number in range(9))
    )
    message = findings_of(state)["firewall-names-nic"].message
    assert "rule 2 and 6 more" in message and "rule 3" not in message


def test_what_was_not_looked_at_is_a_note() -> None:
    found = findings_of(
        replace(STATE, dependencies=(Dependency("unread", "`nft` gave no answer"),))
    )
    assert found["not-looked-at"].level == "note"


def test_no_finding_commands_the_terminal() -> None:
    state = replace(
        STATE, dependencies=(Dependency("socket", "TCP port 1 of a\x1b]0;owned\x07\r\n\u202e"),)
    )
    found = findings_of(state)["bound-socket"]
    assert found.message.isprintable() and "\\x1b]0;owned\\x07\\r\\n\\u202e" in found.message


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
10.0.0.1:/root /srv\\040data nfs4 rw,vers=4.2,addr=10.0.0.1,clientaddr=192.168.1.4 0 0
//files/share /mnt/share cifs rw,addr=10.0.0.2 0 0
10.0.0.3:6789,10.0.0.4:6789:/ /mnt/ceph ceph rw 0 0
[2001:db8::9]:/x /mnt/six nfs rw 0 0
10.0.0.5 /mnt/plan9 9p rw,trans=tcp,port=564 0 0
share /mnt/guest 9p rw,trans=virtio 0 0
server:/volume /mnt/gluster fuse.glusterfs rw 0 0
someone@10.0.0.6:/ /mnt/sshfs fuse.sshfs rw 0 0
torn
"""


def write(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_network_file_systems(tmp_path: Path) -> None:
    write(tmp_path, **{"proc/self/mounts": MOUNTS})
    asked: list[str] = []

    def route(server: str) -> str:
        asked.append(server)
        return "eth1" if server == "10.0.0.2" else "eth0"

    found = [tie.text for tie in disks.find_dependencies("eth0", route, tmp_path)]
    assert asked == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "2001:db8::9", "10.0.0.5", "10.0.0.6"]
    assert [text.split()[0] for text in found] == [
        *("/srv\\040data", "/mnt/ceph", "/mnt/six", "/mnt/plan9", "/mnt/gluster", "/mnt/sshfs"),
    ]
    assert found[0].endswith("reached at 10.0.0.1 over eth0")
    assert found[4] == "/mnt/gluster is fuse.glusterfs from server:/volume, perhaps over eth0"


def test_network_disks(tmp_path: Path) -> None:
    write(
        tmp_path,
        **{
            "sys/class/iscsi_connection/connection1:0/address": "10.0.0.1\n",
            "sys/class/iscsi_connection/connection2:0/persistent_address": "10.9.0.1\n",
            "sys/block/nbd0/pid": "77\n",
            "sys/block/nbd1/size": "0\n",
            "sys/block/sda/size": "1000\n",
            "sys/block/etherd!e0.0/netif": "eth0 eth1\n",
            "sys/class/nvme/nvme0/transport": "tcp\n",
            "sys/class/nvme/nvme0/address": "traddr=10.0.0.2,trsvcid=4420,src_addr=10.0.0.9\n",
            "sys/class/nvme/nvme1/transport": "pcie\n",
            "sys/class/nvme/nvme1/address": "0000:01:00.0\n",
        },
    )

    def route(server: str) -> str:
        return "eth0" if server.startswith("10.0.") else "eth1"

    assert [tie.text for tie in disks.find_dependencies("eth0", route, tmp_path)] == [
        "there is an iSCSI session (connection1:0), reached at 10.0.0.1 over eth0",
        "etherd!e0.0 is a disk over Ethernet, reached over eth0",
        "nbd0 is a disk over the network, perhaps over eth0",
        "nvme0 is an NVMe disk over the network, reached at 10.0.0.2 over eth0",
    ]


def test_a_machine_without_disks_or_lists(tmp_path: Path) -> None:
    assert disks.find_dependencies("eth0", lambda server: None, tmp_path) == ()
    assert sockets.packet_sockets(2, tmp_path) == ()
    assert sockets.groups("eth0", tmp_path) == ()


MR_VIF = """\
Interface      BytesIn  PktsIn  BytesOut PktsOut Flags
 0 eth1              0       0         0       0 00000
"""


@pytest.mark.parametrize(("name", "family"), [("ip_mr_vif", "IPv4"), ("ip6_mr_vif", "IPv6")])
def test_multicast_routers_of_both_families(tmp_path: Path, name: str, family: str) -> None:
    write(tmp_path, **{f"net/{name}": MR_VIF})
    found = Dependency("multicast-router", f"a multicast router of {family}")
    assert list(routers.find_dependencies("eth1", tmp_path)) == [found]
    assert list(routers.find_dependencies("eth0", tmp_path)) == []


def test_flowtables_of_nftables(tmp_path: Path) -> None:
    """What this kernel cannot make, as nft tells it."""
    table = (
        '{"nftables": [{"flowtable": {"family": "inet", "name": "f", "table": "t", "dev": %s}}]}'
    )

    def run(*argv: str, timeout: float) -> str:
        return table % '["eth1", "eth0"]' if argv[0] == "nft" else ""

    assert firewall.find_dependencies("eth0", "br0", run, tmp_path) == (
        Dependency("firewall", "nft flowtable inet t f"),
    )
    assert firewall.find_dependencies("eth2", "br0", run, tmp_path) == ()


def test_a_firewall_that_does_not_answer_is_reported(tmp_path: Path) -> None:
    def run(*argv: str, timeout: float) -> str:
        raise BridgekitError(f"{argv[0]}: timed out after {timeout} seconds")

    assert [tie.kind for tie in firewall.find_dependencies("eth0", "br0", run, tmp_path)] == [
        "unread"
    ]


def test_a_plan_keeps_what_it_was_decided_on() -> None:
    state = replace(STATE, dependencies=(Dependency("disk", "/ is nfs4"),))
    plan = Plan(replace(INTENT, force=True), state, ())
    assert codec.decode(codec.encode(plan)) == plan


LEASE = replace(STATE.addresses[0], valid=900, preferred=900)


@pytest.mark.parametrize(
    ("addresses", "owned", "methods", "families"),
    [
        ((LEASE,), False, (), {IPV4}),
        ((LEASE, STATE.addresses[1]), False, (), set()),
        ((LEASE, STATE.addresses[1]), True, (), {IPV4}),
        ((LEASE, STATE.addresses[1]), False, (("inet", "dhcp"),), {IPV4}),
        ((STATE.addresses[0],), True, (("inet", "dhcp"),), set()),
        ((STATE.addresses[0],), False, (("inet6", "dhcp"),), {IPV6}),
        ((), False, (), set()),
    ],
)
def test_which_families_are_leased(
    addresses: tuple[Address, ...],
    owned: bool,
    methods: tuple[tuple[str, str], ...],
    families: set[int],
) -> None:
    owners = (Manager("networkd", "x"),) if owned else ()
    state = replace(STATE, addresses=addresses, managers=owners)
    assert dhcp_families(state, "eth0", frozenset(methods)) == families


@pytest.mark.parametrize(("ours", "found"), [(True, ["dhclient"]), (False, [])])
def test_a_client_in_another_network_namespace_is_none_of_ours(
    ours: bool, found: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot see this NIC, whatever it calls its own."""
    process = tmp_path / "4242"
    (process / "ns").mkdir(parents=True)
    (process / "cmdline").write_bytes(b"dhclient\0-4\0eth0\0")
    (process / "comm").write_text("dhclient\n")
    if ours:
        (process / "ns/net").symlink_to("/proc/self/ns/net")
    else:
        (process / "ns/net").touch()
    monkeypatch.setattr(managers, "PROC", tmp_path)
    assert [one.program for one in managers.find_managers("eth0", 2)] == found


def test_a_process_may_have_any_name() -> None:
    """Anyone can give himself one that is no UTF-8; a rollback reads the managers, too."""
    words = "open('/proc/self/comm', 'wb').write(b'\\xff\\xfe'); print(flush=True); input()"
    argv = (sys.executable, "-P", "-c", words)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        process.stdout.readline()
        assert process.pid in {one.pid for one in managers._processes_here()}
        process.stdin.write(b"\n")
