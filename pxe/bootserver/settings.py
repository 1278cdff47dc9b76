"""The service's settings: read from environment variables, and checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv6Interface, ip_address
from pathlib import Path

TREE = Path("/srv/tftp")
"""What clients get, by TFTP and by HTTP alike."""
SITE = Path("/srv/site")
"""What the user adds: catalogue/*.toml, machines.toml, answers/, files/."""

APPEND = re.compile(r"[A-Za-z0-9 ._,:=/@%+~?*-]{0,1700}")
"""Nothing that means something to a loader; a kernel reads 2048 bytes, and menus add words."""
SAFE = "console=ttyS0 quiet, at most 1700 letters that are safe on a kernel's command line"
FILE = re.compile(r"(?!/)(?!(.*/)?\.\.(/|$))[A-Za-z0-9._/+-]+")
LEASE = re.compile(r"infinite|[1-9][0-9]*[mhd]?")
NIC = re.compile(r"[A-Za-z0-9._-]{1,15}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


class SettingsError(Exception):
    """A setting or a file of the user's that can't be served; its text is one sentence."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings; empty means the default. PXE_RANGE is `range`, and so on.

    `default` is the entry that starts by itself (the first), `timeout` the seconds before it does;
    `address` is the one to serve of several that the interface has (the first);
    `kernel` and `initrd` are what it boots instead, as paths below /srv/tftp. `ipv6` is the
    service's second address, in the clients' own /64. `proxy` gives no addresses, beside a DHCP
    server that does; `router` is what clients get as theirs, with `dns`, instead of the service;
    `reserved_addresses` of the range are in use by others; `beside_dhcp` also with another server
    there. `only_known` serves the machines of machines.toml and no other.
    """

    range: tuple[IPv4Address, IPv4Address] | None = None
    lease: str = "1h"
    nat: bool = True
    dns: tuple[str, ...] | None = None
    append: str = ""
    timeout: int = 5
    default: str = ""
    kernel: str = ""
    initrd: str = ""
    interface: str = "eth1"
    address: IPv4Interface | None = None
    ipv6: IPv6Interface | None = None
    proxy: bool = False
    router: IPv4Address | None = None
    reserved_addresses: tuple[IPv4Address, ...] = ()
    beside_dhcp: bool = False
    only_known: bool = False


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Return the settings of an environment. Raises SettingsError for the first bad one."""
    given = {name: environment.get(_variable(name), "") for name in _NAMES}
    found = {name: _READERS[name](text) for name, text in given.items() if text}
    if "PXE_DNS" in environment:
        found["dns"] = _addresses(environment["PXE_DNS"])
    return Settings(**found)  # type: ignore[arg-type]


def _matching(name: str, pattern: re.Pattern[str], like: str, text: str) -> str:
    if not pattern.fullmatch(text):
        raise SettingsError(f"PXE_{name} is {text!r}; it must be like {like}")
    return text


def _range(text: str) -> tuple[IPv4Address, IPv4Address]:
    try:
        first, last = (IPv4Address(word) for word in text.split(","))
    except (ValueError, AddressValueError) as error:
        raise SettingsError(f"PXE_RANGE is FIRST,LAST, two addresses: {error}") from error
    if first > last:
        raise SettingsError(f"PXE_RANGE begins with {first}, which comes after its last, {last}")
    return first, last


def _addresses(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ip_address(word)) for word in text.split())
    except ValueError as error:
        raise SettingsError(f"PXE_DNS is addresses with blanks between: {error}") from error


def _timeout(text: str) -> int:
    if not text.isdecimal() or int(text) > 9999:
        raise SettingsError(f"PXE_TIMEOUT is 0 to 9999 seconds, not {text!r}")
    return int(text)


def _switch(name: str, text: str) -> bool:
    if text not in ("yes", "no"):
        raise SettingsError(f"PXE_{name} is yes or no, not {text!r}")
    return text == "yes"


def _ipv4(name: str, text: str) -> tuple[IPv4Address, ...]:
    try:
        return tuple(map(IPv4Address, text.split()))
    except ValueError as error:
        raise SettingsError(f"PXE_{name} is IPv4 addresses with blanks between: {error}") from error


def _interface(text: str) -> IPv4Interface:
    try:
        return IPv4Interface(text)
    except ValueError as error:
        raise SettingsError(f"PXE_ADDRESS is ADDRESS/LEN: {error}") from error


def _ipv6(text: str) -> IPv6Interface:
    try:
        interface = IPv6Interface(text)
    except ValueError as error:
        raise SettingsError(f"PXE_IPV6 is an ADDRESS/64, like fd00:242::1/64: {error}") from error
    if interface.network.prefixlen != 64 or not interface.is_private or interface.is_link_local:
        raise SettingsError(
            f"PXE_IPV6 is an ADDRESS/64 of the clients' own, like fd00:242::1/64, not {text}"
        )
    return interface


_READERS = {
    "range": _range,
    "lease": lambda text: _matching("LEASE", LEASE, "30m, 1h, 2d or infinite", text),
    "nat": lambda text: _switch("NAT", text),
    "proxy": lambda text: _switch("PROXY", text),
    "beside_dhcp": lambda text: _switch("BESIDE_DHCP", text),
    "only_known": lambda text: _switch("ONLY_KNOWN", text),
    "router": lambda text: _ipv4("ROUTER", text)[0],
    "reserved_addresses": lambda text: _ipv4("TAKEN", text),
    "dns": _addresses,
    "append": lambda text: _matching("APPEND", APPEND, SAFE, text),
    "timeout": _timeout,
    "default": lambda text: _matching("DEFAULT", NAME, "debian13", text),
    "kernel": lambda text: _matching("KERNEL", FILE, "site/vmlinuz, without ..", text),
    "initrd": lambda text: _matching("INITRD", FILE, "site/initrd.img, without ..", text),
    "interface": lambda text: _matching("INTERFACE", NIC, "eth1", text),
    "address": _interface,
    "ipv6": _ipv6,
}
_NAMES = tuple(field.name for field in fields(Settings))


def _variable(name: str) -> str:
    """Return a setting's variable; TAKEN is what images of every version understand."""
    return "PXE_TAKEN" if name == "reserved_addresses" else f"PXE_{name.upper()}"
