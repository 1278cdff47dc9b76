"""The state of a lab's host, as iproute2 tells it; and lines of `ip` that add to it."""

from bridgekit.lab import state_dump
from bridgekit.lab.topology import Lab

RULES_AND_NEXTHOPS = (
    "rule add iif eth0 lookup 100 priority 500",
    "rule add from 10.0.0.0/8 lookup 100 priority 500",
    "rule add oif eth0 fwmark 7/15 lookup 77 priority 500",
    "rule add not from 10.1.0.0/16 iif eth1 lookup 77 priority 600",
    "-6 rule add iif eth0 lookup 100 priority 500",
    "nexthop add id 7 via 192.168.1.1 dev eth0",
    "nexthop add id 8 via 192.168.2.1 dev eth1",
    "nexthop add id 9 group 7/8",
    "nexthop add id 10 via 2001:db8:1::1 dev eth0 onlink",
    "nexthop add id 11 blackhole",
    "route add 10.77.0.0/16 nhid 9",
    "route add 10.78.0.0/16 nhid 7 metric 5",
    "-6 route add 2001:db8:78::/48 nhid 10",
    "neighbour add proxy 192.168.1.90 dev eth0",
    "neighbour add proxy 2001:db8:1::90 dev eth0",
    "neighbour add 192.168.1.91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent",
    "neighbour add 2001:db8:1::91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent",
    "link set eth0 alias office txqueuelen 555 group 42",
)


def state(lab: Lab) -> state_dump.StateDump:
    """Return all that a move must keep."""
    return state_dump.dump(lab.hosts["host"])


def settled_state(lab: Lab) -> state_dump.StateDump:
    """Return the state once no address of the host is tentative."""
    lab.hosts["host"].settle()
    return state(lab)


def as_bridge(dumped: state_dump.StateDump, link: str) -> list[str]:
    """The addresses and routes of this link, each in its place, read as br0's.

    Left out is IPv6's multicast route, which every link that is up has.
    """
    kinds = ("address", "route", "route6")
    lines = (line for line in dumped.lines if line.split()[0] in kinds)
    ours = (line for line in lines if f'"{link}"' in line and "ff00::/8" not in line)
    return sorted(line.replace(f'"{link}"', '"br0"') for line in ours)
