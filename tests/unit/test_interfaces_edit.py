"""interfaces(5) rewritten: no byte is lost, and what is disabled can be restored."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridgekit.persistence.ifupdown import interfaces
from bridgekit.persistence.ifupdown.dialect import DIALECTS, IFUPDOWN2, IFUPDOWN_NG
from bridgekit.persistence.ifupdown.interfaces import Kept
from tests.support.interfaces_files import ETH0, FILE, FOLDER, INVALID, TREES, VALID, read, variants

OFF = """\
# first
auto lo eth0 eth1
iface lo inet loopback

allow-hotplug eth0
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
#bridgekit+ added:
auto br0
#bridgekit-
iface eth0.7 inet manual

iface eth1 inet dhcp
"""
SHAPES = [
    made
    for text in (*VALID.values(), *INVALID.values(), *TREES.values(), *FOLDER.values())
    for made in variants(text)
]


def off(text: str, instead: str = "auto br0\n") -> str:
    kept = Kept(definitions=interfaces.used_by_others(read(text), "eth0"))
    return interfaces.disable(text, "eth0", instead, kept)


def test_only_the_nics_lines_are_disabled() -> None:
    assert interfaces.disable(FILE, "eth0", "auto br0\n") == OFF
    assert interfaces.restore(OFF) == FILE


def test_many_shapes() -> None:
    assert len(set(SHAPES)) > 500


@pytest.mark.parametrize("shapes", [SHAPES[at::8] for at in range(8)])
def test_no_byte_of_any_shape_is_lost(shapes: list[str]) -> None:
    for text in shapes:
        assert interfaces.parse(text).text == text
        for instead in ("", "auto br0\n", "auto br0"):
            assert interfaces.restore(off(text, instead)) == text


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_byte_is_lost(content: bytes) -> None:
    text = content.decode(errors="surrogateescape")
    assert interfaces.parse(text).text.encode(errors="surrogateescape") == content
    assert interfaces.restore(interfaces.disable(text, "eth0", "auto br0")) == text


PIECES = st.sampled_from(
    [
        *(
            "eth0",
            " ",
            "auto",
            "iface ",
            "br",
            "\n",
            "\\",
            "\\\n",
            "#",
            "\t",
            "\r",
            "\x0c",
            "\u2028",
        ),
        *("inet", ":1", "=", "/e*", "allow-x", "inherits", "source", "\0", "\udcff", "template"),
        *("iface eth0 inet manual\n", "iface eth1 inet manual inherits eth0\n", " up x\n"),
        *("auto eth0 /e*=x\n", "allow-x eth0 eth0.5\n", "mapping eth0\n script x\n"),
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_piece_is_lost(text: str) -> None:
    assert interfaces.parse(text).text == text
    assert interfaces.restore(off(text)) == text
    twice = interfaces.disable(off(text, ""), "eth1", "auto br1\n")
    assert interfaces.restore(twice) == text
    if "wlan0" not in text and "/" not in text:
        assert interfaces.disable(text, "wlan0", "") == text


@settings(deadline=None)
@given(st.lists(st.sampled_from(["#bridgekit", "#", "+", "-", " x", "\n", "a"])).map("".join))
def test_marks_of_others_do_no_harm(text: str) -> None:
    known = interfaces.restore(text) != text
    assert interfaces.restore("#bridgekit++\n#bridgekit-\n") == ""
    assert not known or "#bridgekit# " in text or "#bridgekit-" in text


def test_what_was_added_is_dropped_whoever_edited_it() -> None:
    edited = OFF.replace("auto br0\n", "auto br0\n  # mine\niface br0 inet dhcp\n")
    assert interfaces.restore(edited + "auto eth7\n") == FILE + "auto eth7\n"
    assert interfaces.restore("#bridgekit+ added:\nauto br0\n") == (
        "#bridgekit+ added:\nauto br0\n"
    )


NEW = "#bridgekit+ added:\nauto br0\n#bridgekit-\n"


def test_without_a_stanza_the_new_one_goes_to_the_end() -> None:
    assert off("") == NEW
    assert off("auto lo\n") == "auto lo\n" + NEW
    assert off("auto lo") == "auto lo\n" + NEW.replace("+", "++")


def test_the_new_stanza_continues_no_line() -> None:
    assert off("iface e inet manual\n mtu 9\\\n").endswith("9\\\n\n" + NEW.replace("+", "++"))
    assert off("iface e inet manual\n mtu 9\\").endswith("9\\\n\n" + NEW.replace("+", "+++"))


def test_an_open_line_elsewhere_does_no_harm() -> None:
    text = ETH0 + "auto eth1\niface eth1 inet manual\n  mtu 9 \\"
    assert off(text).endswith(f"/24\n{NEW}{text.removeprefix(ETH0)}")


OF_OTHERS = {"template x": IFUPDOWN_NG, "interface eth9": IFUPDOWN_NG, "vlan br0.7": IFUPDOWN2}


@pytest.mark.parametrize("head", OF_OTHERS)
def test_what_starts_a_stanza_to_one_is_an_option_to_others(head: str) -> None:
    text = f"{ETH0}{head}\n  mtu 9\n"
    for dialect in DIALECTS.values():
        made = interfaces.disable(text, "eth0", "auto br0\n", dialect=dialect)
        assert made.endswith(f"{NEW}{head}\n  mtu 9\n") == (dialect is OF_OTHERS[head])
        assert f"#bridgekit# {head}" in made or dialect is OF_OTHERS[head]
        assert interfaces.restore(made) == text
        assert interfaces.parse(text, dialect).text == text


def test_a_stanza_by_another_word_is_disabled() -> None:
    text = "auto eth0\ninterface eth0\n  address 192.0.2.4/24\n"
    made = interfaces.disable(text, "eth0", "auto br0\n", dialect=IFUPDOWN_NG)
    assert made.startswith("auto eth0\n#bridgekit# interface eth0\n#bridgekit#   add")
    assert interfaces.restore(made) == text


SELECTED = {
    "a pattern": ("auto /eth*\n", []),
    "a pattern with a stanza": (
        "auto lo /e*=all\niface all inet dhcp\n",
        ["auto lo eth0 /e*=all"],
    ),
    "two patterns": ("auto /e*=all x/y=all\n", ["auto eth0 /e*=all x/y=all"]),
    "a guess": ("allow-x mac/02*=all\n", ["allow-x eth0 mac/02*=all"]),
    "another stanza": ("allow-x eth1 eth0=a eth0.5\n", ["allow-x eth1 eth0 eth0.5"]),
    "an alias": ("allow-x eth0:1 eth0 eth0:2=a\n", ["allow-x eth0"]),
    "an heir": (
        "iface eth1 inet manual inherits eth0\n",
        ["iface eth0-for-others inet static", "iface eth1 inet manual inherits eth0-for-others"],
    ),
    "an heir of all": (
        "iface eth1 inherits eth0\n",
        ["iface eth0-for-others inet static", "iface eth1 inherits eth0-for-others"],
    ),
    "another that gets its stanza": (
        "auto eth1=eth0 eth0=eth0\n",
        ["iface eth0-for-others inet static", "auto eth1=eth0-for-others eth0"],
    ),
    "a pattern that gets its stanza": (
        "auto /e*=eth0\n",
        ["iface eth0-for-others inet static", "auto eth0 /e*=eth0-for-others"],
    ),
}


@pytest.mark.parametrize("why", SELECTED)
def test_the_nic_comes_up_with_the_stanza_of_its_name(why: str) -> None:
    others, rewritten = SELECTED[why]
    text = off(ETH0 + others)
    lines = text.splitlines()
    added = [lines[at + 1] for at, line in enumerate(lines) if line == "#bridgekit+ added:"]
    assert [line for line in added if line != "auto br0"] == rewritten
    assert interfaces.restore(text) == ETH0 + others


def test_a_bridges_own_name_goes_too() -> None:
    text = "auto br0 eth1\niface br0 inet manual\n"
    made = interfaces.disable(text, "br0", "", Kept(name=False))
    assert made.startswith("#bridgekit# auto br0 eth1\n#bridgekit+ added:\nauto eth1\n")
    assert interfaces.restore(made) == text


def test_lines_of_others_go_where_they_stand() -> None:
    text = "iface eth1 inet manual\n  up a\n  up b\nmapping eth2\n  up a\n"
    made = interfaces.disable(text, "eth0", "", Kept(not_lines=frozenset({"up a"})))
    assert made == text.replace("  up a\n  up b", "#bridgekit#   up a\n  up b")


def test_only_lines_that_bring_up_are_changed() -> None:
    others = "no-auto-down eth0\nno-scripts eth0\nrename eth7=eth0\nmapping eth0\n script x\n"
    assert off(ETH0 + others).endswith("#bridgekit-\n" + others)
