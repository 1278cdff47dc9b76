"""The hooks of interfaces(5): commands that ifup gives to a shell."""

import re
from collections.abc import Iterator

from bridgekit.persistence.ifupdown.interfaces.document import Option

HOOKS = frozenset(("pre-up", "up", "post-up", "down", "pre-down", "post-down"))
IFACE = re.compile(r"\$\{IFACE\}|\$IFACE\b")


def hook_commands(options: tuple[Option, ...]) -> Iterator[str]:
    """Yield the commands that these options run."""
    return (option.value for option in options if option.name in HOOKS)
