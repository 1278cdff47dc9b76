"""Vendors' names from the IEEE's registry of OUIs, which netaddr has."""

from functools import lru_cache

GROUP_BIT, LOCAL_BIT = 0x01, 0x02
"""I/G and U/L of the first octet (IEEE 802, 8.2)."""


def with_vendor(mac: str) -> str:
    """Return a MAC address for a person to read: with its vendor in brackets, if that is known."""
    name = vendor(mac)
    return f"{mac} ({name})" if name else mac


@lru_cache(maxsize=1024)
def vendor(mac: str) -> str:
    """Return who made the interface; empty if nobody knows, and for a local address."""
    if int(mac[:2], 16) & (LOCAL_BIT | GROUP_BIT):
        return ""
    from netaddr import EUI, NotRegisteredError  # 90 ms and 10 MiB with the registry

    try:
        return str(EUI(mac).oui.registration().org)
    except NotRegisteredError:
        return ""
