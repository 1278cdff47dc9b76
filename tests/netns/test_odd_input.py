"""Odd and hostile input: every run ends in a sentence, and nothing is changed that must not be."""

import os

import pytest

from bridgekit.lab.host import BRIDGEKIT
from bridgekit.lab.kernel import inside
from bridgekit.lab.topology import Lab
from bridgekit.netlink import links
from bridgekit.netlink.socket import NetlinkSocket
from tests.support.result import ends_in_a_sentence
from tests.support.state import state

NOT_UTF8 = os.fsdecode(b"\xff\xfe")


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
    for name in NO_NAMES[-3:]:
        ends_in_a_sentence(lab.bridgekit("apply", "--yes", "--bridge", name, "eth0"), 2)
    assert before.difference(state(lab)) == []


ODD_NAMES = ("x" * 15, "-x", "\"'{0!r}$ö;*")
NOT_WRITTEN = ODD_NAMES[2:]


@pytest.mark.all
def test_odd_names_are_names(lab: Lab) -> None:
    """What the kernel takes works, though ifup would give some of them to a shell."""
    for name in ODD_NAMES:
        add_link(lab, name)
        before = state(lab)
        done = lab.bridgekit("apply", "--yes", "--no-persist", "--", name)
        assert done.code == 0, done
        assert "br0" in lab.run("host", "ip", "route", "get", "10.10.0.1").stdout
        assert lab.bridgekit("rollback").code == 0
        if name in NOT_WRITTEN:
            ends_in_a_sentence(lab.bridgekit("plan", "--", name), 2, "interfaces file")
        assert before.difference(state(lab)) == []
        lab.run("host", "ip", "link", "delete", name)
        lab.ip("host", "rule delete priority 500")


@pytest.mark.all
@pytest.mark.parametrize("name", [NOT_UTF8, "a\x1b[1m"], ids=ascii)
def test_unreadable_names_beside_the_nic(lab: Lab, name: str) -> None:
    """They disturb nobody, not even as a leg; the one who names one gets a sentence."""
    add_link(lab, name)
    legs = ("nexthop", "via", "192.168.1.1", "dev", "eth0", "nexthop", "via", "10.9.0.1", "dev")
    lab.run("host", "ip", "route", "add", "10.11.0.0/24", *legs, name)
    before = state(lab)
    ends_in_a_sentence(lab.bridgekit("apply", "--yes", "--", name), 2)
    refused = lab.bridgekit("plan", "eth7")
    ends_in_a_sentence(refused, 3)
    assert "\x1b" not in refused.stderr + refused.stdout
    assert lab.bridgekit("apply", "--yes", "eth0").code == 0
    assert lab.bridgekit("rollback").code == 0
    assert before.difference(state(lab)) == []


TAKEN = {
    "a plain device": "link add br0 type veth peer name other",
    "the other NIC's alternative name": "link property add dev eth1 altname br0",
    "the NIC's own alternative name": "link property add dev eth0 altname br0",
}


@pytest.mark.parametrize("how", TAKEN)
def test_the_bridges_name_is_taken(lab: Lab, how: str) -> None:
    lab.ip("host", TAKEN[how])
    before = state(lab)
    for verb in (("plan",), ("apply", "--yes")):
        ends_in_a_sentence(lab.bridgekit(*verb, "eth0"), 3, "no bridge called br0")
    assert before.difference(state(lab)) == []


def test_a_link_is_found_by_its_own_name_alone(lab: Lab) -> None:
    """The kernel answers to an alternative name as well (rtnl_getlink in net/core/rtnetlink.c)."""
    lab.ip("host", "link property add dev eth0 altname enp0s1")
    assert "eth0" in lab.run("host", "ip", "link", "show", "enp0s1").stdout
    with inside("net", lab.hosts["host"].pid), NetlinkSocket() as sock:
        assert links.get_link(sock, "enp0s1") is links.index_of(sock, "enp0s1") is None
        found = links.get_link(sock, "eth0")
    assert found and found.altnames == ("enp0s1",)


def test_a_terminal_of_few_letters(lab: Lab) -> None:
    """What the encoding lacks is shown as an escape."""
    lab.run("host", "ip", "link", "set", "eth0", "alias", "bü→ro")
    done = lab.bridgekit("plan", "eth0", env={"PYTHONIOENCODING": "latin-1"})
    assert done.code == 0 and r"\u2192ro" in done.stdout, done


ESCAPES = "x\x1b[31mred\x07\nsecond line"


def test_an_alias_does_not_play_with_the_terminal(lab: Lab) -> None:
    """It is shown with escapes, and moves as it is."""
    lab.run("host", "ip", "link", "set", "eth0", "alias", ESCAPES)
    before = state(lab)
    shown = lab.bridgekit("plan", "eth0").stdout
    assert r"x\x1b[31mred\x07\nsecond line" in shown and "\x1b" not in shown
    assert lab.bridgekit("apply", "eth0", "--yes", "--no-persist").code == 0
    assert lab.run("host", "cat", "/sys/class/net/br0/ifalias").stdout == f"{ESCAPES}\n"
    assert lab.bridgekit("rollback").code == 0
    assert before.difference(state(lab)) == []


ODD_FILES = (
    ("ln", "-s", "circle", "/run/loop"),
    ("ln", "-s", "loop", "/run/circle"),
    ("mkfifo", "/run/pipe"),
    ("mknod", "/run/zero", "c", "1", "5"),
    ("touch", "/run/file"),
    ("mkdir", "/run/folder"),
)
"""In the lab's own /run: what a mistake destroys there is the lab's."""


@pytest.fixture
def odd_files(lab: Lab) -> Lab:
    for argv in ODD_FILES:
        lab.run("host", *argv)
    return lab


def kinds(lab: Lab) -> str:
    names = ("loop", "circle", "pipe", "zero", "file", "folder")
    return lab.run("host", "stat", "-c", "%F %t %T", *(f"/run/{name}" for name in names)).stdout


@pytest.mark.parametrize("option", ["--interfaces-file", "--out", "--state-dir"])
def test_odd_files(odd_files: Lab, option: str) -> None:
    """A device is neither read for ever nor replaced by a file."""
    lab, before, there = odd_files, state(odd_files), kinds(odd_files)
    verb = ("apply", "--yes") if option == "--state-dir" else ("plan",)
    for path in ("/run/loop", "/run/pipe", "/run/zero", "/run/file/x"):
        done = lab.bridgekit(*verb, "eth0", option, path)
        ends_in_a_sentence(done, done.code, "" if done.code == 2 else "othing was changed")
        assert done.code in (2, 3), done
    a_wrong_kind = "/run/file" if option == "--state-dir" else "/run/folder"
    assert lab.bridgekit(*verb, "eth0", option, a_wrong_kind).code == 2
    assert kinds(lab) == there
    assert before.difference(state(lab)) == []


@pytest.mark.parametrize(
    "line", ["source /run/pipe", "source-directory /run/d", "source /run/zero"]
)
def test_what_the_file_includes_is_a_regular_file(odd_files: Lab, line: str) -> None:
    """ifup would wait for the FIFO's writer, and never come to the device's end."""
    lab = odd_files
    lab.run("host", "mkdir", "/run/d")
    lab.run("host", "mkfifo", "/run/d/eth7")
    lab.write_interfaces(lab.read_interfaces() + line + "\n")
    before = state(lab)
    for verb in (("plan",), ("apply", "--yes")):
        told = lab.bridgekit(*verb, "eth0", timeout=20)
        ends_in_a_sentence(told, 3, "is no regular file", "nothing was changed")
    assert before.difference(state(lab)) == []


def test_a_file_nobody_can_read_or_name(lab: Lab) -> None:
    before = state(lab)
    path = f"/run/{NOT_UTF8}"
    ends_in_a_sentence(lab.bridgekit("apply", "--yes", "eth0", "--interfaces-file", path), 2)
    ends_in_a_sentence(lab.bridgekit("plan", "eth0", "--interfaces-file", f"/run/{'x' * 300}"), 3)
    assert before.difference(state(lab)) == []
    lab.run("host", "chmod", "000", "/etc/network/interfaces")
    drop = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    done = lab.run("host", *drop, *BRIDGEKIT, "plan", "eth0", check=False)
    ends_in_a_sentence(done, 2, "/etc/network/interfaces", "not readable")


def mount(lab: Lab, size: int, *options: str) -> None:
    lab.run("host", "mkdir", "-p", "/run/state")
    words = ",".join((f"size={size}", "mode=700", *options))
    lab.run("host", "mount", "-t", "tmpfs", "-o", words, "none", "/run/state")


@pytest.mark.parametrize("options", [("ro",), ()], ids=["read-only", "full"])
def test_a_state_folder_that_takes_nothing(lab: Lab, options: tuple[str, ...]) -> None:
    mount(lab, 4096, *options)
    before = state(lab)
    done = lab.bridgekit("apply", "--yes", "eth0", "--state-dir", "/run/state")
    ends_in_a_sentence(done, 3, "/run/state", "nothing was changed")
    assert before.difference(state(lab)) == []
    assert "nothing here" in lab.bridgekit("status", "--state-dir", "/run/state").stdout


@pytest.mark.parametrize(("owner", "mode"), [("nobody", "700"), ("root", "777"), ("root", "720")])
def test_a_state_folder_of_others(lab: Lab, owner: str, mode: str) -> None:
    """Who can write there could let root carry out anything as a recovery."""
    lab.run("host", "mkdir", "/run/state")
    lab.run("host", "chown", owner, "/run/state")
    lab.run("host", "chmod", mode, "/run/state")
    for verb in (
        ("apply", "eth0", "--yes"),
        ("recover",),
        ("confirm",),
        ("rollback",),
        ("status",),
    ):
        done = lab.bridgekit(*verb, "--state-dir", "/run/state")
        ends_in_a_sentence(done, 3, "/run/state is not root's alone")


def test_a_state_folder_that_is_full_when_it_begins(lab: Lab) -> None:
    """There is room for the record, and none for the journal."""
    assert lab.bridgekit("plan", "eth0", "--out", "/run/plan").code == 0
    size = int(lab.run("host", "stat", "-c", "%s", "/run/plan").stdout)
    before = state(lab)
    for pages in range(size // 4096, size // 4096 + 4):
        mount(lab, pages * 4096)
        done = lab.bridgekit("apply", "--yes", "eth0", "--state-dir", "/run/state")
        if done.code != 3:  # in less the record does not fit
            break
    ends_in_a_sentence(done, 5, "journal cannot be written: No space left", "as before")
    assert before.difference(state(lab)) == []
