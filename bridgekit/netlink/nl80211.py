"""The mode of a Wi-Fi link: a station's frames may carry its own MAC address only."""

from pyroute2.iwutil import IW
from pyroute2.netlink.exceptions import NetlinkError

OWN_ADDRESS_ONLY = (0, 1, 2, 8, 10)
"""Unspecified, ad hoc, station, P2P client, P2P device: the kernel lets none of them be a port
(net/wireless/core.c), unless a station speaks with four addresses."""


def is_station(index: int) -> bool:
    """Return whether it is in a mode that cannot be bridged; True if the mode is unknown."""
    try:
        with IW() as iw:
            link = iw.get_interface_by_ifindex(index)[0]
            four_addresses = link.get_attr("NL80211_ATTR_4ADDR") == "01"
            return (
                link.get_attr("NL80211_ATTR_IFTYPE", 2) in OWN_ADDRESS_ONLY and not four_addresses
            )
    except (NetlinkError, OSError, LookupError, TypeError):
        return True
