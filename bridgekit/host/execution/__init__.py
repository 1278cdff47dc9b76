"""Carry out operations, each completely: what it promises is there and usable when it returns.

While rolling back, work that is already done counts as done.
"""

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from bridgekit.errors import BridgekitError
from bridgekit.host.execution import address, dhcp_client, dns, link, networkd, route
from bridgekit.host.execution.context import Context, LinkGoneError
from bridgekit.host.ingress_redirect import IngressRedirect
from bridgekit.netlink import links
from bridgekit.netlink.socket import NetlinkSocket
from bridgekit.planning import operations as op

HANDLERS: Mapping[type[op.Operation], Callable[[Any, Context], None]] = {
    op.CreateBridge: link.create_bridge,
    op.DeleteBridge: link.delete_bridge,
    op.ChangeBridge: link.change_bridge,
    op.SetUp: link.set_up,
    op.SetAddrGenMode: link.set_addrgenmode,
    op.SetController: link.set_controller,
    op.SetLro: link.set_lro,
    op.SetSysctl: link.set_sysctl,
    op.AddAddresses: address.add_addresses,
    op.RemoveAddresses: address.remove_addresses,
    op.AddNeighbours: address.add_neighbours,
    op.RemoveNeighbours: address.remove_neighbours,
    op.AddStaticMacs: address.add_static_macs,
    op.RemoveStaticMacs: address.remove_static_macs,
    op.ReplaceRoutes: route.replace_routes,
    op.AddRoutes: route.add_routes,
    op.PrependRoutes: route.prepend_routes,
    op.RemoveRoutes: route.remove_routes,
    op.SetRules: route.set_rules,
    op.RetargetNexthops: route.retarget_nexthops,
    op.SetUnmanaged: networkd.set_unmanaged,
    op.StopClient: dhcp_client.stop_client,
    op.StartClient: dhcp_client.start_client,
    op.SetLinkDns: dns.set_link_dns,
}
"""What carries out each kind of operation."""


class Executor:
    """Carries out operations in the caller's network namespace."""

    def __init__(self, rolling_back: bool = False) -> None:
        self._rolling_back = rolling_back
        self._ignored = (LinkGoneError,) if rolling_back else ()
        self._redirect: IngressRedirect | None = None

    @contextmanager
    def ingress_redirect(self, operations: Sequence[op.Operation]) -> Iterator[None]:
        """Meanwhile lose no frame when one of these makes a link join or leave a bridge.

        It is no condition for anything: if it fails, the operations go on without it.
        """
        with suppress(Exception), NetlinkSocket() as sock:
            moved = (one.link for one in operations if isinstance(one, op.SetController))
            nic = links.get_link(sock, next(moved, ""))
            self._redirect = IngressRedirect(nic) if nic else None
        try:
            yield
        finally:
            if self._redirect:
                self._redirect.close()
            self._redirect = None

    def execute(self, operation: op.Operation) -> None:
        """Carry out one operation; BridgekitError if it cannot be done."""
        try:
            self._execute(operation)
        except (OSError, ValueError, struct.error) as error:
            raise BridgekitError(f"{operation.summary()}: {error}") from error

    def _execute(self, operation: op.Operation) -> None:
        with Context(self._rolling_back, self._redirect) as context:
            with suppress(*self._ignored):
                HANDLERS[type(operation)](operation, context)
            if context.first_error:
                raise context.first_error
