"""The program that redirects a NIC's ingress: byte for byte, and jump by jump."""

import pytest

from bridgekit.host import ebpf
from bridgekit.host.ingress_redirect import program
from bridgekit.uapi.bpf import BPF_EXIT, BPF_JEQ, BPF_JMP, BPF_JNE

FROZEN = """
bf16000000000000 620afcff00000000 bfa2000000000000 07020000fcffffff
1811000007000000 0000000000000000 8500000001000000 15000d0000000000
6107000000000000 15070b0000000000 6162040000000000 5502090000000000
6162140000000000 5502070000000000 6162100000000000 1502070008000000
5502040086dd0000 3000000014000000 150002003a000000 2800000026000000
5500020080fe0000 b7000000ffffffff 9500000000000000 bf71000000000000
b702000001000000 8500000017000000 9500000000000000
"""
"""As an x86-64 kernel has taken it since the first release; the map's descriptor is 7."""
PASS, REDIRECT = 21, 23
JUMPS = {
    7: PASS,  # the map has no entry
    9: PASS,  # the redirection is off
    11: PASS,  # not for this host
    13: PASS,  # in a VLAN
    15: REDIRECT,  # IPv4
    16: PASS,  # neither IPv4 nor IPv6
    18: PASS,  # ICMPv6
    20: REDIRECT,  # IPv6 to no link-local address
}
"""From which instruction to which, counted by hand."""


def test_bytes() -> None:
    assert program(7) == bytes.fromhex(FROZEN)


def test_jumps() -> None:
    code = program(7)
    lines = [ebpf.BPF_INSN.unpack_from(code, at) for at in range(0, len(code), 8)]
    conditional = {BPF_JMP | BPF_JEQ, BPF_JMP | BPF_JNE}
    jumps = {at: at + 1 + line[2] for at, line in enumerate(lines) if line[0] in conditional}
    assert jumps == JUMPS
    for label in (PASS, REDIRECT):
        assert any(line[0] == BPF_JMP | BPF_EXIT for line in lines[label:])


def test_a_label_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        ebpf.assemble(ebpf.jmp_imm(BPF_JEQ, ebpf.R0, 0, "nowhere"), ebpf.exit_insn())


def test_labels_take_no_room() -> None:
    jump = ebpf.jmp_imm(BPF_JEQ, ebpf.R0, 0, "end")
    assert ebpf.assemble(jump, "end", ebpf.exit_insn())[2:4] == bytes(2)
    assert ebpf.assemble("end", jump)[2:4] == b"\xff\xff"
