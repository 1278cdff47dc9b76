"""What can be asked of a PXE service: what is wrong ends in a sentence before anything changes."""

from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bridgekit.bootserver.settings import read_settings
from bridgekit.bootserver.subnet import default_range
from bridgekit.errors import BridgekitError, RefusedError, UsageError
from bridgekit.pxe import record
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.spec import PxeSpec
from bridgekit.pxe.spec_checks import check_spec

WISHES = st.builds(
    PxeSpec,
    bridge=st.text(max_size=15),
    range=st.none() | st.tuples(st.ip_addresses(v=4).map(str), st.ip_addresses(v=4).map(str)),
    image=st.none() | st.text(),
    append=st.text(),
    nat=st.booleans(),
    menu_timeout=st.integers(),
)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"address": "10.0.0.1/8"},
        {"address": "192.168.242.200/24"},
        {"address": "192.168.242.9/29", "range": ("192.168.242.10", "192.168.242.14")},
        {"address": "192.168.242.150/24", "range": ("192.168.242.2", "192.168.242.20")},
        {"range": ("192.168.242.10", "192.168.242.10")},
        {"lease": "120"},
        {"lease": "45m"},
        {"lease": "7d"},
        {"lease": "infinite"},
        {"release": ("12",)},
        {"release": ("bookworm", "trixie")},
        {"append": "console=ttyS0,115200n8 auto=true url=http://192.0.2.1/preseed.cfg"},
    ],
)
def test_good_specs(change: dict[str, object]) -> None:
    check_spec(replace(PxeSpec(), **change), ("192.0.2.0/24",))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"address": "192.168.242.1"}, "ADDRESS/LEN"),
        ({"address": "192.168.242.0/24"}, "network address"),
        ({"address": "192.168.242.255/24"}, "broadcast address"),
        ({"address": "192.168.242.1/33"}, "192.168.242.1/33"),
        ({"address": "192.168.242.1/31"}, "between /8 and /29"),
        ({"address": "224.0.0.1/24"}, "224.0.0.1"),
        ({"address": "127.0.0.1/8"}, "127.0.0.1"),
        ({"address": "fe80::1/64"}, "fe80::1"),
        ({"address": "router/24"}, "router"),
        ({"address": "192.168.242.101/24"}, "inside the range"),
        ({"address": "192.168.242.199/24"}, "inside the range"),
        ({"range": ("192.168.242.20", "192.168.242.10")}, "comes after"),
        ({"range": ("192.168.241.10", "192.168.242.10")}, "192.168.241.10"),
        ({"range": ("192.168.242.10", "192.168.243.1")}, "192.168.243.1"),
        ({"range": ("192.168.242.10", "192.168.242.255")}, "192.168.242.255"),
        ({"range": ("a", "b")}, "FIRST,LAST"),
        ({"lease": "soon"}, "soon"),
        ({"lease": "1m"}, "at least 2m"),
        ({"lease": "0h"}, "no lease time"),
        ({"lease": "99999999d"}, "at most"),
        ({"lease": ""}, "no lease"),
        ({"engine": "lxc"}, "lxc"),
        ({"release": ("woody",)}, "woody"),
        ({"site": "/srv/a:b"}, "colon"),
        ({"ipv6": "2001:4860::1/64"}, "fd00:242::1/64"),
        ({"append": "a;reboot"}, "command line"),
        ({"append": "a\nDEFAULT b"}, "command line"),
        ({"append": "$x"}, "command line"),
        ({"append": "a}"}, "command line"),
        ({"menu_timeout": -1}, "menu"),
    ],
)
def test_bad_specs(change: dict[str, object], word: str) -> None:
    with pytest.raises(UsageError, match=word):
        check_spec(replace(PxeSpec(), **change), ())


@pytest.mark.parametrize("mode", ["lan", "proxy"])
def test_in_a_subnet_of_the_host(mode: str) -> None:
    service = PxeSpec(mode=mode, address="192.0.2.250/24")
    check_spec(service, ("192.0.2.0/24",))
    with pytest.raises(RefusedError, match=f"no subnet of this host, and the mode {mode}"):
        check_spec(service, ("198.51.100.0/24",))
    check_spec(PxeSpec(mode=mode), ())  # resolve finds an address
    with pytest.raises(UsageError, match="IPv6"):
        check_spec(PxeSpec(mode=mode, ipv6="fd00:242::1/64"), ())


def test_known_machines_are_in_a_folder() -> None:
    with pytest.raises(UsageError, match="of --site"):
        check_spec(PxeSpec(only_known=True), ())
    check_spec(PxeSpec(only_known=True, site="/etc/bridgekit/pxe"), ())


def test_the_service_reads_which_addresses_are_in_use() -> None:
    spec = PxeSpec(reserved_addresses=("192.168.242.120", "192.168.242.121"))
    read = read_settings(dict(spec.settings))
    assert tuple(map(str, read.reserved_addresses)) == spec.reserved_addresses
    assert dict(spec.settings)["PXE_TAKEN"], "as images of every version call it"


def test_what_a_spec_resolves_to() -> None:
    lan = PxeSpec(mode="lan", address="192.0.2.254/24", nat=False, router="192.0.2.1")
    assert PxeSpec(mode="lan").matches_resolved(lan)
    assert PxeSpec(mode="lan", nat=False).matches_resolved(
        replace(lan, reserved_addresses=("192.0.2.120",))
    )
    assert not PxeSpec(mode="lan", address="192.0.2.253/24").matches_resolved(lan)
    assert not PxeSpec(mode="lan", lease="2h").matches_resolved(lan)
    assert not PxeSpec(mode="proxy").matches_resolved(lan)
    assert PxeSpec(mode="auto").matches_resolved(replace(lan, mode="proxy"))
    assert PxeSpec(mode="auto").matches_resolved(PxeSpec())
    assert not PxeSpec(nat=False).matches_resolved(PxeSpec())


@pytest.mark.parametrize("other", ["192.168.0.0/16", "192.168.242.128/25", "192.168.242.7/32"])
def test_a_subnet_of_the_host(other: str) -> None:
    with pytest.raises(RefusedError, match=other):
        check_spec(PxeSpec(), ("10.0.0.0/8", other))


@pytest.mark.parametrize(
    ("network", "first", "last"),
    [
        ("192.168.242.0/24", "192.168.242.101", "192.168.242.199"),
        ("10.0.0.0/8", "10.0.0.101", "10.0.0.199"),
        ("10.1.2.128/25", "10.1.2.178", "10.1.2.227"),
        ("10.1.2.8/29", "10.1.2.11", "10.1.2.14"),
    ],
)
def test_range_of_a_subnet(network: str, first: str, last: str) -> None:
    assert tuple(map(str, default_range(IPv4Network(network)))) == (first, last)


@given(WISHES)
def test_json_round_trip(service: PxeSpec) -> None:
    assert PxeSpec.from_json(service.to_json()) == service


@given(WISHES, st.lists(st.sampled_from(["10.0.0.0/8", "0.0.0.0/1", "192.0.2.1/32"])))
def test_only_our_own_errors(service: PxeSpec, networks: list[str]) -> None:
    try:
        check_spec(service, tuple(networks))
    except (UsageError, RefusedError) as error:
        assert str(error)


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 1, "service": "{}", "colour": 1}'])
def test_a_record_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    service_dir = ServiceDir(tmp_path, "web")
    assert record.read(service_dir) is None
    service_dir.path.mkdir(parents=True)
    (service_dir.path / "record.json").write_text(text)
    with pytest.raises(BridgekitError, match=r"record\.json is no record"):
        record.read(service_dir)
