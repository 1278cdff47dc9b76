"""Who listens on the NIC by its name or number: found, and really deaf after the move."""

from bridgekit.lab.topology import Lab
from tests.support.findings import plan, start
from tests.support.programs import program

LINK_LOCAL = "fe80::5054:ff:feb1:4"


def test_who_listens_on_the_nic(lab: Lab) -> None:
    start(lab, "listeners", LINK_LOCAL)
    code, found = plan(lab)
    assert code == 0 and {level for level, _ in found.values()} == {"warn"}
    assert found.keys() == {"bound-socket", "bound-packet-socket", "multicast-group"}
    sockets, frames = found["bound-socket"][1], found["bound-packet-socket"][1]
    assert "TCP port 1234 of evil" in sockets and "UDP port 4321 of evil" in sockets
    assert "0x0800" in frames and "0x0003" not in frames
    assert found["multicast-group"][1].endswith(": 239.1.2.3; ff02::fb")
    assert plan(lab, "eth1") == (0, {})
    text = lab.bridgekit("plan", "eth0").stdout
    assert "evil\\x1b[31m\\nname" in text and "\x1b" not in text


def test_the_warnings_are_true(lab: Lab) -> None:
    """After the move only the socket for all protocols still hears anything."""
    ears = start(lab, "receivers")

    def heard() -> list[str]:
        assert ears.stdin and ears.stdout
        ears.stdin.write("heard?\n")
        ears.stdin.flush()
        return ears.stdout.readline().split()

    def heard_of_speech() -> list[str]:
        heard()
        lab.run("gateway", *program("multicast_send"))
        lab.run("gateway", "ping", "-c", "1", "192.168.1.4")  # what was said before has arrived
        return heard()

    before = heard_of_speech()
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert [before, heard_of_speech()] == [["True"] * 4, ["False", "True", "False", "False"]]
