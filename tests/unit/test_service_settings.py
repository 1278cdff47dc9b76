"""The settings of the PXE service, and the configurations that its daemons get of them."""

import pytest

from bridgekit.bootserver import machines, subnet
from bridgekit.bootserver.daemons import dhcp_hosts, plan_daemons
from bridgekit.bootserver.settings import Settings, SettingsError, read_settings

APPEND = "console=ttyS0 bridgekit.token=abc url=http://192.0.2.1/a?b~c"
MAC, OTHER = "52:54:00:c1:00:01", "52:54:00:c1:00:02"


REFUSED = (
    *(("APPEND", text) for text in ("a;b", "a\nb", "a'b", "${x}", "a" * 1701)),
    *(("LEASE", text) for text in ("soon", "1h1", "h", "0", "0m")),
    *(("TIMEOUT", text) for text in ("5s", "-1", "10000")),
    *(("RANGE", f"192.0.2.9{rest}") for rest in ("", ",192.0.2.300", ",192.0.2.8", ",1,2")),
    *(
        ("KERNEL", text)
        for text in ("../../etc/shadow;", "../../etc/passwd", "/etc/passwd", "a/..")
    ),
    ("NAT", "maybe"),
    ("ADDRESS", "192.0.2.300/24"),
    *(("IPV6", text) for text in ("yes", "fd00::1", "fe80::1/64", "2001:4860::1/64", "fd00::1/48")),
    ("DNS", "192.0.2.1,x"),
    ("INTERFACE", "eth1 eth2"),
    ("DEFAULT", "a/b"),
)


@pytest.mark.parametrize(("setting", "value"), REFUSED)
def test_a_setting_that_is_refused(setting: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"PXE_{setting}"):
        read_settings({f"PXE_{setting}": value})


def test_settings() -> None:
    found = read_settings(
        {"PXE_NAT": "no", "PXE_TIMEOUT": "7", "PXE_DNS": "", "PXE_APPEND": APPEND}
    )
    assert found == Settings(nat=False, timeout=7, dns=(), append=APPEND)
    assert read_settings({}) == Settings()


@pytest.mark.parametrize(
    ("address", "first", "last"),
    [
        ("192.168.242.1/24", "192.168.242.101", "192.168.242.199"),
        ("10.0.0.1/8", "10.0.0.101", "10.0.0.199"),
        ("192.0.2.1/29", "192.0.2.3", "192.0.2.6"),
    ],
)
def test_the_usual_range(address: str, first: str, last: str) -> None:
    found = subnet.subnet_of(address, Settings())
    assert (str(found.first), str(found.last)) == (first, last)


@pytest.mark.parametrize("address", ["192.168.242.150/24", "192.0.2.1/31", "192.0.2.4/29"])
def test_a_subnet_without_room(address: str) -> None:
    with pytest.raises(SettingsError):
        subnet.subnet_of(address, Settings())


def test_dnsmasq_is_reported_machines() -> None:
    known = (machines.MachineEntry(MAC, hostname="node1", loader="pxelinux"),)
    assert dhcp_hosts(known, OTHER) == f"{OTHER}\n{MAC},set:pxelinux,node1\n"


def test_daemons_serve_the_subnet() -> None:
    dns, http = plan_daemons(subnet.subnet_of("192.0.2.1/24", Settings()), Settings())
    assert "dhcp-range=192.0.2.101,192.0.2.199,255.255.255.0,1h\n" in dns.text
    assert "dhcp-option=option:router,192.0.2.1\n" in dns.text
    assert "listen 192.0.2.1:80;" in http.text


def test_in_the_hosts_own_subnet() -> None:
    wished = read_settings({"PXE_ROUTER": "192.0.2.254", "PXE_DNS": "192.0.2.53 198.51.100.53"})
    dns, _ = plan_daemons(subnet.subnet_of("192.0.2.1/24", wished), wished)
    assert "dhcp-option=option:router,192.0.2.254\n" in dns.text
    assert "dhcp-option=option:dns-server,192.0.2.53,198.51.100.53\n" in dns.text
    assert "port=0\n" in dns.text


def test_what_is_taken_is_given_to_nobody() -> None:
    wished = read_settings({"PXE_TAKEN": "192.0.2.120 192.0.2.121"})
    dns, _ = plan_daemons(subnet.subnet_of("192.0.2.1/24", wished), wished)
    assert "dhcp-host=id:reserved-192.0.2.121,192.0.2.121\n" in dns.text


def test_beside_another_server() -> None:
    wished = read_settings({"PXE_PROXY": "yes"})
    dns, _ = plan_daemons(subnet.subnet_of("192.0.2.1/24", wished), wished)
    assert "dhcp-range=192.0.2.0,proxy,255.255.255.0\n" in dns.text
    assert "option:router" not in dns.text
