"""What a user asks of a PXE service. Pure, and all that the core knows of PXE."""

from msgspec import Struct

ENGINES = ("auto", "docker", "podman", "native")
MODES = ("isolated", "lan", "proxy", "auto")
VERSIONS = {"trixie": "13", "bookworm": "12"}
"""The Debian releases that can be offered, the newest first, and their numbers."""
RELEASES = (*VERSIONS, *VERSIONS.values())
DEFAULT_ADDRESS = "192.168.242.1/24"


class PxeOptions(Struct, frozen=True):
    """A PXE service on any bridge; `address` is the service's own, inside the clients' subnet.

    `range` None means the middle part of the subnet: .101 to .199 of a /24.
    `release` names the Debian releases to offer, the first one starts by itself unless `default`
    names another entry. `append` goes onto the command line of every client's kernel. `site` is
    the user's own folder: catalogue/*.toml, machines.toml, answers/, files/, sources.toml.
    `firmware` hands non-free firmware to Debian's installer. `only_known` serves the machines of
    machines.toml and no other.
    `mode` "isolated" gives addresses of a subnet of its own, "lan" of the host's own, "proxy" none
    beside a DHCP server that does; "auto" is proxy where one answers, else isolated.
    """

    engine: str = "auto"
    address: str = DEFAULT_ADDRESS
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
