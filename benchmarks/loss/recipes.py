"""The move by hand, of the lab's full state: with single commands, and with one `ip -batch`."""

from typing import Final

from bridgekit.lab.layout import HOST_MAC

_IPV4: Final = ("192.168.1.4/24", "192.168.1.5/24", "10.20.0.4/16")
_IPV6: Final = ("2001:db8:1::4/64", "2001:db8:1::5/64")
_BRIDGE: Final = (
    "link add br0 type bridge stp_state 0 forward_delay 0",
    f"link set br0 address {HOST_MAC} up",
)
_DELETE: Final = (*(f"addr del {address} dev eth0" for address in reversed((*_IPV4, *_IPV6))),)
_ENSLAVE: Final = ("link set eth0 master br0",)
_ROUTES: Final = (
    "route replace default via 192.168.1.1 dev br0 onlink",
    "route replace 198.51.100.0/24 via 192.168.1.1 dev br0 metric 50 src 192.168.1.5",
    "route replace 10.99.0.0/16 via 10.20.0.1 dev br0 onlink",
    "route replace 10.98.0.0/16 via 10.20.0.1 dev br0 onlink",
    "route replace 192.168.1.0/24 dev br0 src 192.168.1.5 table 100",
    "route replace default via 192.168.1.1 dev br0 table 100 onlink",
    "route replace default via 2001:db8:1::1 dev br0 onlink",
    "route replace 2001:db8:98::/48 via 2001:db8:1::1 dev br0 metric 70 onlink",
    "route replace 2001:db8:99::/48 via 2001:db8:1::1 dev br0 onlink",
    "route replace default via 2001:db8:1::1 dev br0 table 100 onlink",
)


def _add(nodad: bool) -> tuple[str, ...]:
    flag = " nodad" if nodad else ""
    return (
        *(f"addr add {address} brd + dev br0" for address in _IPV4),
        *(f"addr add {address} dev br0{flag}" for address in _IPV6),
    )


CLASSIC: Final = (*_BRIDGE, *_DELETE, *_ENSLAVE, *_add(nodad=False), *_ROUTES)
"""The usual instructions: delete, add the port, add again."""
BREAK_FIRST: Final = (*_BRIDGE, *_DELETE, *_ENSLAVE, *_add(nodad=True), *_ROUTES)
MAKE_FIRST: Final = (*_BRIDGE, *_add(nodad=True), *_ENSLAVE, *_ROUTES, *_DELETE)
