"""A lab's host in the guest: how its state is made, moved and judged."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bridgekit.lab import state_dump
from bridgekit.lab.topology import Lab
from tests.support.state import as_bridge, state

LOOPBACK = "auto lo\niface lo inet loopback\n"


def addressed(nic: str, net: int = 1) -> tuple[str, ...]:
    """Bring a NIC up, with addresses and routes of both families."""
    return (
        f"link set {nic} up",
        f"address add 192.168.{net}.4/24 brd + dev {nic}",
        f"route add 10.9{net}.0.0/16 via 192.168.{net}.1 dev {nic} onlink",
        f"address add 2001:db8:{net}::4/64 dev {nic} nodad",
        f"route add 2001:db8:9{net}::/48 via 2001:db8:{net}::1 dev {nic}",
    )


def answers(lab: Lab, *addresses: str) -> None:
    """The host answers the gateway's pings, each in at most ten seconds."""
    for address in addresses:
        lab.run("gateway", "ping", "-q", "-c", "1", "-w", "10", address)


def link(lab: Lab, name: str) -> Any:
    return json.loads(lab.run("host", "ip", "-d", "-j", "link", "show", name).stdout)[0]


@contextmanager
def moved(lab: Lab, nic: str, *options: str, shared: str = "") -> Iterator[state_dump.StateDump]:
    """Within, the NIC is br0's port and its state is br0's; afterwards all is as before.

    `shared` is an address that another link has too: the kernel makes the local routes to it, in
    the order in which the links got it, so they change places.
    """
    before = state(lab)
    done = lab.bridgekit("apply", nic, "--yes", *options)
    assert done.code == 0, done
    after = state(lab)
    assert as_bridge(before, nic) == as_bridge(after, "br0")
    assert link(lab, nic)["master"] == "br0"
    yield after
    done = lab.bridgekit("rollback")
    assert done.code == 0, done
    found = before.difference(state(lab))
    assert [line for line in found if not (shared and shared in line)] == []
    gone, new = (sorted(line[1:] for line in found if line[0] == sign) for sign in "-+")
    assert gone == new


def refused(lab: Lab, nic: str) -> list[str]:
    """The codes with which a plan and an application are refused; neither changes anything."""
    before = state(lab)
    plan = lab.bridgekit("plan", nic, "--json")
    assert plan.code == 3, plan
    assert lab.bridgekit("apply", nic, "--yes").code == 3
    assert before.difference(state(lab)) == []
    found = json.loads(plan.stdout)["findings"]
    return [one["code"] for one in found if one["level"] == "refuse"]
