"""Attach an XDP program that passes everything to a link: XDP_PASS, in generic mode.

Arguments: LINK.
"""

import socket
import struct
import sys

from bridgekit.host import ebpf
from bridgekit.state import nlattr

BPF_PROG_TYPE_XDP, XDP_PASS, XDP_FLAGS_SKB_MODE = 6, 2, 2
IFLA_XDP, IFLA_XDP_FD, IFLA_XDP_FLAGS, RTM_SETLINK = 43, 1, 3, 19

program = ebpf.load(
    BPF_PROG_TYPE_XDP,
    ebpf.assemble(ebpf.mov64_imm(ebpf.R0, XDP_PASS), ebpf.exit_insn()),
)
xdp = nlattr.pack(IFLA_XDP_FD, struct.pack("i", program))
xdp += nlattr.pack(IFLA_XDP_FLAGS, struct.pack("I", XDP_FLAGS_SKB_MODE))
body = struct.pack("BxHiII", 0, 0, socket.if_nametoindex(sys.argv[1]), 0, 0)
body += nlattr.pack(IFLA_XDP | 0x8000, xdp)
with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
    sock.send(struct.pack("IHHII", 16 + len(body), RTM_SETLINK, 5, 1, 0) + body)
    error = struct.unpack_from("i", sock.recv(4096), 16)[0]
print("ready" if error == 0 else f"error {error}", flush=True)
sys.stdin.read()
