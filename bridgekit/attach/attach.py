"""Giving a container an interface on a bridge or a NIC, and taking it away: pipework's job."""

import time
from contextlib import suppress
from pathlib import Path

from bridgekit.attach import addresses, dhcp_lease, target, veth
from bridgekit.attach.addresses import LinkInfo
from bridgekit.attach.spec import NIC, InterfaceSpec, Network, check_name
from bridgekit.attach.target import AttachTarget
from bridgekit.errors import BridgekitError, RefusedError
from bridgekit.host import forward_rules
from bridgekit.pxe.diagnose.audit import need_root
from bridgekit.system.process import CommandError, run
from bridgekit.system.progress import to_stderr

LOOK_AGAIN = 0.2  # seconds; no engine tells of a container's start before it is asked


def attach(
    bridge: str, container: str, how: InterfaceSpec, *, state: Path, patience: float = 0
) -> bool:
    """Give the container this interface on the bridge, made if missing; False if it has it already.

    On a NIC that is no bridge it is a macvlan. `patience` is how many seconds to wait for the
    container. All or nothing. Raises UsageError for a malformed name, Refused for a host that
    can't bear it.
    """
    check_name(bridge, "a bridge")
    need_root()
    known = veth.find(bridge, how)
    if how.dhcp:
        dhcp_lease.need_client()
    goal = _goal(container, state, patience)
    if _present(bridge, goal, how):
        return False
    try:
        if known is None:
            veth.make_bridge(bridge)
        _make(bridge, goal, how)
    except RefusedError:
        raise
    except BaseException as error:
        _undo(bridge, made=known is None)
        if not isinstance(error, BridgekitError):
            raise
        raise RefusedError(f"{container} was not attached to {bridge}; undone. {error}") from error
    return True


def detach(bridge: str, container: str, nic: str = NIC, *, state: Path) -> bool:
    """Take the container's interface off the bridge again; False if there is none.

    One of ours whose bridge is gone is removed too. Raises RefusedError for one on another bridge.
    """
    need_root()
    goal = target.find(container, state)
    port = veth.port(goal.namespace, nic)
    if port is None or not (port.controller or port.ours):
        return False
    if port.controller not in ("", bridge):
        raise RefusedError(
            f"{container}'s {nic} is not on {bridge} but on {port.controller}. Nothing was "
            f"changed; `{_detaching(port.controller, container, nic)}` removes it."
        )
    dhcp_lease.release(goal, nic)
    veth.unplug(port, goal.namespace, nic)
    forward_rules.close_if_unused(bridge)
    return True


def port_of(container: str, *, state: Path) -> str | None:
    """The name of the host's end of a container's eth1; None if either is not there."""
    try:
        port = veth.port(target.find(container, state).namespace, NIC)
    except RefusedError:
        return None
    return port.name if port else None


def _goal(container: str, state: Path, patience: float) -> AttachTarget:
    if not patience:
        return target.find(container, state)
    with suppress(RefusedError):
        return target.find(container, state)
    to_stderr(f"waiting up to {patience:g} s for {container} …")
    until = time.monotonic() + patience
    while time.monotonic() < until:
        time.sleep(LOOK_AGAIN)
        with suppress(RefusedError):
            return target.find(container, state)
    return target.find(container, state)


def _undo(bridge: str, *, made: bool) -> None:
    forward_rules.close_if_unused(bridge)
    if made:
        with suppress(CommandError):
            run("ip", "link", "delete", bridge)


def _present(bridge: str, goal: AttachTarget, how: InterfaceSpec) -> bool:
    """Is all as wished already? Refuse if the interface is there but otherwise."""
    nic = addresses.link(how.nic, goal.namespace)
    if nic is None:
        return False
    port = veth.port(goal.namespace, how.nic)
    if port and port.controller == bridge and nic.up and _as_wished(nic, port, goal, how):
        return True
    raise RefusedError(
        f"{goal.name} has an {how.nic} already, with other settings. Nothing was changed; "
        + _way_out(goal.name, bridge, how.nic, port)
    )


def _as_wished(nic: LinkInfo, port: LinkInfo, goal: AttachTarget, how: InterfaceSpec) -> bool:
    inside = goal.namespace
    routes = addresses.routes(how.nic, inside)
    wished = {(_as_shown(route.prefix), str(route.via or "")) for route in how.routes}
    return (
        how.dhcp == dhcp_lease.runs(goal, how.nic)
        and (how.dhcp or addresses.own(how.nic, inside) == set(map(str, how.addresses)))
        and (how.dhcp or addresses.gateways(how.nic, inside) == set(map(str, how.gateways)))
        and wished <= routes
        and how.mac in (None, nic.mac)
        and how.mtu in (None, nic.mtu)
        and how.port in (None, port.name)
        and how.vlan in (None, veth.vlan(port.name))
    )


def _as_shown(prefix: Network) -> str:
    """As iproute2 shows a prefix: a single address without its length."""
    return str(prefix.network_address if prefix.num_addresses == 1 else prefix)


def _way_out(container: str, bridge: str, nic: str, port: LinkInfo | None) -> str:
    if port and (port.controller or port.ours):
        return f"`{_detaching(port.controller or bridge, container, nic)}` removes it."
    return "it is none of bridgekit's: whoever made it has to remove or rename it."


def _detaching(bridge: str, container: str, nic: str) -> str:
    return f"bridgekit detach {bridge} {container}" + (f" --ifname {nic}" if nic != NIC else "")


def _make(bridge: str, goal: AttachTarget, how: InterfaceSpec) -> None:
    port = veth.new_name(how)
    try:
        forward_rules.open_bridge(bridge)
        veth.plug(port, bridge, goal.namespace, how)
        veth.configure(goal, how)
        veth.announce(port, goal.namespace, how.nic)
        if how.dhcp:
            dhcp_lease.ask(goal, how.nic)
    except BaseException:
        dhcp_lease.release(goal, how.nic)
        veth.remove(port, goal.namespace, how.nic)
        raise
