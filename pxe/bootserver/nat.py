"""NAT for clients: masquerading in the service's own network namespace."""

import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .nftables import load_table
from .subnet import Subnet

FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
NAME = "ip pxe"
TABLE = """
  chain out {{
    type nat hook postrouting priority 100
    ip saddr {network} ip daddr != {network} masquerade
  }}
"""


def enable_nat(subnet: Subnet, nic: str, nat: bool) -> Iterator[str]:
    """Masquerade, or with `nat` False stop that; yield what keeps clients from the outside."""
    table = TABLE.format(network=subnet.interface.network) if nat else ""
    if wrong := load_table(NAME, table):
        yield f"no NAT: {wrong}"
    if not nat:
        return
    argv = ("ip", "-4", "route", "show", "default")
    if not subprocess.run(argv, capture_output=True, check=False).stdout:
        yield "no default route: clients reach nothing beyond their L2 segment"
    if not _forwards(nic):
        yield "forwarding is off: run with --sysctl net.ipv4.ip_forward=1, or attach by bridgekit"


def disable_nat() -> None:
    """Stop it, as the table would stay on the host's network."""
    load_table(NAME)


def _forwards(nic: str) -> bool:
    if FORWARD.read_text().strip() != "1":
        with suppress(OSError):  # a container's /proc/sys is read-only
            FORWARD.write_text("1")
    own = Path(f"/proc/sys/net/ipv4/conf/{nic}/forwarding")
    return "1" in (FORWARD.read_text().strip(), own.read_text().strip())
