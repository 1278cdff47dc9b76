"""What the PXE service says of clients that do not get on."""

from bridgekit.bootserver import subnet
from bridgekit.bootserver.daemons import plan_daemons
from bridgekit.bootserver.log_parser import LogParser
from bridgekit.bootserver.settings import read_settings

MAC = "52:54:00:c1:00:01"
SENT = "dnsmasq-tftp[4]: sent /srv/tftp/bootnetx64.efi to 192.0.2.101"


def test_clients_that_go_in_circles() -> None:
    clock = [0.0]
    listener = LogParser(now=lambda: clock[0])
    for at in (0, 1, 60, 61):
        clock[0] = at
        assert list(listener.feed(SENT)) == []
    clock[0] = 120.0
    (sentence,) = listener.feed(SENT)
    assert "in circles: 192.0.2.101" in sentence
    clock[0] = 180.0
    assert list(listener.feed(SENT)) == []


IGNORED = f"dnsmasq-dhcp[4]: 7 DHCPDISCOVER(eth1) {MAC} ignored"


def test_a_client_that_is_refused() -> None:
    listener = LogParser()
    asked = "dnsmasq-dhcp[4]: 7 vendor class: PXEClient:Arch:00006:UNDI:003000"
    assert [*listener.feed(asked)] == []
    assert MAC in next(listener.feed(IGNORED))


def test_a_client_that_is_ignored_for_another_reason() -> None:
    listener = LogParser()
    for arch, number in (("00007", 7), ("00006", 6)):
        asked = f"dnsmasq-dhcp[4]: {number} vendor class: PXEClient:Arch:{arch}:UNDI:003000"
        assert [*listener.feed(asked), *listener.feed(IGNORED)] == []


def test_a_client_that_is_not_known() -> None:
    assert [*LogParser(frozenset({MAC})).feed(IGNORED)] == []
    as_proxy = f"dnsmasq-dhcp[4]: 7 PXE(eth1) {MAC} proxy-ignored"
    for line in (IGNORED, as_proxy):
        (sentence,) = LogParser(frozenset()).feed(line)
        assert f"{MAC} is in no machines.toml" in sentence
    wished = read_settings({"PXE_ONLY_KNOWN": "yes"})
    dns, _ = plan_daemons(subnet.subnet_of("192.0.2.1/24", wished), wished)
    assert "dhcp-ignore=tag:!known\n" in dns.text
