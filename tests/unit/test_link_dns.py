"""What systemd-resolved writes of a link, as it wrote it (systemd 252)."""

from bridgekit.planning.operations import SetLinkDns
from bridgekit.state.link_dns import LinkDns, parse

WRITTEN = """\
# This is private data. Do not parse.
LLMNR=resolve
MDNS=no
DNSSEC=no
DNSOVERTLS=opportunistic
DEFAULT_ROUTE=yes
SERVERS=192.168.1.1 fe80::1%2 [2001:db8:1::1]:5353#a.b fe80::2%2#c.d
DOMAINS=example.org ~corp.example
NTAS=x.y bad.example
"""
SETTINGS = (
    ("dns", ("192.168.1.1", "fe80::1", "[2001:db8:1::1]:5353#a.b", "fe80::2#c.d")),
    ("domain", ("example.org", "~corp.example")),
    ("default-route", ("yes",)),
    ("llmnr", ("resolve",)),
    ("mdns", ("no",)),
    ("dnsovertls", ("opportunistic",)),
    ("dnssec", ("no",)),
    ("nta", ("bad.example", "x.y")),
)


def test_every_setting_of_a_link_is_read() -> None:
    assert parse("eth0", WRITTEN) == LinkDns("eth0", SETTINGS)  # type: ignore[arg-type]


def test_a_file_without_any_is_none() -> None:
    assert parse("eth0", "# This is private data. Do not parse.\nSERVERS=\nOTHER=x\n") is None


def test_the_commands_of_a_change_and_of_its_inverse() -> None:
    change = SetLinkDns("br0", (), (("dns", ("192.0.2.53",)), ("domain", ("~.",))))
    assert [*change.describe()] == ["resolvectl dns br0 192.0.2.53", "resolvectl domain br0 '~.'"]
    assert [*change.inverse().describe()] == ["resolvectl revert br0"]
