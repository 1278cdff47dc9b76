"""What systemd-resolved has of its own for one link: resolvectl(1)."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

Verb = Literal["dns", "domain", "default-route", "llmnr", "mdns", "dnsovertls", "dnssec", "nta"]
"""The verb of resolvectl that sets something for a link."""
Setting = tuple[Verb, tuple[str, ...]]
KEYS: dict[str, Verb] = {
    "SERVERS": "dns",
    "DOMAINS": "domain",
    "DEFAULT_ROUTE": "default-route",
    "LLMNR": "llmnr",
    "MDNS": "mdns",
    "DNSOVERTLS": "dnsovertls",
    "DNSSEC": "dnssec",
    "NTAS": "nta",
}
"""The keys of resolved's own file for a link (`link_save_user` in resolved-link.c)."""


class LinkDns(Struct, frozen=True):
    """The DNS settings of a link: a verb of resolvectl and its words for each."""

    link: str
    settings: tuple[Setting, ...]

    def on(self, link: str) -> "LinkDns":
        """Return the same settings for another link."""
        return replace(self, link=link)

    def __str__(self) -> str:
        words = "; ".join(" ".join((verb, *words)) for verb, words in self.settings)
        return f"DNS settings of {self.link}: {words}"

    @property
    def servers(self) -> tuple[str, ...]:
        """The link's DNS servers."""
        return next((words for verb, words in self.settings if verb == "dns"), ())


def parse(link: str, text: str) -> LinkDns | None:
    """Return the settings in the text of resolved's file for a link, None without any.

    A link-local server is given without its zone, which is the link itself.
    """
    lines = (line.partition("=") for line in text.splitlines())
    found = {KEYS[key]: tuple(value.split()) for key, _, value in lines if key in KEYS}
    if "dns" in found:
        found["dns"] = tuple(map(_without_zone, found["dns"]))
    if "nta" in found:  # a set, in no order
        found["nta"] = tuple(sorted(found["nta"]))
    settings = tuple((verb, found[verb]) for verb in KEYS.values() if found.get(verb))
    return LinkDns(link, settings) if settings else None


def _without_zone(server: str) -> str:
    """Return `fe80::1%2#NAME` without `%2`."""
    before, percent, after = server.partition("%")
    return before + after.lstrip("0123456789") if percent else server
