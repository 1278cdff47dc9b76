"""Other programs that manage interfaces, confined to a lab host."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from bridgekit.lab import ifup, packages
from bridgekit.lab.topology import Lab
from loss import configurations as conf

NETWORK_MANAGER: Final = (
    *("network-manager", "libnm0", "libndp0", "libjansson4", "libmm-glib0", "libteamdctl0"),
    *("libbluetooth3", "libcurl3-gnutls", "libpsl5"),
)
NETWORKD: Final = "/lib/systemd/systemd-networkd"


def write(lab: Lab, files: dict[str, str], umask: str = "022") -> None:
    """Write files in the host."""
    for name, text in files.items():
        command = f"mkdir -p {Path(name).parent}; umask {umask}; cat > {name}"
        lab.run("host", "sh", "-c", command, stdin=text)


def wait(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until it is true.

    Raises:
        TimeoutError: It did not become true in time.
    """
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(true)
        time.sleep(0.05)


def ready_ifupdown(lab: Lab) -> None:
    """Set the state after a boot: eth0 and eth1 are up in ifupdown's ifstate."""
    books = {f"/run/network/ifstate.{link}": f"{link}\n" for link in ("lo", "eth0")}
    write(lab, {"/run/network/ifstate": "lo=lo\neth0=eth0\n", **books})


def ifupdown(lab: Lab) -> None:
    """Take the NIC down by the old file and the bridge up by the new one."""
    lab.run("host", "ifdown", "eth0", check=False)
    lab.write_interfaces(conf.interfaces("br0"))
    lab.run("host", "ifup", "br0")


def ready_ifupdown2(lab: Lab) -> None:
    """Set the state after a boot."""
    ifup.install(lab, "ifupdown2")
    lab.run("host", "/usr/bin/python3", *conf.IFRELOAD, env=conf.PLAIN)


def ifupdown2(lab: Lab) -> None:
    """Write the new file and reload."""
    lab.write_interfaces(conf.interfaces("br0", bridge_utils=False))
    lab.run("host", "/usr/bin/python3", *conf.IFRELOAD, env=conf.PLAIN)


def ready_networkd(lab: Lab) -> None:
    """Start networkd, which configures the NIC. With /sys read-only it does not wait for udev."""
    lab.ip(
        "host",
        "address flush dev eth0 scope global",
        "rule del priority 1000",
        "-6 rule del priority 1000",
    )
    lab.run("host", "mount", "-o", "remount,ro,bind", "/sys")
    state = "/run/systemd/netif"
    folders = (state, f"{state}/links", f"{state}/leases", f"{state}/lldp")
    lab.run("host", "install", "-d", "-o", "systemd-network", "-g", "systemd-network", *folders)
    write(lab, conf.networkd("eth0"))
    _bus(lab)
    quiet = subprocess.DEVNULL
    lab.popen("host", NETWORKD, stdout=quiet, stderr=quiet)
    _wait_networkd(lab, "eth0")


def networkd(lab: Lab) -> None:
    """Write the bridge's files and let it reload them."""
    lab.run("host", "rm", "/run/systemd/network/eth0.network")
    write(lab, conf.networkd("br0"))
    lab.run("host", "networkctl", "reload")
    _wait_networkd(lab, "br0")


def _wait_networkd(lab: Lab, link: str) -> None:
    state = f"/run/systemd/netif/links/$(cat /sys/class/net/{link}/ifindex)"
    asked = ("sh", "-c", f"grep ADMIN_STATE=configured {state}")
    wait(lambda: lab.run("host", *asked, check=False).code == 0)


def _bus(lab: Lab) -> None:
    lab.run("host", "mkdir", "-p", "/run/dbus")
    lab.run("host", "dbus-daemon", "--system", "--fork")


def ready_network_manager(lab: Lab) -> None:
    """Start NetworkManager on the NIC, with its own bus; with /sys read-only it asks no udev."""
    lab.run("host", "mount", "-o", "remount,ro,bind", "/sys")
    packages.lay_over(lab, packages.unpacked(NETWORK_MANAGER))
    _bus(lab)
    write(lab, {"/run/nm/NetworkManager.conf": conf.NETWORK_MANAGER})
    write(lab, conf.network_manager("eth0"), "077")
    quiet = subprocess.DEVNULL
    lab.popen("host", "NetworkManager", *conf.NM_OPTIONS, stdout=quiet, stderr=quiet)
    wait(lambda: "connected" in _nmcli(lab, "-t", "-f", "STATE", "general"))
    _nmcli(lab, "connection", "up", "eth0")


def network_manager(lab: Lab) -> None:
    """Write the bridge's profiles, load them and bring them up."""
    write(lab, conf.network_manager("br0"), "077")
    _nmcli(lab, "connection", "reload")
    _nmcli(lab, "connection", "up", "br0")
    _nmcli(lab, "connection", "up", "br0-port")


def _nmcli(lab: Lab, *words: str) -> str:
    return lab.run("host", "nmcli", *words, check=False).stdout
