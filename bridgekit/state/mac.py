"""MAC addresses (EUI-48): one strict parser for every place that takes one, and the vendor's name.

netaddr is imported by the functions that need it, which takes 30 ms, and 60 more with the
registry: a verb that neither takes nor shows a MAC address must not pay for it.
"""

import re

SPELLINGS = re.compile(
    r"[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}"  # Linux, IEEE 802
    r"|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}"  # Cisco
    r"|[0-9A-Fa-f]{12}"
)
"""Six whole octets. netaddr alone also reads `52:54:00` and `5:4:0:1:0:1`, as other addresses.

bootserver/machines.py takes the same ones.
"""
GROUP_BIT, LOCAL_BIT = 0x01, 0x02
"""I/G and U/L of the first octet (IEEE 802, 8.2)."""


def parse_mac(text: str) -> str:
    """Return a MAC address in lower case with colons, as the kernel writes it.

    Raises:
        ValueError: The text is no MAC address of six octets in a spelling that people use.
    """
    from netaddr import EUI, mac_unix_expanded

    if not SPELLINGS.fullmatch(text):
        raise ValueError(f"{text!r} is no MAC address; write one like 52:54:00:c1:00:01")
    return str(EUI(text, version=48, dialect=mac_unix_expanded))


def parse_unicast_mac(text: str) -> str:
    """Return a MAC address that one interface can have; see `parse_mac`.

    Raises:
        ValueError: It is no MAC address, a group's, or all zero.
    """
    mac = parse_mac(text)
    if _first_octet(mac) & GROUP_BIT:
        raise ValueError(f"{text} is the MAC address of a group, not of one interface")
    if not int(mac.replace(":", ""), 16):
        raise ValueError(f"{text} is no interface's MAC address")
    return mac


def vendor(mac: str) -> str:
    """Return who made the interface, by IEEE's registry of OUIs.

    Empty for a locally administered address, as virtual machines have, and for an unknown vendor.
    """
    if _first_octet(mac) & (LOCAL_BIT | GROUP_BIT):
        return ""
    from netaddr import EUI, NotRegisteredError

    try:
        return str(EUI(mac).oui.registration().org)
    except NotRegisteredError:
        return ""


def with_vendor(mac: str) -> str:
    """Return a MAC address for a person to read: with its vendor in brackets, if that is known."""
    name = vendor(mac) if mac else ""
    return f"{mac} ({name})" if name else mac


def _first_octet(mac: str) -> int:
    return int(mac[:2], 16)
