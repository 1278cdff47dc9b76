"""One strict reading of MAC addresses wherever one is given, and the vendor's name beside it."""

from collections.abc import Callable
from pathlib import Path

import click
import pytest

from bridgekit.attach.spec import parse_spec
from bridgekit.bootserver import machines
from bridgekit.bootserver import vendor as service_vendor
from bridgekit.bootserver.settings import SettingsError
from bridgekit.cli import bridge_options
from bridgekit.errors import UsageError
from bridgekit.planning.intent import BridgeSpec
from bridgekit.pxe.preview import render
from bridgekit.pxe.spec import PxeSpec
from bridgekit.state.mac import parse_mac, parse_unicast_mac, vendor, with_vendor

MAC = "52:54:00:c1:00:0a"
GOOD = (MAC, "52:54:00:C1:00:0A", "52-54-00-c1-00-0a", "5254.00c1.000a", "525400C1000A")
BAD = (
    "",
    "52:54:00",
    "52:54:00:c1:00",
    "52:54:00:c1:00:0a:0b",
    "52:54:00:ff:fe:c1:00:0a",
    "52:54:0:c1:0:a",
    "52:54-00:c1-00:0a",
    "525400-c1000a",
    "5254:00c1:000a",
    " 52:54:00:c1:00:0a",
    "52:54:00:c1:00:0a\n",
    "\uff15\uff12:54:00:c1:00:0a",
    "0x525400c1000a",
    "g2:54:00:c1:00:0a",
)
NOT_UNICAST = ("01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00")


def _bridge(text: str) -> str | None:
    made: list[str | None] = []

    @click.command()
    @bridge_options.bridge_options
    def verb(*, spec: BridgeSpec) -> None:
        made.append(spec.mac)

    verb.main(["--mac", text], standalone_mode=False)
    return made[0]


def _attach(text: str) -> str | None:
    return parse_spec(("0/0",), text).mac


def _machines(text: str) -> str:
    escaped = text.replace("\n", "\\n")
    (machine,) = machines.parse(f'[machine."{escaped}"]\nhostname = "node1"\n', "machines.toml")
    return machine.mac


def _render(text: str) -> str:
    """Return the MAC address itself, for which there is a menu of its own if it was understood."""
    folder = Path(__file__).with_name("data") / "one-machine"
    names = dict(render(PxeSpec(site=str(folder)), text))
    return MAC if f"menu/grub-amd64-{MAC}.cfg" in names else text


ENTRY_POINTS = pytest.mark.parametrize(
    "parse",
    [parse_mac, parse_unicast_mac, _bridge, _attach, _render, machines.parse_mac, _machines],
    ids=lambda parse: parse.__qualname__.strip("_"),
)


@ENTRY_POINTS
@pytest.mark.parametrize("text", GOOD)
def test_every_entry_point_takes_the_same_spellings(
    parse: Callable[[str], str | None], text: str
) -> None:
    assert parse(text) == MAC


@ENTRY_POINTS
@pytest.mark.parametrize("text", BAD)
def test_every_entry_point_refuses_the_rest(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises((ValueError, UsageError, SettingsError)):
        parse(text)


@pytest.mark.parametrize("parse", [parse_unicast_mac, _bridge, _attach])
@pytest.mark.parametrize("text", NOT_UNICAST)
def test_what_no_interface_can_have(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises((ValueError, UsageError)):
        parse(text)


def test_a_string_stands_for_one_mac_address() -> None:
    assert _attach("U:web") == _attach("U:web") != _attach("U:db")
    assert int(_attach("U:web")[:2], 16) & 0b11 == 0b10, "administered locally, of one host"


def test_the_vendor_by_its_oui() -> None:
    assert vendor("00:1b:21:3c:9d:f8") == "Intel Corporate"
    assert with_vendor("00:1b:21:3c:9d:f8") == "00:1b:21:3c:9d:f8 (Intel Corporate)"


@pytest.mark.parametrize("mac", [MAC, "01:00:5e:00:00:01", "f4:ff:ff:00:00:00", ""])
def test_no_vendor(mac: str) -> None:
    assert with_vendor(mac) == mac


@pytest.mark.parametrize(
    "mac", [MAC, "00:1b:21:3c:9d:f8", "01:00:5e:00:00:01", "f4:ff:ff:00:00:00"]
)
def test_host_and_service_name_the_same_vendor(mac: str) -> None:
    assert service_vendor.with_vendor(mac) == with_vendor(mac)
