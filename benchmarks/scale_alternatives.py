"""The methods to move a state from eth0 to br0, each as a whole process in a lab host."""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from scale_kill import killed_halfway
from scale_states import ROUTERS, SECOND, State, What

from bridgekit.lab.host import BRIDGEKIT, Result
from bridgekit.lab.layout import HOST_MAC
from bridgekit.lab.topology import Lab

HERE = Path(__file__).parent
MAKE = f"link add br0 address {HOST_MAC} type bridge stp_state 0 forward_delay 0"
TIMER = """
import os, subprocess, sys, time
begun = time.monotonic()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, used = os.wait4(child.pid, 0)
code = os.waitstatus_to_exitcode(status)
print(time.monotonic() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss, code)
"""
"""Small, because a child's peak memory begins with that of the process that starts it."""
HOURS = 3600.0
APPLY = (*BRIDGEKIT, "apply", "eth0", "--yes", "--no-persist")


@dataclass(frozen=True, slots=True)
class Spent:
    """The cost of a process: seconds, and KiB at its peak."""

    seconds: float
    kib: int


class Bench:
    """A lab host with a state, on which every method leaves the state as it was.

    With `cpu` the seconds are processor time, not elapsed time.
    """

    def __init__(self, name: str, state: State, folder: Path, cpu: bool = False) -> None:
        self.state, self.folder, self.cpu = state, folder, cpu
        self.lab = Lab(name, host=SECOND)

    def __enter__(self) -> "Bench":
        self.lab.up()
        try:
            self.lab.ip("gateway", *ROUTERS)
            self.run("ip", "-batch", self.batch("make", self._making()))
            self.lab.hosts["host"].settle()
            self._write()
            self.begun = self.count()
        except BaseException:
            self.lab.down()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.lab.down()

    def run(self, *argv: str) -> Result:
        """Run a program in the host; it must succeed."""
        return self.lab.run("host", *argv, timeout=HOURS)

    def timed(self, *argv: str) -> Spent:
        """Run a program in the host, and return its cost."""
        done = self.run(sys.executable, "-I", "-S", "-c", TIMER, *argv)
        passed, worked, kib, code = done.stdout.split()
        if code != "0":
            raise RuntimeError(f"{' '.join(argv)} ended with {code}: {done.stderr[-2000:]}")
        return Spent(float(worked if self.cpu else passed), int(kib))

    def batch(self, name: str, lines: Iterable[str]) -> str:
        """Write a file for `ip -batch`, and return its path."""
        path = self.folder / name
        with path.open("w") as file:
            file.writelines(f"{line}\n" for line in lines)
        return str(path)

    def lines(self, verb: str, nic: str, what: What) -> Iterable[str]:
        """Yield a line for each object of a kind that is on the NIC."""
        things = self.state.things()
        return (one.line(verb, nic) for one in things if one.what == what and one.moves)

    def _making(self) -> Iterable[str]:
        return (one.line("add", "eth0") for one in self.state.things())

    def _write(self) -> None:
        """Write the batches: the whole move, and the parts around the move of the routes."""
        there = (MAKE, "link set br0 up", *self.lines("add", "br0", "address"))
        there += ("link set eth0 master br0", *self.lines("replace", "br0", "neighbour"))
        after = [*self.lines("add", "br0", "rule"), *self.lines("delete", "eth0", "rule")]
        after += self.lines("delete", "eth0", "neighbour")
        after += [f"address delete {one.split()[2]} dev eth0" for one in self._addresses()]
        self.batch("there", there)
        self.batch("gone", after)
        self.batch("move", chain(there, self.lines("replace", "br0", "route"), after))
        back = self.lines("add", "eth0", "address"), self.lines("replace", "eth0", "neighbour")
        self.batch("back", chain(*back))
        rules = (*self.lines("add", "eth0", "rule"), *self.lines("delete", "br0", "rule"))
        self.batch("away", ("link set eth0 nomaster", *rules, "link delete br0"))

    def _addresses(self) -> list[str]:
        """Yield addresses, last added first, so that no secondary is promoted or lost."""
        return list(self.lines("add", "eth0", "address"))[::-1]

    def path(self, name: str) -> str:
        """Return the path of a file of this bench."""
        return str(self.folder / name)

    def count(self) -> list[str]:
        """Count the objects on eth0, as iproute2 lists them."""
        shown = "-4 route show table all", "-6 route show table all", "address show", "rule show"
        script = "; ".join(f"ip -o {words} | grep -c 'eth0'" for words in shown)
        return self.lab.run("host", "sh", "-c", script, check=False, timeout=HOURS).stdout.split()

    def reset(self) -> None:
        """Move back to eth0 what is on br0."""
        self.run("ip", "-batch", self.path("back"))
        self.run(*KERNEL_MINIMUM, "br0", "eth0")
        self.run("ip", "-batch", self.path("away"))
        self.check()

    def check(self) -> None:
        """Check that eth0 has what it had.

        Raises:
            RuntimeError: It has not.
        """
        if self.count() != self.begun:
            raise RuntimeError(f"{self.state}: {self.begun} became {self.count()}")


KERNEL_MINIMUM = (sys.executable, "-I", "-S", str(HERE / "scale_kernel_minimum.py"))
AROUND = "set -e; ip -batch {there}; {routes}; ip -batch {gone}"
SAVED = """
for family in 4 6; do
    ip -$family route save table all dev eth0 > {saved}
    {minimum} eth0 br0 {saved} > {patched}
    ip -$family route flush table all proto boot dev eth0
    ip -$family route restore < {patched}
done"""


def around(bench: Bench, routes: str) -> str:
    """Return the shell script that moves all but the routes, and the routes by these commands."""
    return AROUND.format(there=bench.path("there"), routes=routes, gone=bench.path("gone"))


def plan(bench: Bench) -> dict[str, Spent]:
    """Time `bridgekit plan`."""
    return {"plan": bench.timed(*BRIDGEKIT, "plan", "eth0", "--no-persist")}


def there_and_back(bench: Bench) -> dict[str, Spent]:
    """Time `bridgekit apply` and `bridgekit rollback`."""
    apply = bench.timed(*APPLY)
    rollback = bench.timed(*BRIDGEKIT, "rollback")
    bench.check()
    return {"apply": apply, "rollback": rollback}


def batch(bench: Bench) -> dict[str, Spent]:
    """Time one `ip -batch`, make before break."""
    spent = bench.timed("ip", "-batch", bench.path("move"))
    bench.reset()
    return {"ip -batch": spent}


def kernel_minimum(bench: Bench) -> dict[str, Spent]:
    """Time messages packed by hand."""
    spent = bench.timed("sh", "-c", around(bench, " ".join((*KERNEL_MINIMUM, "eth0", "br0"))))
    bench.reset()
    return {"packed by hand": spent}


def save_restore(bench: Bench) -> dict[str, Spent]:
    """Time `ip route save`, the interface patched, the old ones flushed, `ip route restore`."""
    files = {name: bench.path(name) for name in ("saved", "patched")}
    routes = SAVED.format(minimum=" ".join(KERNEL_MINIMUM), **files)
    spent = bench.timed("sh", "-c", around(bench, routes))
    bench.reset()
    return {"save and restore": spent}


def pyroute2(bench: Bench) -> dict[str, Spent]:
    """Time plain calls of pyroute2."""
    calls = f"{sys.executable} -P {HERE / 'scale_pyroute2.py'} eth0 br0"
    spent = bench.timed("sh", "-c", around(bench, calls))
    bench.reset()
    return {"pyroute2": spent}


def recover(bench: Bench) -> dict[str, Spent]:
    """Time `bridgekit recover` after `apply` and its guard were killed in the middle."""
    killed_halfway(bench.lab.hosts["host"], APPLY, bench.folder / "sent")
    spent = bench.timed(*BRIDGEKIT, "recover")
    if bench.count() == bench.begun:
        return {"recover": spent}
    bench.run(*BRIDGEKIT, "rollback")  # it was too quick to be killed
    bench.check()
    return {}


WAYS: dict[str, Callable[[Bench], dict[str, Spent]]] = {
    "plan": plan,
    "apply": there_and_back,
    "recover": recover,
    "ip -batch": batch,
    "packed by hand": kernel_minimum,
    "save and restore": save_restore,
    "pyroute2": pyroute2,
}
