"""One exit code per class of error; every message says what happened and what state the host is in.

The codes are the command-line contract: scripts rely on them.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class BridgekitError(Exception):
    """Something unexpected; the base of all errors that end in a sentence."""

    exit_code = 1


class UsageError(BridgekitError):
    """The request itself is wrong (a bad address, an unknown word); nothing was changed."""

    exit_code = 2


class RefusedError(BridgekitError):
    """The request is fine but this host must not be changed that way; nothing was changed."""

    exit_code = 3


class RolledBackError(BridgekitError):
    """The change failed or was not confirmed, and was rolled back: the host is as before."""

    exit_code = 4


class RollbackIncompleteError(BridgekitError):
    """The rollback left differences; the message lists them."""

    exit_code = 5


class BusyError(BridgekitError):
    """Another transaction of this network namespace holds the lock or waits for confirmation."""

    exit_code = 6


class PxeError(BridgekitError):
    """The network change is committed, the PXE service failed and was removed."""

    exit_code = 7


@contextmanager
def refuse_on_error() -> Iterator[None]:
    """Within, nothing was changed yet: turn what fails into a RefusedError that says so."""
    try:
        yield
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        raise RefusedError(f"{what}; nothing was changed") from error
    except BridgekitError as error:
        if error.exit_code != BridgekitError.exit_code:
            raise
        raise RefusedError(f"{error}; nothing was changed") from error
