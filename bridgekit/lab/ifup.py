"""What a host would be after a boot: the real programs bring an empty lab host up.

Classic ifupdown and bridge-utils are the machine's own; the others are unpacked from Debian's
packages.
"""

import re
import shutil
import time
from collections.abc import Mapping
from typing import Final

from bridgekit.lab import packages, state_dump
from bridgekit.lab.host import LabError
from bridgekit.lab.topology import Lab

PACKAGES: Final = {
    "ifupdown2": ("ifupdown2",),
    "ifupdown-ng": ("ifupdown-ng", "libbsd0", "libmd0"),
}
SYSTEM: Final = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
"""Debian's own python3 runs ifupdown2."""


def install(lab: Lab, dialect: str) -> None:
    """Put another dialect into a lab's host, in the place of ifupdown and bridge-utils."""
    folder = packages.unpacked(PACKAGES[dialect])
    program = folder / "usr/share/ifupdown2/__main__.py"
    if program.exists():
        program.chmod(0o755)  # as the package does when it is installed
    for name in ("ifup", "ifdown", "ifquery") if dialect == "ifupdown-ng" else ():
        link = folder / "usr/sbin" / name  # Debian 13's package leaves that to its alternatives
        if not link.exists():
            link.symlink_to("ifupdown-ng")
    packages.lay_over(lab, folder)
    network = lab.hosts["host"].config / "network"
    for script in network.glob("if-*.d/bridge"):
        script.unlink()
    settings = folder / "etc/network" / dialect
    if settings.is_dir():
        shutil.copytree(settings, network / dialect)
    lab.run("host", "mount", "-t", "tmpfs", "none", "/var/tmp")  # where ifupdown2 has its books


def boot(
    name: str,
    interfaces: str,
    more: Mapping[str, str] | None = None,
    dialect: str = "classic",
    checked: bool = True,
) -> tuple[state_dump.StateDump, str]:
    """Run `ifup -a` in a lab host that has nothing but its two NICs and this interfaces file.

    `more` are further files below /etc/network. `checked`: the host looks whether others on the
    segment have its IPv6 addresses, for a second each. Return the host's state afterwards and what
    ifup said. Raises LabError if ifup fails.
    """
    with Lab(name, host=(), interfaces=interfaces) as lab:
        for file, text in (more or {}).items():
            lab.write_interfaces(text, file)
        if dialect in PACKAGES:
            install(lab, dialect)
        for link in () if checked else ("default", "eth0", "eth1"):
            lab.hosts["host"].sysctl(f"net.ipv6.conf.{link}.accept_dad", "0")
        done = lab.run("host", "ifup", "-a", timeout=120, env=SYSTEM)
        _wait_until_ports_forward(lab)
        lab.hosts["host"].settle()
        return state_dump.dump(lab.hosts["host"]), done.stdout + done.stderr


def _wait_until_ports_forward(lab: Lab, timeout: float = 20) -> None:
    """With STP that takes twice the forward delay, and not every dialect waits for it."""
    deadline = time.monotonic() + timeout
    while re.search("state (listening|learning)", lab.run("host", "bridge", "link").stdout):
        if time.monotonic() > deadline:
            raise LabError("a port does not forward")
        time.sleep(0.1)
