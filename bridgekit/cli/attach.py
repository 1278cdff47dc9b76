"""The verbs `attach` and `detach`: a container's interface on a bridge."""

from typing import Any

import click

from bridgekit.attach import attach as attaching
from bridgekit.attach import spec
from bridgekit.cli.netboot_words import color_option, state_option, tell
from bridgekit.cli.options import errors_as_json, json_option
from bridgekit.pxe import files

ifname_option = click.option(
    "--ifname", "nic", metavar="NAME", default=spec.NIC, show_default=True,
    help="The interface's name inside the container.",
)  # fmt: skip


@click.command()
@click.argument("bridge")
@click.argument("container")
@click.argument("address", metavar="ADDRESS/LEN[@GATEWAY]")
@click.argument("mac", required=False)
@click.option(
    "--address",
    "more",
    metavar="ADDRESS/LEN[@GATEWAY]",
    multiple=True,
    help="One more address, of either family; several times for several.",
)
@click.option(
    "--route",
    "routes",
    metavar="PREFIX[@GATEWAY]",
    multiple=True,
    help="A route inside the container; several times for several.",
)
@ifname_option
@click.option("--host-ifname", "port", metavar="NAME", help="The name of the host's end.")
@click.option("--mtu", type=int, metavar="BYTES", help="[the bridge's]")
@click.option(
    "--vlan", type=int, metavar="ID", help="The VLAN, on a bridge that keeps VLANs apart."
)
@click.option(
    "--wait",
    "patience",
    type=float,
    metavar="SECONDS",
    default=0.0,
    help="Wait so long for the container to run.",
)
@state_option
@json_option
@color_option
def attach(
    bridge: str,
    container: str,
    address: str,
    mac: str | None,
    more: tuple[str, ...],
    patience: float,
    state_dir: str,
    as_json: bool,
    **how: Any,
) -> None:
    """Give CONTAINER an interface on BRIDGE, which is made if it is missing.

    CONTAINER is docker's or podman's name or id, the name of a PXE service of ours, a name
    of `ip netns`, a namespace's file, or a process id. The link ends with the container.
    ADDRESS is 0/0 for none, or dhcp. MAC may be U:STRING: always the same for that string.
    Where BRIDGE is an Ethernet NIC, the interface is a macvlan on it.

    \b
    Examples:
      bridgekit attach br0 $PXECID 192.168.242.1/24
      bridgekit attach br0 web 192.0.2.7/24@192.0.2.1 02:00:00:00:00:07
      bridgekit attach br0 web dhcp U:web --ifname lan0
      bridgekit attach br0 db 0/0 --vlan 20 --address 2001:db8::7/64@2001:db8::1
    """
    state = files.state_dir(state_dir)
    with errors_as_json(as_json):
        wished = spec.parse_spec((address, *more), mac, **how)
        done = attaching.attach(bridge, container, wished, state=state, patience=patience)
    own = address.partition("@")[0]
    tell(as_json, done, f"{container} has {wished.nic} with {own} on {bridge}")


@click.command()
@click.argument("bridge")
@click.argument("container")
@ifname_option
@state_option
@json_option
@color_option
def detach(bridge: str, container: str, nic: str, state_dir: str, as_json: bool) -> None:
    """Take CONTAINER's interface off BRIDGE again.

    \b
    Example:
      bridgekit detach br0 $PXECID
    """
    with errors_as_json(as_json):
        done = attaching.detach(bridge, container, nic, state=files.state_dir(state_dir))
    tell(as_json, done, f"{container} is off {bridge}")
