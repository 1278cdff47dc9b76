"""interfaces(5) as text: nothing is lost, and only the NIC's own lines are switched off."""

from hypothesis import given
from hypothesis import strategies as st

from bridgekit.persistence import interfaces
from bridgekit.persistence.stanza import Option

FILE = """\
# first
auto lo eth0 eth1
iface lo inet loopback

allow-hotplug eth0
iface eth0 inet static
    address 192.168.1.4/24
    # a comment of mine
    up echo one; \\
       echo two
    dns-nameservers 192.168.1.1
    up ip route add 10.0.0.0/8 via 192.168.1.1
    up ethtool -K eth0 gro off
iface eth0:1 inet static
    address 192.168.1.5/24
iface eth0.7 inet manual

iface eth1 inet dhcp
"""

OFF = """\
# first
#bridgekit# auto lo eth0 eth1
auto lo eth1
iface lo inet loopback

#bridgekit# allow-hotplug eth0
#bridgekit# iface eth0 inet static
#bridgekit#     address 192.168.1.4/24
    # a comment of mine
#bridgekit#     up echo one; \\
#bridgekit#        echo two
#bridgekit#     dns-nameservers 192.168.1.1
#bridgekit#     up ip route add 10.0.0.0/8 via 192.168.1.1
#bridgekit#     up ethtool -K eth0 gro off
#bridgekit# iface eth0:1 inet static
#bridgekit#     address 192.168.1.5/24

auto br0

iface eth0.7 inet manual

iface eth1 inet dhcp
"""


def test_only_the_nics_lines_are_switched_off() -> None:
    assert interfaces.switched_off(FILE, "eth0", "auto br0\n") == OFF


def test_without_a_section_the_new_one_goes_to_the_end() -> None:
    assert interfaces.switched_off("auto lo", "eth0", "auto br0\n") == "auto lo\n\nauto br0\n"
    assert interfaces.switched_off("", "eth0", "auto br0\n") == "auto br0\n"


def test_options_are_kept_unless_the_snapshot_says_them() -> None:
    own = interfaces.options(FILE, "eth0")
    assert Option("address", "192.168.1.5/24") in own
    assert [option.value for option in interfaces.carried(own)] == [
        "echo one; echo two",
        "192.168.1.1",
        "ethtool -K eth0 gro off",
    ]


def test_sources() -> None:
    text = "source a/* b\nsource-directory c\n# source d\n"
    found = (("source", "a/*"), ("source", "b"), ("source-directory", "c"))
    assert interfaces.sources(text) == found


@given(
    st.text(alphabet=st.sampled_from("eth0 auto iface br\n\\#\t\r\x0c\u2028inet:1"), max_size=80)
)
def test_no_byte_is_lost(text: str) -> None:
    assert "".join(entry.raw for entry in interfaces.entries(text)) == text
    if not interfaces.configures(text, "wlan0"):
        assert interfaces.switched_off(text, "wlan0", "") == text
