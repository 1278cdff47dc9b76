"""Write the golden cases; see this package's first lines for how to call it."""

import argparse
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from bridgekit.host import machine
from bridgekit.lab.host import Host
from bridgekit.lab.kernel import inside
from bridgekit.lab.topology import Lab
from bridgekit.netlink.monitor import NetlinkMonitor
from bridgekit.planning.intent import Intent
from bridgekit.state import nlattr
from bridgekit.state.address import FOREVER, Address
from bridgekit.state.link import Sysctl
from bridgekit.state.network_state import NetworkState, default_sysctls
from bridgekit.state.routes import message as rt
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.rtnetlink import RTA_CACHEINFO, RTPROT_KERNEL
from tests.cases.bridges import BRIDGES
from tests.cases.case import Case
from tests.cases.folder import Folder
from tests.cases.moves import MOVES
from tests.cases.refusals import REFUSALS
from tests.cases.routes import ROUTES

CASES = MOVES | ROUTES | BRIDGES | REFUSALS
WATCHED = ("/rp_filter", "/accept_ra", "/disable_ipv6", "/forwarding")
USUAL_PRIORITIES = (0, 32766, 32767)


def recorded(name: str) -> Folder:
    """Make the case's host in a lab and read it, less what a boot or a clock decides."""
    case = CASES[name]
    with made(case) as host, inside("net", host.pid):
        state = machine.snapshot(case.intent.nic, case.intent.bridge)
    return Folder(name, case.change(reproducible(state, case)), case.intent)


@contextmanager
def made(case: Case) -> Iterator[Host]:
    """Bring up a lab whose host is in the state of the case."""
    with Lab(f"record{os.getpid()}", host=("link set lo up",)) as lab:
        host = lab.hosts["host"]
        host.sysctl("net.ipv6.conf.default.accept_dad", "0")
        for nic in case.nics:
            _up(host, nic)
        host.ip(case.all_lines)
        host.settle()
        for key, value in case.settings:
            host.sysctl(key, value)
        yield host


def _up(host: Host, nic: str) -> None:
    """One after the other: of two links that come up at once, either gets its routes first."""
    host.sysctl(f"net.ipv6.conf.{nic}.accept_dad", "0")
    with inside("net", host.pid), NetlinkMonitor() as monitor:
        host.ip([f"link set {nic} up"])
        assert monitor.wait(lambda: bool(machine.network().addresses_on(nic)), 5)


def reproducible(state: NetworkState, case: Case) -> NetworkState:
    """Leave out what does not matter here, and what would differ at the next recording."""
    absent = {"eth1"} - set(case.nics)
    names = [link.name for link in state.links if link.name not in absent]
    indices = {name: number for number, name in enumerate(names, 1)}
    links = (replace(link, index=indices[link.name]) for link in state.links if link.name in names)
    entries = (entry for entry in state.neighbours if entry.link in names)
    return replace(
        state,
        links=tuple(links),
        addresses=tuple(
            _timeless(a) for a in state.addresses if a.link in names and a.link != "lo"
        ),
        routes=_routes(state.routes, indices),
        neighbours=tuple(sorted(entries, key=lambda e: (e.link, e.flags, e.family, e.ip))),
        rules=tuple(rule for rule in state.rules if rule.priority not in USUAL_PRIORITIES),
        sysctls=tuple(_settings(state, case.intent)),
    )


def _timeless(address: Address) -> Address:
    return replace(address, valid=_rounded(address.valid), preferred=_rounded(address.preferred))


def _rounded(seconds: int) -> int:
    return seconds if seconds == FOREVER else -(-seconds // 100) * 100


def _routes(routes: RouteSet, indices: dict[str, int]) -> RouteSet:
    """Without the loopback's own, and those of links that are left out."""

    def matters(message: bytes) -> bool:
        links = set(routes.links(message))
        own = links == {"lo"} and rt.header(message).protocol == RTPROT_KERNEL
        return links <= indices.keys() and not own

    kept = routes.where(matters)
    messages = (_without_cache(message) for message in kept.resolved(indices).messages)
    names = tuple((number, name) for name, number in indices.items())
    return RouteSet(names, tuple(messages))


def _without_cache(message: bytes) -> bytes:
    """A route's settings; of its cache information only the rounded expiry (USER_HZ is 100)."""
    seconds = rt.expires(message)
    cache = struct.pack("=IIiIIII", 0, 0, _rounded(seconds) * 100, 0, 0, 0, 0)
    return rt.without_state(message) + (nlattr.pack(RTA_CACHEINFO, cache) if seconds else b"")


def _settings(state: NetworkState, intent: Intent) -> Iterator[Sysctl]:
    """What decides a plan, or differs from a new link's; with what a new link has of it."""
    defaults = default_sysctls(state)
    values = [item for link in intent.links for item in state.sysctls_of(link).items()]
    kept = {key for key, value in values if defaults.get(key) != value}
    kept |= {key for key, value in values if key.endswith(WATCHED) and value != "0"}
    for item in state.sysctls:
        _, family, area, link, name = item.key.split("/")
        stands_in = link != "lo" or area == "neigh"
        if stands_in and f"net/{family}/{area}/{{}}/{name}" in kept:
            yield item


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which cases; default: all")
    parser.add_argument("--texts", action="store_true", help="only the texts, from the snapshots")
    arguments = parser.parse_args()
    for name in arguments.names or CASES:
        if arguments.texts:
            Folder.read(name).write_texts()
        else:
            recorded(name).write()
        print(name)


if __name__ == "__main__":
    main()
