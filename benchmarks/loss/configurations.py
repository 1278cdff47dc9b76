"""The lab's full state as each program's configuration has it: on eth0, or on br0."""

from typing import Final

from bridgekit.lab import layout

IPV4: Final = ("192.168.1.4/24", "192.168.1.5/24", "10.20.0.4/16")
IPV6: Final = ("2001:db8:1::4/64", "2001:db8:1::5/64")
PLAIN: Final = {"PYTHONPATH": "/usr/share/ifupdown2", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
IFRELOAD: Final = ("/usr/sbin/ifreload", "-a")

_ROUTES: Final = (
    # destination, gateway, metric, source, table
    ("198.51.100.0/24", "192.168.1.1", 50, "192.168.1.5", 0),
    ("10.99.0.0/16", "10.20.0.1", 0, "", 0),
    ("10.98.0.0/16", "10.20.0.1", 0, "", 0),
    ("0.0.0.0/0", "192.168.1.1", 0, "", 100),
    ("2001:db8:98::/48", "2001:db8:1::1", 70, "", 0),
    ("2001:db8:99::/48", "2001:db8:1::1", 0, "", 0),
    ("::/0", "2001:db8:1::1", 0, "", 100),
)
_RULES: Final = ("192.168.1.5", "2001:db8:1::5")


def interfaces(link: str, bridge_utils: bool = True) -> str:
    """Return an interfaces file for eth0, or for br0; bridge-utils has options of its own."""
    text = layout.INTERFACES.split("# The second uplink")[0]
    if link == "eth0":
        return text
    off, hw = ("bridge_stp off", "bridge_hw") if bridge_utils else ("bridge-stp off", "hwaddress")
    ports = "bridge_ports" if bridge_utils else "bridge-ports"
    head = f"inet static\n    {ports} eth0\n    {off}\n    {hw} {layout.HOST_MAC}\n"
    text = text.replace("eth0", "br0").replace("inet static\n", head, 1)
    return text.replace("priority 1000\n", "priority 1000 || true\n")  # ifdown leaves the rules


def networkd(link: str) -> dict[str, str]:
    """Return the files of systemd-networkd."""
    folder = "/run/systemd/network"
    parts = [f"[Match]\nName={link}\n[Network]\nIPv6AcceptRA=no\nLinkLocalAddressing=ipv6\n"]
    parts += [f"Address={address}\n" for address in (*IPV4, *IPV6)]
    parts += ["Gateway=192.168.1.1\nGateway=2001:db8:1::1\n"]
    for destination, gateway, metric, source, table in _ROUTES:
        parts.append(f"[Route]\nDestination={destination}\nGateway={gateway}\n")
        parts.append(f"Metric={metric}\n" if metric else "")
        parts.append(f"PreferredSource={source}\n" if source else "")
        parts.append(f"Table={table}\n" if table else "")
    parts += [f"[RoutingPolicyRule]\nFrom={a}\nTable=100\nPriority=1000\n" for a in _RULES]
    files = {f"{folder}/{link}.network": "".join(parts)}
    if link == "br0":
        kind = f"[NetDev]\nName=br0\nKind=bridge\nMACAddress={layout.HOST_MAC}\n[Bridge]\nSTP=no\n"
        files[f"{folder}/br0.netdev"] = kind
        files[f"{folder}/port.network"] = "[Match]\nName=eth0\n[Network]\nBridge=br0\n"
    return files


NETWORK_MANAGER: Final = """\
[main]
plugins=keyfile
dns=none
auth-polkit=false
no-auto-default=*
[keyfile]
path=/run/nm/connections
unmanaged-devices=interface-name:eth1
"""
NM_OPTIONS: Final = (
    "--no-daemon",
    "--config=/run/nm/NetworkManager.conf",
    "--config-dir=/run/nm/conf.d",
)
_BRIDGE: Final = f"[bridge]\nstp=false\nmac-address={layout.HOST_MAC}\n"
_PORT: Final = """\
[connection]
id=br0-port
type=ethernet
interface-name=eth0
master=br0
slave-type=bridge
"""


def network_manager(link: str) -> dict[str, str]:
    """Return the profiles of NetworkManager."""
    folder, kind = "/run/nm/connections", "bridge" if link == "br0" else "ethernet"
    text = f"[connection]\nid={link}\ntype={kind}\ninterface-name={link}\n"
    text += _BRIDGE if link == "br0" else ""
    text += _nm_family("ipv4", IPV4, "192.168.1.1", link) + "may-fail=false\n"
    text += _nm_family("ipv6", IPV6, "2001:db8:1::1", link) + "addr-gen-mode=0\n"
    files = {f"{folder}/{link}.nmconnection": text}
    if link == "br0":
        files[f"{folder}/br0-port.nmconnection"] = _PORT
    return files


def _nm_family(family: str, addresses: tuple[str, ...], gateway: str, link: str) -> str:
    lines = [f"[{family}]", "method=manual", f"gateway={gateway}"]
    lines += [f"address{number}={one}" for number, one in enumerate(addresses, 1)]
    ours = [route for route in _ROUTES if (":" in route[0]) == (family == "ipv6")]
    for number, (destination, way, metric, source, table) in enumerate(ours, 1):
        lines.append(f"route{number}={destination},{way},{metric}")
        options = [f"table={table}"] * bool(table) + [f"src={source}"] * bool(source)
        lines += [f"route{number}_options={','.join(options)}"] * bool(options)
    (rule,) = (one for one in _RULES if (":" in one) == (family == "ipv6"))
    lines.append(f"routing-rule1=priority 1000 from {rule} table 100")
    return "\n".join(lines) + "\n"
