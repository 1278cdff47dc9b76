"""What this process may do."""

import os

from bridgekit.errors import RefusedError


def require_root() -> None:
    """Refuse everyone else before anything is tried."""
    if os.geteuid() != 0:
        raise RefusedError("this needs root; nothing was changed; try sudo")
