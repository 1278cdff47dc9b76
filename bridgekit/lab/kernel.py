"""The few system calls that Python 3.11 does not offer, by their libc names."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

_libc = ctypes.CDLL(None, use_errno=True)

_NEW_PID = 0x20000000

Kind = Literal["net", "pid"]


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def inside(kind: Kind, process: int) -> Iterator[None]:
    """Put the calling thread into a process's namespace; of kind "pid", its new children."""
    with _namespace("thread-self", kind) as home:
        with _namespace(str(process), kind) as there:
            _check(_libc.setns(there, 0))
        try:
            yield
        finally:
            _check(_libc.setns(home, 0))


def children_at_home() -> None:
    """Put new children of the calling thread into its own PID namespace again."""
    with _namespace("thread-self", "pid") as home:
        _check(_libc.setns(home, _NEW_PID))


@contextmanager
def new_pid_namespace() -> Iterator[None]:
    """Make the first child that the calling thread starts meanwhile PID 1 of a new namespace."""
    with _namespace("thread-self", "pid") as home:
        _check(_libc.unshare(_NEW_PID))
        try:
            yield
        finally:
            _check(_libc.setns(home, 0))


@contextmanager
def _namespace(process: str, kind: Kind) -> Iterator[int]:
    handle = os.open(f"/proc/{process}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield handle
    finally:
        os.close(handle)
