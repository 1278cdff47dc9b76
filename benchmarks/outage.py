"""How many packets does the move lose, and how long is the longest silence? As a table.

    python benchmarks/outage.py [--runs 5] [--rate 2000]

Each run has a lab host of its own with traffic through eth0: UDP probes of both families, on-link
and routed, and TCP streams. A run with nothing at all is the noise; the others do the same job on
the same state. Medians of the runs, and the worst. Needs root, like the lab.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

from bridgekit.lab.topology import Lab
from bridgekit.lab.traffic import ON_LINK, ROUTED, Flow, Traffic

AFTERWARDS = 3.0
"""How long the traffic goes on, in seconds: IPv6 comes back late where it is broken."""
CLASSIC = """
ip link add br0 type bridge stp_state 0 forward_delay 0
ip link set br0 up
ip addr del 192.168.1.5/24 dev eth0
ip addr del 192.168.1.4/24 dev eth0
ip addr del 10.20.0.4/16 dev eth0
ip addr del 2001:db8:1::4/64 dev eth0
ip addr del 2001:db8:1::5/64 dev eth0
ip link set eth0 master br0
ip addr add 192.168.1.4/24 brd + dev br0
ip addr add 192.168.1.5/24 brd + dev br0
ip addr add 10.20.0.4/16 brd + dev br0
ip addr add 2001:db8:1::4/64 dev br0
ip addr add 2001:db8:1::5/64 dev br0
ip route add default via 192.168.1.1
ip -6 route add default via 2001:db8:1::1
"""


def nothing(lab: Lab) -> None:
    """The noise of the machine."""
    lab.run("host", "true")


def apply(lab: Lab) -> None:
    """The move; its outcome is checked."""
    assert lab.bridgekit("apply", "eth0", "--yes", "--no-persist").code == 0


def there_and_back(lab: Lab) -> None:
    """The move and its rollback."""
    apply(lab)
    assert lab.bridgekit("rollback").code == 0


def classic(lab: Lab) -> None:
    """The usual recipe: delete, enslave, add again, as a script of single commands."""
    lab.run("host", "sh", "-s", stdin=CLASSIC, check=False)


WAYS: dict[str, Callable[[Lab], None]] = {
    "nothing at all": nothing,
    "bridgekit apply": apply,
    "apply and rollback": there_and_back,
    "the usual recipe": classic,
}


def measured(way: Callable[[Lab], None], rate: int) -> list[Flow]:
    """Run one way once under traffic."""
    with Lab(f"outage{os.getpid()}") as lab:
        pairs = (*ON_LINK, *ROUTED)
        with Traffic(lab.hosts["host"], lab.hosts["gateway"], pairs, rate) as traffic:
            way(lab)
            time.sleep(AFTERWARDS)
            return traffic.stop()


def row(name: str, runs: list[list[Flow]]) -> str:
    """Packets lost of all kinds together, and the longest silence of UDP and TCP, in ms."""
    lost = [sum(flow.lost for flow in run if flow.kind == "udp") for run in runs]
    cells = [f"{statistics.median(lost):g}", f"{max(lost)}"]
    for kind in ("udp", "tcp"):
        gaps = [max(flow.longest_gap_ms for flow in run if flow.kind == kind) for run in runs]
        cells += [f"{statistics.median(gaps):.1f}", f"{max(gaps):.1f}"]
    broken = sum(bool(flow.broken) for run in runs for flow in run)
    return f"| {name} | {' | '.join(cells)} | {broken} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rate", type=int, default=2000)
    given = parser.parse_args()
    print("| way | packets lost, median | worst | UDP silence ms, median | worst |", end="")
    print(" TCP silence ms, median | worst | TCP broken |")
    print("|---|---|---|---|---|---|---|---|")
    rounds = [[measured(way, given.rate) for way in WAYS.values()] for _ in range(given.runs)]
    for number, name in enumerate(WAYS):
        print(row(name, [one[number] for one in rounds]), flush=True)


if __name__ == "__main__":
    main()
