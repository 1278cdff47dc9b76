"""Odd and hostile input: every run ends in a sentence, and nothing is changed that must not be."""

import os

import pytest

from bridgekit.lab import witness
from bridgekit.lab.host import Result
from bridgekit.lab.topology import Lab

NOT_UTF8 = os.fsdecode(b"\xff\xfe")


def state(lab: Lab) -> witness.Testimony:
    return witness.dump(lab.hosts["host"])


def ends_in_a_sentence(told: Result, code: int, *words: str) -> None:
    """One message for people, with these words in it, and the exit code."""
    assert told.code == code, told
    assert told.stderr.startswith(("bridgekit: ", "Usage: ")), told.stderr
    assert "Traceback" not in told.stderr
    assert all(word in told.stderr for word in words), told.stderr


def add_link(lab: Lab, name: str) -> None:
    """An interface of this name, up, with an address, a route and a rule."""
    host = lab.hosts["host"]
    lab.ip("host", "link add odd type veth peer name other", "link set other addrgenmode none up")
    host.run("ip", "link", "set", "odd", "name", name)
    host.run("ip", "link", "set", name, "addrgenmode", "none", "up")  # no address is yet to come
    host.run("ip", "address", "add", "10.9.0.4/24", "brd", "+", "dev", name)
    host.run("ip", "route", "add", "10.10.0.0/24", "via", "10.9.0.1", "dev", name)
    host.run("ip", "rule", "add", "iif", name, "lookup", "100", "priority", "500")


NO_NAMES = ("", "x" * 16, "a b", "a/b", "a\nb", "a\x1b[1m", NOT_UTF8, "br%d", "all")
"""Others are in tests/unit/test_plan.py; these go through a real command line."""


def test_names_that_no_interface_can_have(lab: Lab) -> None:
    before = state(lab)
    for name in NO_NAMES:
        ends_in_a_sentence(lab.bridgekit("plan", "--", name), 2)
        ends_in_a_sentence(lab.bridgekit("apply", "--yes", "--bridge", name, "eth0"), 2)
    assert before.difference(state(lab)) == []


ODD_NAMES = ("x" * 15, "-x", "\"'{0!r}", "$ö;*")
NOT_WRITTEN = ODD_NAMES[2:]


def test_odd_names_are_names(lab: Lab) -> None:
    """What the kernel takes works, though ifup would give some of them to a shell."""
    for name in ODD_NAMES:
        add_link(lab, name)
        before = state(lab)
        told = lab.bridgekit("apply", "--yes", "--no-persist", "--", name)
        assert told.code == 0, told
        assert "br0" in lab.run("host", "ip", "route", "get", "10.10.0.1").stdout
        assert lab.bridgekit("rollback").code == 0
        if name in NOT_WRITTEN:
            ends_in_a_sentence(lab.bridgekit("plan", "--", name), 2, "interfaces file")
        assert before.difference(state(lab)) == []
        lab.run("host", "ip", "link", "delete", name)
        lab.ip("host", "rule delete priority 500")


@pytest.mark.parametrize("name", [NOT_UTF8, "a\x1b[1m"], ids=ascii)
def test_unreadable_names_beside_the_nic(lab: Lab, name: str) -> None:
    """They disturb nobody; the one who names one gets a sentence."""
    add_link(lab, name)
    before = state(lab)
    ends_in_a_sentence(lab.bridgekit("apply", "--yes", "--", name), 2)
    refused = lab.bridgekit("plan", "eth7")
    ends_in_a_sentence(refused, 3)
    assert "\x1b" not in refused.stderr + refused.stdout
    assert lab.bridgekit("apply", "--yes", "eth0").code == 0
    assert lab.bridgekit("rollback").code == 0
    assert before.difference(state(lab)) == []
