"""Operations on links, on bridges and their ports, and on the settings of links."""

from contextlib import nullcontext

from bridgekit.host import ethtool, readiness, sysctl
from bridgekit.host.execution import dns
from bridgekit.host.execution.context import Context
from bridgekit.netlink import links
from bridgekit.netlink.links import link_message
from bridgekit.netlink.socket import Request
from bridgekit.planning import operations as op
from bridgekit.state import nlattr
from bridgekit.state.link import BridgeSettings, PortOptions
from bridgekit.uapi.if_link import IFLA_MASTER, IFLA_MTU, IN6_ADDR_GEN_MODE_NONE
from bridgekit.uapi.netlink import NLM_F_CREATE, NLM_F_EXCL
from bridgekit.uapi.rtnetlink import RTM_DELLINK, RTM_GETLINK, RTM_NEWLINK, RTM_SETLINK


def create_bridge(operation: op.CreateBridge, context: Context) -> None:
    """Create the bridge, without a link-local address, and give it its alias."""
    sock = context.sock
    if context.rolling_back and links.get_link(sock, operation.name):
        return
    body = links.create_bridge_message(operation.name, operation.settings)
    sock.exchange([Request(RTM_NEWLINK, body, f"link {operation.name}", NLM_F_CREATE | NLM_F_EXCL)])
    bridge = links.get_link(sock, operation.name)
    if bridge and bridge.addrgenmode is not None:
        sock.exchange([links.set_addrgenmode(bridge.index, bridge.name, IN6_ADDR_GEN_MODE_NONE)])
    if bridge and operation.settings.alias:
        body = link_message(bridge.index, links.alias_attribute(operation.settings.alias))
        sock.exchange([Request(RTM_SETLINK, body, f"alias of {operation.name}")])


def delete_bridge(operation: op.DeleteBridge, context: Context) -> None:
    """Delete the bridge."""
    body = link_message(context.index_of(operation.name))
    context.sock.exchange([Request(RTM_DELLINK, body, f"link {operation.name}")])


def change_bridge(operation: op.ChangeBridge, context: Context) -> None:
    """Change those settings of the bridge that differ."""
    index = context.index_of(operation.name)
    pairs = zip(_attributes(operation.after), _attributes(operation.before), strict=True)
    changed = b"".join(new for new, old in pairs if new != old)
    context.sock.exchange(
        [Request(RTM_SETLINK, link_message(index, changed), f"link {operation.name}")]
    )


def _attributes(settings: BridgeSettings) -> tuple[bytes, ...]:
    return (*links.settings_attributes(settings), links.alias_attribute(settings.alias or ""))


def set_up(operation: op.SetUp, context: Context) -> None:
    """Set the link up or down; a rollback waits for the carrier of a NIC that it brings up."""
    body = link_message(context.index_of(operation.link), up=operation.up)
    context.sock.exchange([Request(RTM_SETLINK, body, f"link {operation.link}")])
    if operation.up and context.rolling_back and not context.link(operation.link).bridge:
        readiness.wait_carrier(context.sock, operation.link)


def set_addrgenmode(operation: op.SetAddrGenMode, context: Context) -> None:
    """Set how the link makes its IPv6 link-local address."""
    index = context.index_of(operation.link)
    context.sock.exchange([links.set_addrgenmode(index, operation.link, operation.after)])


def set_controller(operation: op.SetController, context: Context) -> None:
    """Make the link a port of a controller, or free it; wait until the controller is operational.

    The request for the controller's state makes the kernel start its queue at once. A bridge whose
    MTU nobody set since it was made takes its ports' (br_mtu_auto_adjust in net/bridge/br_if.c), so
    it is given again what it had.
    """
    nic = context.link(operation.link)
    target = context.link(operation.after) if operation.after else None
    bridge = target or links.get_link(context.sock, operation.before or "")
    master = nlattr.pack_u32(IFLA_MASTER, target.index if target else 0)
    what = f"{nic.name} as a port of {operation.after or operation.before}"
    requests = [Request(RTM_SETLINK, link_message(nic.index, master), what)]
    if target and operation.port != PortOptions():
        port = links.port_message(nic.index, operation.port)
        requests.append(Request(RTM_NEWLINK, port, f"options of {what}"))
    if target:
        mtu = link_message(target.index, nlattr.pack_u32(IFLA_MTU, target.mtu))
        requests.append(Request(RTM_SETLINK, mtu, f"mtu {target.mtu} of {target.name}"))
        requests.append(Request(RTM_GETLINK, link_message(target.index), f"link {target.name}"))
    redirected = context.redirect.to(bridge) if context.redirect else nullcontext()
    with nullcontext() if target else dns.kept(nic, context), redirected:
        context.sock.exchange(requests)
    if target:
        readiness.wait_operational(context.sock, target, operation.link)


def set_lro(operation: op.SetLro, context: Context) -> None:
    """Switch the NIC's large receive offload."""
    ethtool.set_lro(operation.link, operation.on, context.rolling_back)


def set_sysctl(operation: op.SetSysctl, context: Context) -> None:
    """Write one kernel setting of a link."""
    sysctl.write(operation.key, operation.after, context.rolling_back)
