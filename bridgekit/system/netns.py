"""Work in another network namespace. See setns(2), network_namespaces(7)."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager

from bridgekit.errors import BridgekitError

CLONE_NEWNET = 0x40000000  # linux/sched.h
OWN = "/proc/thread-self/ns/net"

_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def inside(namespace: str | None) -> Iterator[None]:
    """Put the calling thread into a network namespace, given as a path; None is its own.

    Sockets that it opens meanwhile stay there; /proc/sys/net is the namespace's.

    Raises:
        BridgekitError: The namespace is gone, or is none.
    """
    if namespace is None:
        yield
        return
    own = os.open(OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _enter(namespace)
        try:
            yield
        finally:
            _setns(own)
    finally:
        os.close(own)


def _enter(namespace: str) -> None:
    try:
        handle = os.open(namespace, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(handle)
        finally:
            os.close(handle)
    except OSError as error:
        raise BridgekitError(
            f"the network namespace {namespace} cannot be entered: {error.strerror}"
        ) from error


def _setns(handle: int) -> None:
    """Python has os.setns from 3.12 on."""
    if _libc.setns(handle, CLONE_NEWNET):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
