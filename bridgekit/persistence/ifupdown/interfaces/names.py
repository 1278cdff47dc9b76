"""The names in interfaces(5): aliases, VLANs, patterns of `auto` and the like, fnmatch(3)."""

import re
from fnmatch import translate
from functools import cache

from msgspec import Struct

CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "lower": "a-z",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


class Target(Struct, frozen=True):
    """A word of `auto`, `allow-…` or `rename`: `NAME`, `NAME=LOGICAL` or a pattern instead of NAME.

    A pattern is `[VARIABLE]/VALUE[/[NUMBER]]`: NUMBER picks one of those that match.
    """

    physical: str
    logical: str | None = None

    @property
    def is_pattern(self) -> bool:
        """Whether it selects interfaces by a pattern."""
        return "/" in self.physical

    @property
    def is_guess(self) -> bool:
        """Whether it compares something else than the name, which a file does not show."""
        return self.is_pattern and bool(self.variable)

    @property
    def variable(self) -> str:
        """What is compared: the name if empty, the MAC address, or a file of sysfs."""
        return self.physical.partition("/")[0]

    @property
    def value(self) -> str:
        """The pattern for what is compared, as of fnmatch(3)."""
        return self.physical.partition("/")[2].partition("/")[0]

    def may_match(self, link: str) -> bool:
        """Return whether it names this interface, or could: MAC addresses are not compared."""
        if not self.is_pattern:
            return self.physical == link
        return self.is_guess or matches(link, self.value)

    def logical_for(self, link: str) -> str:
        """Return the name of the `iface` stanza that the interface gets: its logical interface."""
        return link if self.logical is None else self.logical


def parse_target(word: str) -> Target:
    """Divide a word of `auto` and the like at its equals sign."""
    physical, sign, logical = word.partition("=")
    return Target(physical, logical if sign else None)


def is_link_or_alias(name: str, link: str) -> bool:
    """Return whether this is the interface, or an alias: a label of its addresses as eth0:1."""
    return name == link or name.startswith(link + ":")


def is_vlan_of(name: str, link: str) -> bool:
    """Return whether the name is that of a VLAN of the interface, such as eth0.7."""
    return name.startswith(link + ".")


def matches(name: str, pattern: str) -> bool:
    """Match as fnmatch(3) in the C locale, without flags: `*` takes slashes and leading dots."""
    return _compiled(pattern).match(name) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for word, letters in CLASSES.items():
        pattern = pattern.replace(f"[:{word}:]", letters)
    return re.compile(translate(_plain(pattern.replace("[^", "[!"))))


def _plain(pattern: str) -> str:
    r"""Return the pattern with `\*` as `[*]`: Python's fnmatch has no backslashes."""
    plain, letters = "", iter(pattern)
    for letter in letters:
        plain += escape_wildcard(next(letters, "")) if letter == "\\" else letter
    return plain


def escape_wildcard(letter: str) -> str:
    """Return a letter as a pattern that matches only itself."""
    return f"[{letter}]" if letter in ("*", "?", "[") else letter
