"""A host whose address is a lease, and its DHCP server on the gateway."""

import json

from bridgekit.lab.topology import Lab

FILE = "auto lo\niface lo inet loopback\n\nauto eth0\niface eth0 inet dhcp\n  hostname web\n"
SERVER = (
    *("dnsmasq", "--no-daemon", "--port=0", "--user=root", "--conf-file=/dev/null"),
    *("--leasefile-ro", "--interface=eth0", "--bind-interfaces", "--dhcp-option=3,192.168.1.1"),
    "--dhcp-range=192.168.1.100,192.168.1.200,255.255.255.0,600",
)


def served(lab: Lab) -> Lab:
    """Serve leases on the segment, and bring the host up as its file says."""
    lab.popen("gateway", *SERVER)
    lab.run("host", "mkdir", "-p", "/var/lib/dhcp")
    lab.run("host", "ifup", "-a")
    return lab


def leased(lab: Lab, link: str) -> list[str]:
    shown = json.loads(lab.run("host", "ip", "-4", "-j", "address", "show", link).stdout)
    return [a["local"] for one in shown for a in one.get("addr_info", []) if a.get("dynamic")]


def routes(lab: Lab) -> str:
    return lab.run("host", "ip", "route").stdout
