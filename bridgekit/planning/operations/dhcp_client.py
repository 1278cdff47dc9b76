"""Changes of who asks for a link's address: DHCP clients."""

import shlex
from collections.abc import Iterable, Iterator

from bridgekit.planning.operations.operation import Operation
from bridgekit.state.dhcp_client import DhcpClient


class StopClient(Operation, frozen=True):
    """End a DHCP client: it neither releases its lease nor touches the address.

    `other` is the same client on the link that its lease goes to.
    """

    client: DhcpClient
    other: DhcpClient

    def inverse(self) -> "StartClient":
        """Return the start of the same client."""
        return StartClient(self.client, self.other)

    def describe(self) -> Iterator[str]:
        """Yield `pkill`."""
        yield shlex.join(("pkill", "-KILL", "-F", self.client.pid_file))


class StartClient(Operation, frozen=True):
    """Start a DHCP client with the lease that it or `other`, on the other link, had last.

    Done when the server has confirmed the lease, or has had time to.
    """

    client: DhcpClient
    other: DhcpClient

    def inverse(self) -> StopClient:
        """Return the stop of the same client."""
        return StopClient(self.client, self.other)

    def describe(self) -> Iterator[str]:
        """Yield how the lease is copied, and the client's command line."""
        client, other = self.client, self.other
        if client.program == "dhcpcd" and other != client:
            yield shlex.join(("cp", "-p", other.leases, client.leases))
        if client.program == "dhclient" and other != client:
            edit = f's/interface "{other.link}"/interface "{client.link}"/;/option routers/!w '
            edit += client.leases
            yield shlex.join(("sed", "-n", edit, other.leases))
        yield shlex.join(client.argv)


def unidentified_clients(
    operations: Iterable[object], found: tuple[DhcpClient, ...]
) -> Iterator[DhcpClient]:
    """Yield the clients that operations are about and that do not come from those found.

    A plan comes from a file that anyone may have written, and would be run as root.
    """
    for operation in operations:
        if isinstance(operation, StopClient | StartClient):
            pair = operation.client, operation.other
            old, new = pair if isinstance(operation, StopClient) else pair[::-1]
            if old not in found or new != old.on(new.link) or "/" in new.link:
                yield operation.client
