"""Which DHCP clients can be handed over, by what their processes show."""

import pytest

from bridgekit.host.dhcp_clients import dhcpcd
from bridgekit.host.dhcp_clients.arguments import recognise
from bridgekit.planning.operations import StartClient
from bridgekit.state.dhcp_client import DhcpClient

IFUP = "dhclient -4 -v -i -pf /run/dhclient.{0}.pid -lf /var/lib/dhcp/dhclient.{0}.leases -I {0}"


def client(command: str, link: str = "eth0") -> DhcpClient | None:
    return recognise(tuple(command.split(" ")), link)


def test_ifups_client_moves_to_where_ifup_looks_for_it() -> None:
    found = client(IFUP.format("eth0"))
    assert found and found.on("br0") == client(IFUP.format("br0"), "br0")
    assert found.on("br0").on("eth0") == found


def test_files_that_name_no_link_are_the_links_own_afterwards() -> None:
    found = client("/sbin/dhclient -nw eth0")
    assert found and found.leases == "/var/lib/dhcp/dhclient.leases"
    files = "-pf /run/dhclient.br0.pid -lf /var/lib/dhcp/dhclient.br0.leases"
    assert " ".join(found.on("br0").argv) == f"dhclient {files} br0"


def test_a_vlan_and_its_nic_are_distinguished() -> None:
    found = client(IFUP.format("eth0.7"), "eth0.7")
    assert found and found.on("br7").pid_file == "/run/dhclient.br7.pid"
    assert client(IFUP.format("eth0.7")) is None


@pytest.mark.parametrize(
    "command",
    [
        "dhclient",
        "dhclient eth1",
        "dhclient eth0 eth1",
        "dhclient -6 eth0",
        "dhclient -d -sf /usr/lib/NetworkManager/nm-dhcp-helper eth0",
        "dhclient -r eth0",
        "dhclient -lf",
        "dhclient -lf leases eth0",
        "dhclient -e a\x1b[2J eth0",
        "udhcpc",
        "udhcpc -i eth1",
        "udhcpc -f -i eth0",
        "udhcpc -nqi eth0",
        "udhcpc --interface=eth0",
        "python3 eth0",
        "",
    ],
)
def test_what_cannot_be_handed_over(command: str) -> None:
    assert client(command) is None


def test_udhcpc_that_we_started_is_as_it_was() -> None:
    found = client("udhcpc -x hostname:web -i eth0 -p /run/udhcpc.eth0.pid -s /opt/script")
    assert found
    ours = " ".join(found.on("br0").argv) + " -s /var/lib/misc/bridgekit-udhcpc.br0"
    assert client(ours, "br0") == found.on("br0")


@pytest.mark.parametrize(
    ("title", "there"),
    [
        ("dhcpcd: eth0 [ip4] [ip6]", True),
        ("dhcpcd: [privileged proxy] eth0 [ip4] [ip6]", True),
        ("dhcpcd: eth0 [ip4]", True),
        ("dhcpcd: [manager] [ip4] [ip6]", False),
        ("dhcpcd: [network proxy] eth0 [ip4] [ip6]", False),
        ("dhcpcd: eth0 [ip6]", False),
        ("dhcpcd: ", False),
    ],
)
def test_titles_of_dhcpcd(title: str, there: bool) -> None:
    assert (dhcpcd.recognise(title, "eth0") is not None) == there


@pytest.mark.parametrize(
    ("program", "first"),
    [("dhclient", ["sed", "dhclient"]), ("dhcpcd", ["cp", "dhcpcd"]), ("udhcpc", ["udhcpc"])],
)
def test_what_the_plan_says(program: str, first: list[str]) -> None:
    old = DhcpClient(program, "eth0", (), "/run/a.eth0.pid", "/l.eth0.leases", "192.168.1.8")
    started = StartClient(old.on("br0"), old)
    assert [line.split()[0] for line in started.describe()] == first
    assert started.inverse().inverse() == started
