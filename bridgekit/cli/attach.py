"""The verb `attach`."""

from pathlib import Path

import click

from bridgekit.attach import spec
from bridgekit.cli.options import json_option, state_dir_option
from bridgekit.cli.output import errors_as_json, print_change

ifname_option = click.option(
    "--ifname",
    metavar="NAME",
    default=spec.DEFAULT_IFNAME,
    show_default=True,
    help="The interface's name inside the container.",
)


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
    metavar="PREFIX[@GATEWAY]",
    multiple=True,
    help="A route inside the container; several times for several.",
)
@ifname_option
@click.option("--host-ifname", "port", metavar="NAME", help="The name of the host's end.")
@click.option("--mtu", type=int, metavar="BYTES", help="[the bridge's]")
@click.option("--vlan", type=int, metavar="ID", help="The VLAN, on a bridge that filters VLANs.")
@click.option(
    "--wait",
    type=float,
    metavar="SECONDS",
    default=0.0,
    help="Wait so long for the container to run.",
)
@state_dir_option
@json_option
def attach(
    bridge: str,
    container: str,
    address: str,
    mac: str | None,
    more: tuple[str, ...],
    route: tuple[str, ...],
    ifname: str,
    port: str | None,
    mtu: int | None,
    vlan: int | None,
    wait: float,
    state_dir: Path,
    as_json: bool,
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
    from bridgekit.attach.attach import attach as attach_to  # brings pyroute2: not for --help
    from bridgekit.pxe.service_target import finder

    with errors_as_json(as_json):
        interface = spec.parse_spec(
            (address, *more), mac, ifname=ifname, host_ifname=port, mtu=mtu, vlan=vlan, routes=route
        )
        changed = attach_to(bridge, container, interface, find=finder(state_dir), wait=wait)
    result = f"{container} has {ifname} with {address.partition('@')[0]} on {bridge}"
    print_change(as_json, changed, result)
