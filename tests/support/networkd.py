"""The real systemd-networkd in a lab's host, with a system bus for networkctl."""

import subprocess
import time
from collections.abc import Callable
from typing import Final

from bridgekit.lab.topology import Lab

NETWORKD: Final = "/lib/systemd/systemd-networkd"
PROCESS: Final = "systemd-network"
"""Its name, as the kernel cuts it."""
FOLDERS: Final = (
    "/run/systemd/netif/links",
    "/run/systemd/netif/leases",
    "/run/systemd/netif/lldp",
)
ETH0: Final = """\
[Match]
Name=eth0
[Network]
IPv6AcceptRA=no
LinkLocalAddressing=ipv6
Address=192.168.1.4/24
Address=10.20.0.4/16
Address=2001:db8:1::4/64
Address=2001:db8:1::5/64
Gateway=192.168.1.1
Gateway=2001:db8:1::1
"""


def start(lab: Lab) -> None:
    """Give eth0's addresses to networkd. With /sys read-only it does not wait for udev."""
    lab.ip("host", "address flush dev eth0 scope global")
    lab.run("host", "mount", "-o", "remount,ro,bind", "/sys")
    lab.run("host", "mkdir", "-p", "/run/dbus", "/run/systemd/network", "/run/systemd/netif")
    owner = ("-o", "systemd-network", "-g", "systemd-network")
    lab.run("host", "install", "-d", *owner, "/run/systemd/netif", *FOLDERS)
    lab.run("host", "tee", "/run/systemd/network/50-eth0.network", stdin=ETH0)
    lab.run("host", "dbus-daemon", "--system", "--fork")
    _run(lab, "configured")


def restart(lab: Lab, wanted: str) -> None:
    """End networkd and start it anew, as an upgrade does, until it has come so far with eth0."""
    lab.run("host", "pkill", "-x", PROCESS)
    wait(lambda: lab.run("host", "pgrep", "-x", PROCESS, "-r", "R,S,D", check=False).code == 1)
    lab.run("host", "sh", "-c", "rm -f /run/systemd/netif/links/*")
    _run(lab, wanted)


def setup(lab: Lab, link: str) -> str:
    """Return networkctl's word for what networkd does with a link."""
    argv = ("networkctl", "list", "--no-legend", link)
    return "".join(lab.run("host", *argv, check=False).stdout.split()[-1:])


def wait(true: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until it is true; AssertionError if it does not become so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, true
        time.sleep(0.05)


def _run(lab: Lab, wanted: str) -> None:
    lab.popen("host", NETWORKD, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    index = lab.run("host", "cat", "/sys/class/net/eth0/ifindex").stdout.strip()
    done = ("grep", f"ADMIN_STATE={wanted}", f"/run/systemd/netif/links/{index}")
    wait(lambda: lab.run("host", *done, check=False).code == 0)
    lab.hosts["host"].settle()
