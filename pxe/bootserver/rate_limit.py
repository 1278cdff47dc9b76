"""Limits of requests by client: what exceeds them is dropped before dnsmasq receives it."""

from pathlib import Path

from .nftables import load_table

LINKS = Path("/sys/class/net")
NAME = "inet pxe-rates"
TABLE = """
  set asks {{ type ether_addr; size 65535; flags dynamic, timeout; timeout 10s; }}
  set loads {{ type ether_addr; size 65535; flags dynamic, timeout; timeout 30s; }}
  set connects {{ type ether_addr; size 65535; flags dynamic, timeout; timeout 30s; }}
  chain in {{
    type filter hook input priority 0
    iifname "{nic}" udp dport {{ 67, 547, 4011 }} jump asking
    iifname "{nic}" udp dport 69 jump loading
    iifname "{nic}" tcp dport 80 tcp flags & (syn | ack) == syn jump connecting
  }}
  chain asking {{
    update @asks {{ ether saddr {asks} }} drop
    {all} drop
  }}
  chain loading {{
    update @loads {{ ether saddr {loads} }} drop
    {all} drop
  }}
  chain connecting {{
    update @connects {{ ether saddr {connects} }} drop
    {all} drop
  }}
"""
DHCP_LIMIT = "limit rate over 10/second burst 50 packets"
TFTP_LIMIT = "limit rate over 4/second burst 100 packets"
"""A loader asks for some thirty files at once; a whole download is one packet here. After two
minutes dnsmasq gives up what is not acknowledged: of its 1000 places one client can take 580."""
HTTP_LIMIT = "limit rate over 40/second burst 200 packets"
"""nginx waits ten seconds for a request: of its 8192 connections one client can keep 600."""
TOTAL_LIMIT = "limit rate over 1000/second burst 2000 packets"
"""For a host that claims to be another machine each time, and where a set is full."""


def limit_rates(nic: str) -> str:
    """Limit DHCP, TFTP and HTTP by MAC address; return what went wrong.

    Not on the host's own network, where there is hardware: nft 1.0.6 crashes when it lists a set
    that 1.1.3 has made, so whoever looked at the host's rules would see none.
    """
    if any(LINKS.glob("*/device")):
        return "this is the host's own network"
    return load_table(
        NAME,
        TABLE.format(
            nic=nic, asks=DHCP_LIMIT, loads=TFTP_LIMIT, connects=HTTP_LIMIT, all=TOTAL_LIMIT
        ),
    )


def remove_limits() -> None:
    """Delete the limits, as the table would stay on the host's network."""
    load_table(NAME)
