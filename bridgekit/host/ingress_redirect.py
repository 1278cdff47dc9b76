"""Bridge the moment in which a NIC joins or leaves a bridge and the kernel drops what comes in.

Between the kernel's first and last step (br_add_if, br_del_if in net/bridge/br_if.c) the port is
disabled, for some 100 microseconds. A small eBPF program at the NIC's ingress redirects what comes
in to the bridge itself. It needs Linux 6.6 (tcx): an ingress qdisc would do on older ones, but the
NIC sends nothing for milliseconds while one is put there (qdisc_graft in net/sched/sch_api.c).
"""

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from bridgekit.host import ebpf
from bridgekit.host.ebpf import R0, R1, R2, R6, R7, R10
from bridgekit.state.link import Link
from bridgekit.uapi.bpf import (
    BPF_B,
    BPF_F_INGRESS,
    BPF_H,
    BPF_JEQ,
    BPF_JNE,
    BPF_LINK_CREATE,
    BPF_MAP_CREATE,
    BPF_MAP_TYPE_ARRAY,
    BPF_MAP_UPDATE_ELEM,
    BPF_PROG_TYPE_SCHED_CLS,
    BPF_TCX_INGRESS,
    BPF_W,
    PACKET_HOST,
    TCX_NEXT,
    BPF_FUNC_map_lookup_elem,
    BPF_FUNC_redirect,
)
from bridgekit.uapi.device import ETH_P_IP, ETH_P_IPV6

SKB_PKT_TYPE, SKB_PROTOCOL, SKB_VLAN_PRESENT = 4, 16, 20
"""Offsets in `struct __sk_buff` (linux/bpf.h)."""
ETH_HLEN = 14
IPV6_NEXT_HEADER, IPV6_DESTINATION = ETH_HLEN + 6, ETH_HLEN + 24
"""Offsets in a frame."""
LINK_LOCAL = 0xFE80
"""What a link-local address begins with."""


class IngressRedirect:
    """A redirection of the NIC's ingress that is off but within `to`; end it with `close`.

    It ends with the process, too. The kernel takes some 10 ms to attach it, and as long to detach
    it: so it is attached for the whole of a change. If the kernel has no tcx, it does nothing.
    bpf(2), bpf-helpers(7)
    """

    def __init__(self, nic: Link) -> None:
        self._nic = nic
        self._map = ebpf.bpf(BPF_MAP_CREATE, struct.pack("=IIII", BPF_MAP_TYPE_ARRAY, 4, 4, 1))
        self._program = self._link = -1
        if self._map >= 0:
            self._program = ebpf.load(BPF_PROG_TYPE_SCHED_CLS, program(self._map))
        if self._program >= 0:
            where = (self._program, nic.index, BPF_TCX_INGRESS)
            self._link = ebpf.bpf(BPF_LINK_CREATE, struct.pack("=IIIIIIQ", *where, 0, 0, 0, 0))

    @contextmanager
    def to(self, bridge: Link | None) -> Iterator[None]:
        """Meanwhile let the bridge take what the NIC receives for this host, outside of VLANs.

        That is IPv4 and IPv6, but no ICMPv6 and nothing link-local: that is answered by the link it
        came in by, and the bridge cannot send yet. A bridge with another MAC address would not
        take it.
        """
        same_mac = bridge is not None and bridge.mac == self._nic.mac
        self._set_target(bridge.index if bridge and same_mac else 0)
        try:
            yield
        finally:
            self._set_target(0)

    def close(self) -> None:
        """Detach it."""
        for descriptor in (self._link, self._program, self._map):
            with suppress(OSError):
                os.close(descriptor)

    def _set_target(self, index: int) -> None:
        """Write the index of the link that it leads to, or 0 for off, to the map's only entry."""
        if self._link >= 0:
            entry = ctypes.create_string_buffer(struct.pack("=II", 0, index))
            key = ctypes.addressof(entry)
            ebpf.bpf(BPF_MAP_UPDATE_ELEM, struct.pack("=IIQQQ", self._map, 0, key, key + 4, 0))


def program(map_fd: int) -> bytes:
    """Return the program: bpf_redirect(target, BPF_F_INGRESS) for what the bridge is to take."""
    ipv4, ipv6 = socket.htons(ETH_P_IP), socket.htons(ETH_P_IPV6)
    return ebpf.assemble(
        ebpf.mov64_reg(R6, R1),  # the struct __sk_buff
        ebpf.st_mem(BPF_W, R10, -4, 0),
        ebpf.mov64_reg(R2, R10),
        ebpf.add64_imm(R2, -4),
        *ebpf.ld_map_fd(R1, map_fd),
        ebpf.call(BPF_FUNC_map_lookup_elem),
        ebpf.jmp_imm(BPF_JEQ, R0, 0, "pass"),
        ebpf.ldx_mem(BPF_W, R7, R0, 0),  # the target
        ebpf.jmp_imm(BPF_JEQ, R7, 0, "pass"),
        ebpf.ldx_mem(BPF_W, R2, R6, SKB_PKT_TYPE),
        ebpf.jmp_imm(BPF_JNE, R2, PACKET_HOST, "pass"),
        ebpf.ldx_mem(BPF_W, R2, R6, SKB_VLAN_PRESENT),
        ebpf.jmp_imm(BPF_JNE, R2, 0, "pass"),
        ebpf.ldx_mem(BPF_W, R2, R6, SKB_PROTOCOL),
        ebpf.jmp_imm(BPF_JEQ, R2, ipv4, "redirect"),
        ebpf.jmp_imm(BPF_JNE, R2, ipv6, "pass"),
        ebpf.ld_abs(BPF_B, IPV6_NEXT_HEADER),
        ebpf.jmp_imm(BPF_JEQ, R0, socket.IPPROTO_ICMPV6, "pass"),
        ebpf.ld_abs(BPF_H, IPV6_DESTINATION),
        ebpf.jmp_imm(BPF_JNE, R0, LINK_LOCAL, "redirect"),
        "pass",
        ebpf.mov64_imm(R0, TCX_NEXT),
        ebpf.exit_insn(),
        "redirect",
        ebpf.mov64_reg(R1, R7),
        ebpf.mov64_imm(R2, BPF_F_INGRESS),
        ebpf.call(BPF_FUNC_redirect),
        ebpf.exit_insn(),
    )
