"""The methods of the move that are measured, each with its preparation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bridgekit.lab.host import LabError
from bridgekit.lab.topology import Lab
from loss import peers, recipes

Step = Callable[[Lab], None]


def nothing(lab: Lab) -> None:
    """Leave the host alone."""
    lab.run("host", "true")


def bridgekit(*words: str) -> Step:
    """Run bridgekit; it must succeed."""

    def run(lab: Lab) -> None:
        done = lab.bridgekit(*words)
        if done.code:
            raise LabError(f"bridgekit {words[0]} ended with {done.code}: {done.stderr}")

    return run


def script(lines: Sequence[str]) -> Step:
    """Return a script of single `ip` commands that continues after a failure, as most do."""
    text = "\n".join(f"ip {line}" for line in lines)

    def run(lab: Lab) -> None:
        lab.run("host", "sh", "-s", stdin=text, check=False)

    return run


def batch(lines: Sequence[str]) -> Step:
    """Return one `ip -batch`; all of it must succeed."""

    def run(lab: Lab) -> None:
        lab.run("host", "ip", "-batch", "-", stdin="\n".join(lines))

    return run


@dataclass(frozen=True, slots=True)
class Way:
    """`run` is measured, `ready` comes before the traffic, `control` reads and changes nothing."""

    name: str
    title: str
    run: Step
    ready: Step = nothing
    control: Step = nothing
    afterwards: float = 0.8
    """Seconds for which the traffic goes on: IPv6 comes back late where it is broken."""


_apply = bridgekit("apply", "eth0", "--yes", "--no-persist")
_plan, _status = bridgekit("plan", "eth0"), bridgekit("status")
OURS: Final = (
    Way("nothing", "nothing at all", nothing),
    Way("apply", "bridgekit apply", _apply, control=_plan),
    Way("rollback", "bridgekit rollback", bridgekit("rollback"), _apply, _status),
)
_LATE: Final = 4.0
OTHERS: Final = (
    Way("classic", "the classic recipe", script(recipes.CLASSIC), afterwards=_LATE),
    Way("break", "ip -batch, break first", batch(recipes.BREAK_FIRST), afterwards=_LATE),
    Way("make", "ip -batch, make first", batch(recipes.MAKE_FIRST), afterwards=_LATE),
    Way("ifupdown", "ifupdown", peers.ifupdown, peers.ready_ifupdown, afterwards=_LATE),
    Way("ifupdown2", "ifupdown2", peers.ifupdown2, peers.ready_ifupdown2, afterwards=_LATE),
    Way("networkd", "systemd-networkd", peers.networkd, peers.ready_networkd, afterwards=_LATE),
    Way(
        "networkmanager",
        "NetworkManager",
        peers.network_manager,
        peers.ready_network_manager,
        afterwards=_LATE,
    ),
)
WAYS: Final = {way.name: way for way in (*OURS, *OTHERS)}
