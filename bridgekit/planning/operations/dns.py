"""Changes of what systemd-resolved has for a link."""

import shlex
from collections.abc import Iterator

from bridgekit.planning.operations.operation import Operation
from bridgekit.state.link_dns import Setting


class SetLinkDns(Operation, frozen=True):
    """Give a link these DNS settings in systemd-resolved, in place of those before."""

    link: str
    before: tuple[Setting, ...]
    after: tuple[Setting, ...]

    def inverse(self) -> "SetLinkDns":
        """Return the change to the settings before."""
        return SetLinkDns(self.link, self.after, self.before)

    def commands(self) -> Iterator[tuple[str, ...]]:
        """Yield the arguments of each call of resolvectl(1)."""
        if self.before:
            yield ("revert", self.link)
        yield from ((verb, self.link, *words) for verb, words in self.after)

    def describe(self) -> Iterator[str]:
        """Yield `resolvectl revert`, then `resolvectl dns` and the like."""
        yield from (shlex.join(("resolvectl", *words)) for words in self.commands())
