"""Operations on DHCP clients."""

from bridgekit.host.dhcp_clients import handover
from bridgekit.host.execution.context import Context
from bridgekit.netlink import lifetimes
from bridgekit.planning import operations as op
from bridgekit.system import namespaces

SCOPE = ("systemd-run", "--scope", "--quiet", "--collect", "--slice=system.slice", "--")


def stop_client(operation: op.StopClient, context: Context) -> None:
    """End a DHCP client without a release."""
    handover.stop(operation.client, context.rolling_back)


def start_client(operation: op.StartClient, context: Context) -> None:
    """Start a DHCP client with the newest lease.

    Its scope outlives the session, and the guard's service.
    """
    client = operation.client
    granted = handover.inherit(client, operation.other)
    if client.address and granted:
        lifetimes.extend(context.sock, client.link, client.address, granted)
    handover.start(client, SCOPE if namespaces.systemd_manages_us() else ())
