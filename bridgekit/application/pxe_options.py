"""What a user asks of a PXE service; known to the core, which knows nothing else of PXE."""

from msgspec import Struct


class PxeOptions(Struct, frozen=True):
    """The fields of `bridgekit.pxe.spec.PxeSpec` that have an option, by the same names.

    A class of its own, so that `plan --help` and `apply` do not load the PXE service;
    tests/unit/test_pxe_options.py compares the two.
    """

    engine: str = "auto"
    address: str = "192.168.242.1/24"
    range: tuple[str, str] | None = None
    lease: str = "1h"
    mode: str = "isolated"
    image: str | None = None
    release: tuple[str, ...] = ("trixie",)
    default: str = ""
    site: str | None = None
    only_known: bool = False
    firmware: bool = False
    ipv6: str = ""
    nat: bool = True
    append: str = ""
    menu_timeout: int = 5
    beside_dhcp: bool = False
