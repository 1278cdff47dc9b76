"""Past the moment in which a NIC joins or leaves a bridge and all that comes in is dropped.

Between the kernel's first and last step (br_add_if, br_del_if in net/bridge/br_if.c) the port is
disabled, for some 100 microseconds. A small program takes what comes in past the port, to the
bridge itself. It needs Linux 6.6: an ingress qdisc would do on older ones, but the NIC
sends nothing for milliseconds while one is put there (qdisc_graft in net/sched/sch_api.c).
"""

import ctypes
import os
import platform
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bridgekit.state.link import Link

SYSCALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "ppc64le": 361}
"""bpf(2), by machine: little-endian ones, for so the registers are packed below."""
MAP_CREATE, MAP_UPDATE, PROG_LOAD, LINK_CREATE = 0, 2, 5, 28
ARRAY, SCHED_CLS, TCX_INGRESS = 2, 3, 46
INSTRUCTION = struct.Struct("=BBhi")
LOAD, LOAD_BYTE, LOAD_TWO, LOAD_MAP, STORE = 0x61, 0x30, 0x28, 0x18, 0x62
COPY, MOVE, ADD = 0xBF, 0xB7, 0x07
EQUALS, DIFFERS, CALL, EXIT = 0x15, 0x55, 0x85, 0x95
KIND, PROTOCOL, TAGGED, TO_US = 4, 16, 20, 0
"""In struct __sk_buff, and PACKET_HOST: linux/bpf.h, linux/if_packet.h."""
LOOKUP, REDIRECT, TO_INGRESS, NEXT = 1, 23, 1, -1
IPV6_NEXT, IPV6_DESTINATION, ICMPV6, LINK_LOCAL = 14 + 6, 14 + 24, 58, 0xFE80
IPV4, IPV6 = socket.htons(0x0800), socket.htons(0x86DD)


class IngressRedirect:
    """A way past a port that is closed but within `to`. End it with `close`; the kernel does, too.

    The kernel takes some 10 ms to put it there, and as long to take it away: so it is there for the
    whole of a change. If the kernel has no such thing, all is as without. bpf(2), bpf-helpers(7)
    """

    def __init__(self, nic: Link) -> None:
        self._nic = nic
        self._switch = _bpf(MAP_CREATE, struct.pack("=IIII", ARRAY, 4, 4, 1))
        self._program = _loaded(_code(self._switch)) if self._switch >= 0 else -1
        place = struct.pack("=IIIIIIQ", max(self._program, 0), nic.index, TCX_INGRESS, 0, 0, 0, 0)
        self._link = _bpf(LINK_CREATE, place) if self._program >= 0 else -1

    @contextmanager
    def to(self, bridge: Link | None) -> Iterator[None]:
        """Meanwhile the bridge takes what the NIC receives for this host, outside of VLANs.

        That is IPv4 and IPv6, but no ICMPv6 and nothing link-local: that is answered by the link it
        came in by, and the bridge cannot send yet. A bridge with another MAC address would not
        take it.
        """
        alike = bridge is not None and bridge.mac == self._nic.mac
        self._turn(bridge.index if bridge and alike else 0)
        try:
            yield
        finally:
            self._turn(0)

    def close(self) -> None:
        """Take it away."""
        for descriptor in (self._link, self._program, self._switch):
            with suppress(OSError):
                os.close(descriptor)

    def _turn(self, target: int) -> None:
        """Write where it leads, a link's number or 0 for nowhere, to the map's only entry."""
        if self._link >= 0:
            entry = ctypes.create_string_buffer(struct.pack("=II", 0, target))
            key = ctypes.addressof(entry)
            _bpf(MAP_UPDATE, struct.pack("=IIQQQ", self._switch, 0, key, key + 4, 0))


def _code(switch: int) -> bytes:
    """What it takes: return bpf_redirect(target, BPF_F_INGRESS). Each jump skips lines below it."""
    lines = (
        (COPY, 0x16, 0, 0),
        (STORE, 0x0A, -4, 0),
        (COPY, 0xA2, 0, 0),
        (ADD, 0x02, 0, -4),
        (LOAD_MAP, 0x11, 0, switch),
        (0, 0, 0, 0),
        (CALL, 0x00, 0, LOOKUP),
        (EQUALS, 0x00, 13, 0),
        (LOAD, 0x07, 0, 0),
        (EQUALS, 0x07, 11, 0),
        (LOAD, 0x62, KIND, 0),
        (DIFFERS, 0x02, 9, TO_US),
        (LOAD, 0x62, TAGGED, 0),
        (DIFFERS, 0x02, 7, 0),
        (LOAD, 0x62, PROTOCOL, 0),
        (EQUALS, 0x02, 7, IPV4),
        (DIFFERS, 0x02, 4, IPV6),
        (LOAD_BYTE, 0x00, 0, IPV6_NEXT),
        (EQUALS, 0x00, 2, ICMPV6),
        (LOAD_TWO, 0x00, 0, IPV6_DESTINATION),
        (DIFFERS, 0x00, 2, LINK_LOCAL),
        (MOVE, 0x00, 0, NEXT),
        (EXIT, 0x00, 0, 0),
        (COPY, 0x71, 0, 0),
        (MOVE, 0x02, 0, TO_INGRESS),
        (CALL, 0x00, 0, REDIRECT),
        (EXIT, 0x00, 0, 0),
    )
    return b"".join(INSTRUCTION.pack(*line) for line in lines)


def _loaded(code: bytes) -> int:
    text, licence = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"")
    places = (ctypes.addressof(text), ctypes.addressof(licence))
    head = (SCHED_CLS, len(code) // INSTRUCTION.size)
    return _bpf(PROG_LOAD, struct.pack("=IIQQIIQII", *head, *places, 0, 0, 0, 0, 0))


def _bpf(command: int, attributes: bytes) -> int:
    """A descriptor or 0, or -1 where the kernel refuses."""
    ours = struct.calcsize("P") == 8  # a 32-bit program has other numbers than its machine
    number = SYSCALL.get(platform.machine(), -1) if ours else -1
    return int(ctypes.CDLL(None).syscall(number, command, attributes, len(attributes)))
