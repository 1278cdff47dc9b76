"""How much one client may ask: what is more is dropped before dnsmasq sees it."""

from pathlib import Path

from .tables import put

LINKS = Path("/sys/class/net")
NAME = "inet pxe-rates"
TABLE = """
  set asks {{ type ether_addr; size 65535; flags dynamic, timeout; timeout 10s; }}
  set loads {{ type ether_addr; size 65535; flags dynamic, timeout; timeout 10s; }}
  chain in {{
    type filter hook input priority 0
    iifname "{nic}" udp dport {{ 67, 547, 4011 }} jump asking
    iifname "{nic}" udp dport 69 update @loads {{ ether saddr {loads} }} drop
  }}
  chain asking {{
    update @asks {{ ether saddr {asks} }} drop
    {all} drop
  }}
"""
ASKS = "limit rate over 10/second burst 50 packets"
LOADS = "limit rate over 50/second burst 200 packets"
"""A loader asks for some thirty files at once; a whole download is one packet here."""
ALL = "limit rate over 1000/second burst 2000 packets"
"""Of those who say to be always another machine."""


def limit_rates(nic: str) -> str:
    """Limit DHCP and TFTP by MAC address; return what went wrong.

    Not on the host's own network, where there is hardware: nft 1.0.6 crashes when it lists a set
    that 1.1.3 has made, so whoever looked at the host's rules would see none.
    """
    if any(LINKS.glob("*/device")):
        return "this is the host's own network"
    return put(NAME, TABLE.format(nic=nic, asks=ASKS, loads=LOADS, all=ALL))


def no_limits() -> None:
    """Take them away, as on the host's network they would stay."""
    put(NAME)
