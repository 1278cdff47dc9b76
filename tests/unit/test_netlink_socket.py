"""The netlink transport: what the kernel says of a list or a request is never passed over."""

import errno
import os

import pytest

from bridgekit.errors import BridgekitError
from bridgekit.netlink.links import link_message
from bridgekit.netlink.message import NLMSGHDR
from bridgekit.netlink.refusal import NetlinkError
from bridgekit.netlink.socket import (
    BATCH_BYTES,
    BATCH_REQUESTS,
    DUMP_TRIES,
    NetlinkSocket,
    Request,
    _batches,
)
from bridgekit.uapi.netlink import NLM_F_DUMP_INTR, NLMSG_DONE
from bridgekit.uapi.rtnetlink import RTM_GETLINK

NO_SUCH_INDEX = 0x7FFFFFF0
OVERRUN = OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))


class Answers:
    """What the kernel would answer, where no test can make it: netlink(7)."""

    def __init__(self, *answers: bytes | OSError) -> None:
        self._answers = list(answers)

    def send(self, data: bytes) -> int:
        return len(data)

    def recv(self, _: int) -> bytes:
        answer = self._answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    def close(self) -> None:
        assert self._answers == []


def listed(sequence: int, *bodies: bytes, flags: int = 0) -> bytes:
    """A whole dump: its objects, and its end."""
    heads = [(16 + len(body), RTM_GETLINK, flags, sequence, 0) for body in bodies]
    parts = (NLMSGHDR.pack(*head) + body for head, body in zip(heads, bodies, strict=True))
    return b"".join(parts) + NLMSGHDR.pack(20, NLMSG_DONE, flags, sequence, 0) + bytes(4)


def dumped(*answers: bytes | OSError) -> list[bytes]:
    with NetlinkSocket() as sock:
        sock.close()
        sock._socket = Answers(*answers)  # type: ignore[assignment]
        return sock.dump(RTM_GETLINK, b"")


def test_a_list_that_changed_meanwhile_is_read_again() -> None:
    changed = listed(1, b"old.", flags=NLM_F_DUMP_INTR)
    assert dumped(changed, listed(2, b"new.", b"more")) == [b"new.", b"more"]


def test_a_list_of_which_a_part_was_dropped_is_read_again() -> None:
    assert dumped(OVERRUN, listed(1, b"old."), listed(2, b"new.")) == [b"new."]


def test_a_list_that_never_holds_still_ends_in_a_sentence() -> None:
    changed = (listed(one + 1, b"old.", flags=NLM_F_DUMP_INTR) for one in range(DUMP_TRIES))
    with pytest.raises(BridgekitError, match="change too fast"):
        dumped(*changed)


@pytest.mark.parametrize("before", [0, 1, BATCH_REQUESTS])
def test_the_first_refusal_is_an_error(before: int) -> None:
    """The kernel refuses by itself, in whatever batch and place it stands."""
    good = Request(RTM_GETLINK, link_message(1), "lo")
    bad = Request(RTM_GETLINK, link_message(NO_SUCH_INDEX), lambda: "no such link")
    with NetlinkSocket() as sock, pytest.raises(NetlinkError, match=r"\(no such link\)") as caught:
        sock.exchange([*[good] * before, bad, good])
    assert caught.value.code == errno.ENODEV


def test_a_refusal_that_means_that_it_is_done_is_none() -> None:
    with NetlinkSocket() as sock:
        ignored = frozenset({errno.ENODEV})
        sock.exchange([Request(RTM_GETLINK, link_message(NO_SUCH_INDEX), "none", 0, ignored)])
    with NetlinkSocket(continue_on_error=True) as sock:
        sock.exchange([Request(RTM_GETLINK, link_message(NO_SUCH_INDEX), "none")])
        assert sock.first_error and sock.first_error.code == errno.ENODEV


@pytest.mark.parametrize("size", [16, 4000])
def test_what_is_on_the_way_at_once_has_a_limit(size: int) -> None:
    requests = [Request(RTM_GETLINK, bytes(size), "a link") for _ in range(1000)]
    batches = list(_batches(requests))
    assert [one for batch in batches for one in batch] == requests
    assert max(map(len, batches)) <= BATCH_REQUESTS
    assert max(len(batch) * size for batch in batches) <= BATCH_BYTES
