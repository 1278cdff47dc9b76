"""eBPF without a compiler: instructions by the macros of the kernel's linux/filter.h, and bpf(2).

Jumps name the label that they lead to; `assemble` counts.
"""

import ctypes
import platform
import struct
from collections.abc import Iterator

from msgspec import Struct

from bridgekit.uapi.bpf import (
    BPF_ABS,
    BPF_ADD,
    BPF_ALU64,
    BPF_CALL,
    BPF_DW,
    BPF_EXIT,
    BPF_IMM,
    BPF_JMP,
    BPF_K,
    BPF_LD,
    BPF_LDX,
    BPF_MEM,
    BPF_MOV,
    BPF_PROG_LOAD,
    BPF_PSEUDO_MAP_FD,
    BPF_ST,
    BPF_X,
)

R0, R1, R2, R6, R7, R10 = 0, 1, 2, 6, 7, 10
"""R0 is what a call or the program returns, R1 to R5 are arguments, R10 is the stack's end."""
BPF_INSN = struct.Struct("=BBhi")
"""`struct bpf_insn`: code, registers (source, destination), offset, immediate value."""
SYSCALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "ppc64le": 361}
"""bpf(2), by machine: little-endian ones, for so the two registers lie in their byte."""


class Instruction(Struct, frozen=True):
    """One instruction; a jump has the label that it leads to."""

    code: int
    dst: int = 0
    src: int = 0
    offset: int = 0
    imm: int = 0
    label: str = ""


Line = Instruction | str
"""An instruction, or a label in front of the next one."""


def mov64_reg(dst: int, src: int) -> Instruction:
    """Encode `dst = src`."""
    return Instruction(BPF_ALU64 | BPF_MOV | BPF_X, dst, src)


def mov64_imm(dst: int, imm: int) -> Instruction:
    """Encode `dst = imm`."""
    return Instruction(BPF_ALU64 | BPF_MOV | BPF_K, dst, imm=imm)


def add64_imm(dst: int, imm: int) -> Instruction:
    """Encode `dst += imm`."""
    return Instruction(BPF_ALU64 | BPF_ADD | BPF_K, dst, imm=imm)


def ldx_mem(size: int, dst: int, src: int, offset: int) -> Instruction:
    """Encode `dst = *(size *) (src + offset)`."""
    return Instruction(BPF_LDX | BPF_MEM | size, dst, src, offset)


def st_mem(size: int, dst: int, offset: int, imm: int) -> Instruction:
    """Encode `*(size *) (dst + offset) = imm`."""
    return Instruction(BPF_ST | BPF_MEM | size, dst, 0, offset, imm)


def ld_abs(size: int, offset: int) -> Instruction:
    """Encode a load into R0 from the packet of R6 at this offset, in the host's byte order."""
    return Instruction(BPF_LD | BPF_ABS | size, imm=offset)


def ld_map_fd(dst: int, fd: int) -> tuple[Instruction, Instruction]:
    """Encode a load of the map with this descriptor: 64 bits wide, so two instructions."""
    return Instruction(BPF_LD | BPF_IMM | BPF_DW, dst, BPF_PSEUDO_MAP_FD, imm=fd), Instruction(0)


def jmp_imm(operation: int, dst: int, imm: int, label: str) -> Instruction:
    """Encode `if (dst OPERATION imm) goto label`."""
    return Instruction(BPF_JMP | operation | BPF_K, dst, imm=imm, label=label)


def call(function: int) -> Instruction:
    """Encode `R0 = function(R1, …)`, of bpf-helpers(7)."""
    return Instruction(BPF_JMP | BPF_CALL, imm=function)


def exit_insn() -> Instruction:
    """Encode the end of the program, with R0 as its result."""
    return Instruction(BPF_JMP | BPF_EXIT)


def assemble(*lines: Line) -> bytes:
    """Return the program's bytes; KeyError for a jump to a label that it does not have."""
    labels, position = dict[str, int](), 0
    for line in lines:
        if isinstance(line, str):
            labels[line] = position
        else:
            position += 1
    return b"".join(_encoded(lines, labels))


def _encoded(lines: tuple[Line, ...], labels: dict[str, int]) -> Iterator[bytes]:
    """Yield each instruction's bytes; a jump's offset counts from the instruction after it."""
    instructions = [line for line in lines if isinstance(line, Instruction)]
    for position, one in enumerate(instructions):
        offset = labels[one.label] - position - 1 if one.label else one.offset
        yield BPF_INSN.pack(one.code, one.src << 4 | one.dst, offset, one.imm)


def bpf(command: int, attributes: bytes) -> int:
    """Make the system call; return a descriptor or 0, or -1 where the kernel refuses."""
    native = struct.calcsize("P") == 8  # a 32-bit program has other numbers than its machine
    number = SYSCALL.get(platform.machine(), -1) if native else -1
    return int(ctypes.CDLL(None).syscall(number, command, attributes, len(attributes)))


def load(program_type: int, code: bytes) -> int:
    """Load a program: return its descriptor, or -1 where the kernel refuses it."""
    text, licence = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"")
    addresses = (ctypes.addressof(text), ctypes.addressof(licence))
    head = (program_type, len(code) // BPF_INSN.size)
    return bpf(BPF_PROG_LOAD, struct.pack("=IIQQIIQII", *head, *addresses, 0, 0, 0, 0, 0))
