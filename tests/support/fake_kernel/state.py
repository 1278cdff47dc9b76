"""What a network namespace is made of, and how its links are found."""

import errno
import os

from msgspec.structs import replace

from bridgekit.state.link import Link
from bridgekit.state.network_state import NetworkState
from bridgekit.state.routes.route_set import RouteSet


def refuse(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class KernelState:
    """The state of one network namespace. A refusal is an OSError with the kernel's errno."""

    def __init__(self, state: NetworkState) -> None:
        self.state = replace(state, routes=RouteSet())
        self.messages = list(state.routes.resolved(self._indices()).all_messages())
        self.follows_ports = set[str]()
        """Bridges whose MTU nobody set since they were made: it is the least of their ports'."""

    def snapshot(self) -> NetworkState:
        names = tuple((link.index, link.name) for link in self.state.links)
        return replace(self.state, routes=RouteSet(names, tuple(self.messages)))

    def _indices(self) -> dict[str, int]:
        return {link.name: link.index for link in self.state.links}

    def link(self, name: str) -> Link:
        found = self.state.link(name)
        if found is None:
            raise refuse(errno.ENODEV)
        return found

    def _set(self, **parts: object) -> None:
        self.state = replace(self.state, **parts)

    def _has_ipv6(self, link: Link) -> bool:
        disabled = self.state.sysctl(f"net/ipv6/conf/{link.name}/disable_ipv6") == "1"
        return link.addrgenmode is not None and not disabled
