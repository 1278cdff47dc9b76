"""Who listens on the NIC by its name or number: found, and really deaf after the move."""

from bridgekit.lab.topology import Lab
from tests.support.findings import plan, start

LISTENER = """
import socket, struct, sys
index = socket.if_nametoindex("eth0")
open("/proc/self/comm", "w").write("evil\\x1b[31m\\nname")
server = socket.socket()
server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
server.bind(("", 1234))
server.listen()
local = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
local.bind((sys.argv[1], 4321, 0, index))
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
frames.bind(("eth0", 0x0800))
everything = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
everything.bind(("eth0", 0x0003))
group = struct.pack("4s4si", bytes([239, 1, 2, 3]), bytes(4), index)
joined = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
joined.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
group = socket.inet_pton(socket.AF_INET6, "ff02::fb") + struct.pack("i", index)
local.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
print("ready", flush=True)
sys.stdin.read()
"""
LINK_LOCAL = "fe80::5054:ff:feb1:4"


def test_who_listens_on_the_nic(lab: Lab) -> None:
    start(lab, LISTENER, LINK_LOCAL)
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


EARS = """
import socket, struct, sys
frames = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
frames.bind(("eth0", 0x0800))
everything = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
everything.bind(("eth0", 0x0003))
group = struct.pack("4s4si", bytes([239, 1, 2, 3]), bytes(4), socket.if_nametoindex("eth0"))
joined = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
joined.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
joined.bind(("239.1.2.3", 5000))
bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
bound.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0")
bound.bind(("192.168.1.4", 5000))
def heard(ear):
    frames = 0
    try:
        while True:
            ear.recv(4096, socket.MSG_DONTWAIT)
            frames += 1
    except BlockingIOError:
        return frames > 0
print("ready", flush=True)
for line in sys.stdin:
    print(*map(heard, (frames, everything, joined, bound)), flush=True)
"""
SPEAK = """
import socket
speaker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
speaker.bind(("192.168.1.1", 0))
speaker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.168.1.1"))
for target in ("239.1.2.3", "192.168.1.4"):
    speaker.sendto(b"x", (target, 5000))
"""


def test_the_warnings_are_true(lab: Lab) -> None:
    """After the move only the socket for all protocols still hears anything."""
    ears = start(lab, EARS)

    def heard() -> list[str]:
        assert ears.stdin and ears.stdout
        ears.stdin.write("heard?\n")
        ears.stdin.flush()
        return ears.stdout.readline().split()

    def heard_of_speech() -> list[str]:
        heard()
        lab.run("gateway", "python3", "-P", "-c", SPEAK)
        lab.run("gateway", "ping", "-c", "1", "192.168.1.4")  # what was said before has arrived
        return heard()

    before = heard_of_speech()
    assert lab.bridgekit("apply", "eth0", "--yes").code == 0
    assert [before, heard_of_speech()] == [["True"] * 4, ["False", "True", "False", "False"]]
