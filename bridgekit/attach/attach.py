"""Giving a container an interface on a bridge or a NIC, and taking it away: pipework's job."""

import time
from collections.abc import Callable
from contextlib import suppress

from bridgekit.attach import addresses, dhcp_lease, target, veth
from bridgekit.attach.port import host_end, is_ours, pvid
from bridgekit.attach.spec import DEFAULT_IFNAME, InterfaceSpec, check_name
from bridgekit.attach.target import AttachTarget
from bridgekit.errors import BridgekitError, RefusedError
from bridgekit.host import forward_rules
from bridgekit.netlink.iproute import IpRoute
from bridgekit.netlink.refusal import NetlinkError
from bridgekit.state.link import Link
from bridgekit.system.privileges import require_root
from bridgekit.system.progress import report_to_stderr

Find = Callable[[str], AttachTarget]
POLL_SECONDS = 0.2  # no engine tells of a container's start before it is asked


def attach(
    bridge: str, container: str, spec: InterfaceSpec, *, find: Find = target.find, wait: float = 0
) -> bool:
    """Give the container this interface on the bridge, which is made if it is missing.

    On a NIC that is no bridge it is a macvlan. What fails is rolled back as a whole. `find` finds
    the container by its name; `wait` is how many seconds it may take to run.

    Returns:
        False if the container has that very interface already.

    Raises:
        UsageError: The bridge's name is malformed.
        RefusedError: The host or the container cannot have that interface; nothing was changed.
    """
    check_name(bridge, "a bridge")
    require_root()
    parent = veth.find_parent(bridge, spec)
    if spec.dhcp:
        dhcp_lease.need_client()
    found = _wait_for(container, find, wait)
    if _is_attached(bridge, found, spec):
        return False
    try:
        if parent is None:
            veth.make_bridge(bridge)
        _connect(bridge, found, spec)
    except RefusedError:
        raise
    except BaseException as error:
        _roll_back(bridge, made=parent is None)
        if not isinstance(error, BridgekitError):
            raise
        raise RefusedError(
            f"{container} was not attached to {bridge}: {error}; all of it was rolled back"
        ) from error
    return True


def detach(
    bridge: str, container: str, ifname: str = DEFAULT_IFNAME, *, find: Find = target.find
) -> bool:
    """Take the container's interface off the bridge; one of ours whose bridge is gone, too.

    Returns:
        False if there is none.

    Raises:
        RefusedError: The interface is on another bridge.
    """
    require_root()
    found = find(container)
    port = host_end(found.namespace, ifname)
    if port is None or not (port.controller or is_ours(port)):
        return False
    if port.controller not in (None, bridge):
        raise RefusedError(
            f"{container}'s {ifname} is not on {bridge} but on {port.controller}; nothing was "
            f"changed; `{_detach_command(port.controller, container, ifname)}` removes it"
        )
    dhcp_lease.stop(found, ifname)
    veth.delete(port, found.namespace, ifname)
    forward_rules.close_if_unused(bridge)
    return True


def _wait_for(container: str, find: Find, seconds: float) -> AttachTarget:
    if not seconds:
        return find(container)
    with suppress(RefusedError):
        return find(container)
    report_to_stderr(f"waiting up to {seconds:g} s for {container} …")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        with suppress(RefusedError):
            return find(container)
    return find(container)


def _roll_back(bridge: str, *, made: bool) -> None:
    forward_rules.close_if_unused(bridge)
    if made:
        with suppress(NetlinkError), IpRoute() as ip:
            ip.delete_link(bridge)


def _is_attached(bridge: str, container: AttachTarget, spec: InterfaceSpec) -> bool:
    """Tell whether the interface is as asked for; refuse one of that name that is not."""
    link = addresses.link(spec.ifname, container.namespace)
    if link is None:
        return False
    port = host_end(container.namespace, spec.ifname)
    if port and port.controller == bridge and link.up and _matches(link, port, container, spec):
        return True
    raise RefusedError(
        f"{container.name} has an {spec.ifname} already, with other settings; nothing was changed; "
        + _advice(container.name, bridge, spec.ifname, port)
    )


def _matches(link: Link, port: Link, container: AttachTarget, spec: InterfaceSpec) -> bool:
    return (
        _same_addresses(container, spec)
        and spec.mac in (None, link.mac)
        and spec.mtu in (None, link.mtu)
        and spec.host_ifname in (None, port.name)
        and spec.vlan in (None, pvid(port))
    )


def _same_addresses(container: AttachTarget, spec: InterfaceSpec) -> bool:
    namespace = container.namespace
    if spec.dhcp != dhcp_lease.is_running(container, spec.ifname):
        return False
    wanted = {(str(route.prefix), str(route.via or "")) for route in spec.routes}
    if not wanted <= addresses.routes(spec.ifname, namespace):
        return False
    return spec.dhcp or (
        addresses.own(spec.ifname, namespace) == set(map(str, spec.addresses))
        and addresses.gateways(spec.ifname, namespace) == set(map(str, spec.gateways))
    )


def _advice(container: str, bridge: str, ifname: str, port: Link | None) -> str:
    if port and (port.controller or is_ours(port)):
        return f"`{_detach_command(port.controller or bridge, container, ifname)}` removes it"
    return "bridgekit did not make it: whoever did has to remove or rename it"


def _detach_command(bridge: str | None, container: str, ifname: str) -> str:
    option = f" --ifname {ifname}" if ifname != DEFAULT_IFNAME else ""
    return f"bridgekit detach {bridge} {container}{option}"


def _connect(bridge: str, container: AttachTarget, spec: InterfaceSpec) -> None:
    name = veth.host_ifname(spec)
    try:
        forward_rules.open_bridge(bridge)
        veth.create(name, bridge, container.namespace, spec)
        veth.configure(container, spec)
        veth.announce(name, container.namespace, spec.ifname)
        if spec.dhcp:
            dhcp_lease.start(container, spec.ifname)
    except BaseException:
        dhcp_lease.stop(container, spec.ifname)
        veth.delete_unfinished(name, container.namespace, spec.ifname)
        raise
