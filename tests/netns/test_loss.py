"""Probes lost while the host moves: few beside what the usual recipe loses, which is seen too."""

import time
from collections.abc import Callable

from bridgekit.lab.topology import Lab
from bridgekit.lab.traffic import LINK_LOCAL, ON_LINK, ROUTED, Traffic

RATE = 1000
FEW = 4
"""Of one flow, out of a thousand and more: the kernel itself may lose one when a port joins or
leaves, where the flow is ICMPv6 or link-local. tests/netns/test_join.py has what is never lost."""
USUAL = """
ip link add br0 type bridge stp_state 0
ip link set br0 up
ip addr flush dev eth0
ip link set eth0 master br0
ip addr add 192.168.1.4/24 dev br0
ip addr add 10.20.0.4/16 dev br0
ip addr add 2001:db8:1::4/64 dev br0
ip addr add 2001:db8:1::5/64 dev br0
ip route add default via 192.168.1.1
ip -6 route add default via 2001:db8:1::1
"""


def lost(lab: Lab, move: Callable[[], None]) -> list[int]:
    """How many probes of each flow the move costs."""
    hosts = lab.hosts["host"], lab.hosts["gateway"]
    pairs = (*ON_LINK, *ROUTED, *LINK_LOCAL)
    with Traffic(*hosts, pairs, RATE, ("udp", "icmp")) as traffic:
        move()
        time.sleep(1)
        return [flow.lost for flow in traffic.stop()]


def test_there_and_back_loses_next_to_nothing(lab: Lab) -> None:
    def there_and_back() -> None:
        assert lab.bridgekit("apply", "eth0", "--yes", "--no-persist").code == 0
        assert lab.bridgekit("rollback").code == 0

    assert all(count < FEW for count in lost(lab, there_and_back))


def test_the_usual_recipe_is_caught(lab: Lab) -> None:
    counts = lost(lab, lambda: print(lab.run("host", "sh", "-s", stdin=USUAL, check=False)))
    assert sum(count > 10 * FEW for count in counts) >= 4
