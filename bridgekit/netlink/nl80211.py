"""In which mode a Wi-Fi interface is: a station's frames may carry its own MAC address only."""

from pyroute2.iwutil import IW
from pyroute2.netlink.exceptions import NetlinkError

OWN_ADDRESS_ONLY = (0, 1, 2, 8, 10)
"""Unspecified, ad hoc, station, P2P client, P2P device: the kernel lets none of them be a port
(net/wireless/core.c), unless a station speaks with four addresses."""


def is_station(index: int) -> bool:
    """Is it in a mode that cannot be bridged? One that does not tell is taken for it."""
    try:
        with IW() as wireless:
            told = wireless.get_interface_by_ifindex(index)[0]
            four = told.get_attr("NL80211_ATTR_4ADDR") == "01"
            return told.get_attr("NL80211_ATTR_IFTYPE", 2) in OWN_ADDRESS_ONLY and not four
    except (NetlinkError, OSError, LookupError, TypeError):
        return True
