"""The words of `attach` that are refused before anything is looked at."""

import pytest

from bridgekit.attach.spec import parse_spec
from bridgekit.errors import UsageError

OWN = "192.0.2.7/24"


@pytest.mark.parametrize(
    ("words", "more", "sentence"),
    [
        (["192.0.2.0/24"], {}, "network or broadcast address"),
        (["192.0.2.255/24"], {}, "network or broadcast address"),
        (["224.0.0.1/24"], {}, "can't be the address of one host"),
        ([f"{OWN}@2001:db8::1"], {}, "can't be the gateway"),
        ([f"{OWN}@192.0.2.7"], {}, "can't be the gateway"),
        ([f"{OWN}@192.0.2.1", "198.51.100.7/24@198.51.100.1"], {}, "more than one gateway"),
        ([OWN], {"vlan": 4095}, "VLAN 4095 is out of range"),
        ([OWN], {"vlan": 0}, "VLAN 0 is out of range"),
        ([OWN], {"mtu": 67}, "an MTU of 67 is out of range"),
        ([OWN], {"ifname": "a/b"}, "can't be the name of an interface"),
        ([OWN], {"routes": ["2001:db8::/32@192.0.2.1"]}, "can't be the gateway"),
    ],
)
def test_what_no_interface_can_have(
    words: list[str], more: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse_spec(words, **more)  # type: ignore[arg-type]


def test_a_network_of_two_has_no_other_addresses() -> None:
    """RFC 3021."""
    spec = parse_spec(["192.0.2.6/31@192.0.2.7", "2001:db8::7/64@2001:db8::1"], vlan=4094, mtu=68)
    assert [str(one) for one in spec.addresses] == ["192.0.2.6/31", "2001:db8::7/64"]
    assert [str(one) for one in spec.gateways] == ["192.0.2.7", "2001:db8::1"]
