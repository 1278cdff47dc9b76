"""eBPF: linux/bpf.h, linux/bpf_common.h."""

from typing import Final

# Commands of bpf(2).
BPF_MAP_CREATE: Final = 0
BPF_MAP_UPDATE_ELEM: Final = 2
BPF_PROG_LOAD: Final = 5
BPF_LINK_CREATE: Final = 28

BPF_MAP_TYPE_ARRAY: Final = 2
BPF_PROG_TYPE_SCHED_CLS: Final = 3
BPF_TCX_INGRESS: Final = 46

# Classes of instructions.
BPF_LD: Final = 0x00
BPF_LDX: Final = 0x01
BPF_ST: Final = 0x02
BPF_JMP: Final = 0x05
BPF_ALU64: Final = 0x07

# Modes and widths of a load or store.
BPF_IMM: Final = 0x00
BPF_ABS: Final = 0x20
BPF_MEM: Final = 0x60
BPF_W: Final = 0x00
BPF_H: Final = 0x08
BPF_B: Final = 0x10
BPF_DW: Final = 0x18

# Operations, and where their operand comes from.
BPF_ADD: Final = 0x00
BPF_MOV: Final = 0xB0
BPF_JEQ: Final = 0x10
BPF_JNE: Final = 0x50
BPF_CALL: Final = 0x80
BPF_EXIT: Final = 0x90
BPF_K: Final = 0x00
BPF_X: Final = 0x08

# The source register of a load that stands for a map's descriptor.
BPF_PSEUDO_MAP_FD: Final = 1

# Helper functions: bpf-helpers(7).
BPF_FUNC_map_lookup_elem: Final = 1
BPF_FUNC_redirect: Final = 23

# A flag of bpf_redirect.
BPF_F_INGRESS: Final = 1

# What the program returns (enum tcx_action_base).
TCX_NEXT: Final = -1

# `pkt_type` (linux/if_packet.h).
PACKET_HOST: Final = 0
