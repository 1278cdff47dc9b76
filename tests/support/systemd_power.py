"""The power of a guest fails before a step of a command; and how it is after the next boot.

The witnesses are the files on the disk, iproute2 and systemd, in the guest. Only that no
transaction is left half-done is asked of the program itself.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from tests.support.systemd_guest import Machine, booted

INTERFACES: Final = "/etc/network/interfaces"
UNITS: Final = "/etc/systemd/system"
MARKS: Final = {
    "journal started": "during",
    "journal verified": "after",
    "journal pending": "waiting",
    "journal committing": "persist",
    "journal taken-back": "commit",
    "journal committed": "commit",
}
"""What is written when a phase begins; the step that writes it is still of the phase before."""

MOST: Final = {"persist": 3}
"""How many moments of a phase are tried; 1 of any other."""


class Moment(Struct, frozen=True):
    """The step of a command before which the power fails, and the disk as it is then."""

    verb: str
    phase: str
    step: str
    disk: Path

    def __str__(self) -> str:
        return f"{self.verb}, {self.phase}, before: {self.step}"


def moments(machine: Machine, verb: str, first: str, *command: str) -> Iterator[Moment]:
    """Run a command, of which a program of this verb does the work: all its steps, and its end."""
    phase, number, step = first, 0, ""
    machine.hold(verb)
    machine.run("systemd-run", "--quiet", "--collect", "bridgekit", *command)
    while step != "end":
        step, number = machine.held(verb), number + 1
        disk = machine.layer.with_name(f"{command[0]}-{number:03}")
        yield Moment(verb, phase, step, machine.cut(disk))
        phase = MARKS.get(step, phase)
        if step != "end":
            machine.go()
    machine.run("rm", f"/run/stepping/{verb}")


def sampled(found: Sequence[Moment]) -> list[Moment]:
    """Some of each phase, evenly spread, the last one among them."""
    chosen = []
    for phase in dict.fromkeys(moment.phase for moment in found):
        here = [moment for moment in found if moment.phase == phase]
        step = -(-len(here) // MOST.get(phase, 1))
        chosen += here[::-1][::step]
    return chosen


class Recovery(Struct, frozen=True):
    """How the boot unit of a transaction ended, and whether that was before networking began."""

    result: str
    first: bool


class Boot(Struct, frozen=True):
    """What is found when the machine has booted again.

    `left` is what should be gone, and `left_still` what of that stays when someone runs `recover`.
    """

    interfaces: str
    left: list[str]
    left_still: list[str]
    recoveries: list[Recovery]
    networking: str
    transactions: list[dict[str, Any]]
    carriers: dict[str, set[str]]
    ports: dict[str, str]


def boot(disk: Path) -> Boot:
    """Boot from this disk, and look."""
    with booted(disk) as machine:
        recoveries, networking = _services(machine)
        links = json.loads(machine.run("ip", "-j", "address", "show"))
        left = _left(machine)
        if left:
            machine.run("bridgekit", "recover")
        return Boot(
            interfaces=machine.run("cat", INTERFACES),
            left=left,
            left_still=_left(machine),
            recoveries=recoveries,
            networking=networking,
            transactions=json.loads(machine.run("bridgekit", "status", "--json"))["transactions"],
            carriers={link["ifname"]: _global(link) for link in links},
            ports={link["ifname"]: link["master"] for link in links if "master" in link},
        )


def _left(machine: Machine) -> list[str]:
    """What bridgekit makes for a while: files that wait to be renamed, and boot units."""
    folders = ("/etc/network", UNITS, "/var/lib/bridgekit")
    names = ("-name", ".*.bridgekit", "-o", "-name", "bridgekit-recover-*")
    return machine.ask("find", *folders, *names)[1].split()


def _services(machine: Machine) -> tuple[list[Recovery], str]:
    clock = "ExecMainStartTimestampMonotonic,ExecMainExitTimestampMonotonic"
    names = ("bridgekit-recover-*", "networking.service")
    shown = machine.run("systemctl", "show", "--all", f"--property=Id,Result,{clock}", *names)
    found = [dict(line.split("=", 1) for line in one.splitlines()) for one in shown.split("\n\n")]
    network = next(one for one in found if one["Id"] == "networking.service")
    start = int(network["ExecMainStartTimestampMonotonic"])
    recoveries = [
        Recovery(one["Result"], 0 < int(one["ExecMainExitTimestampMonotonic"]) < start)
        for one in found
        if one is not network
    ]
    return recoveries, network["Result"]


def _global(link: dict[str, Any]) -> set[str]:
    return {one["local"] for one in link["addr_info"] if one["scope"] == "global"}
