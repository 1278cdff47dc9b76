"""The kernel's numbers against tables that we did not write: pyroute2, Python, the C headers."""

import os
import shutil
import socket
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import bridgekit.uapi

PYROUTE2 = ("", ".nlsocket", ".diag", ".rtnl", ".rtnl.rtmsg", ".rtnl.ifinfmsg")
PYROUTE2 += (
    ".rtnl.ifinfmsg.plugins.vxlan",
    ".rtnl.ifaddrmsg",
    ".rtnl.ndmsg",
    ".rtnl.fibmsg",
    ".rtnl.tcmsg",
)
OTHER_NAMES = {
    "INET_DIAG_NOCOOKIE": "(__u32)INET_DIAG_NOCOOKIE | (__u64)INET_DIAG_NOCOOKIE << 32",
    "TCP_SYN_RECV": "BPF_TCP_SYN_RECV",
    "TCP_TIME_WAIT": "BPF_TCP_TIME_WAIT",
    "TCP_NEW_SYN_RECV": "BPF_TCP_NEW_SYN_RECV",
    "NUD_VALID": "NUD_PERMANENT|NUD_NOARP|NUD_REACHABLE|NUD_PROBE|NUD_STALE|NUD_DELAY",
    "NLA_TYPE_MASK": "(unsigned short)NLA_TYPE_MASK",
}
"""How the C headers say it."""
NEWER_THAN_HEADERS = {"BPF_TCX_INGRESS", "TCX_NEXT", "NHA_OP_FLAGS"}
"""Linux 6.6 and 6.9; the headers of Debian 12 are of 6.1."""
ENGLISH = os.environ | {"LC_ALL": "C"}
HEADERS = """
asm/socket.h linux/ioctl.h linux/netlink.h linux/rtnetlink.h linux/icmpv6.h linux/if_link.h
linux/if.h linux/if_arp.h linux/if_bridge.h linux/if_addr.h linux/neighbour.h linux/fib_rules.h
linux/nexthop.h linux/sock_diag.h linux/inet_diag.h linux/sockios.h linux/ethtool.h linux/if_tun.h
linux/if_ether.h linux/if_packet.h linux/bpf.h"""


def numbers() -> dict[str, int]:
    """Return all constants of bridgekit.uapi."""
    folder = Path(bridgekit.uapi.__path__[0])
    modules = (import_module(f"bridgekit.uapi.{path.stem}") for path in folder.glob("[a-z]*.py"))
    return {name: value for module in modules for name, value in _constants(module)}


def _constants(module: ModuleType) -> Iterator[tuple[str, int]]:
    for name, value in vars(module).items():
        if name.isidentifier() and name[0].isupper() and isinstance(value, int):
            yield name, value


@cache
def pyroute2() -> dict[str, set[int]]:
    """Return what pyroute2 says: its modules' constants, and the attributes of its messages."""
    found = defaultdict[str, set[int]](set)
    for name in PYROUTE2:
        module = import_module(f"pyroute2.netlink{name}")
        for constant, value in _constants(module):
            found[constant].add(value)
        for item in vars(module).values():
            if isinstance(item, type):
                _add_attributes(item, found, set())
    return found


def _add_attributes(message: type, found: dict[str, set[int]], seen: set[type]) -> None:
    seen.add(message)
    table = vars(message).get("nla_map", ())
    for at, entry in enumerate(table if isinstance(table, tuple) else ()):
        name, number = (entry[0], at) if isinstance(entry[0], str) else (entry[1], entry[0])
        found[name].add(number)
    for item in vars(message).values():
        if isinstance(item, type) and item not in seen:
            _add_attributes(item, found, seen)


@pytest.fixture(scope="module")
def headers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """Return what the C headers say, where there is a compiler; without the names they lack."""
    compiler = shutil.which("cc")
    if not compiler:
        return {}
    place = tmp_path_factory.mktemp("uapi")
    source, program = place / "numbers.c", place / "numbers"
    wanted = {name: OTHER_NAMES.get(name, name) for name in numbers()}
    for _ in range(2):  # the second time without what the first one did not know
        source.write_text(_source(wanted))
        command = (compiler, "-w", "-o", str(program), str(source))
        done = subprocess.run(command, capture_output=True, text=True, env=ENGLISH, check=False)
        wanted = {
            n: text for n, text in wanted.items() if f"'{text}' undeclared" not in done.stderr
        }
    assert done.returncode == 0, done.stderr
    output = subprocess.run((program,), check=True, capture_output=True, text=True).stdout
    return {name: int(value) for name, value in (line.split() for line in output.splitlines())}


def _source(wanted: dict[str, str]) -> str:
    includes = "".join(f"#include <{name}>\n" for name in ("stdio.h", *HEADERS.split()))
    lines = (f'printf("{name} %lld\\n", (long long)({text}));' for name, text in wanted.items())
    return f"{includes}int main(void) {{\n" + "\n".join(lines) + "\n}\n"


@pytest.mark.parametrize("name", numbers())
def test_is_the_kernels(name: str, headers: dict[str, int]) -> None:
    number = numbers()[name]
    assert number in pyroute2().get(name, {number})
    assert number == getattr(socket, name, number)
    assert number & 0xFFFFFFFFFFFFFFFF == headers.get(name, number) & 0xFFFFFFFFFFFFFFFF


def test_each_is_compared_with_something(headers: dict[str, int]) -> None:
    assert headers, "no C compiler compiled them; script/setup installs gcc"
    known = headers.keys() | pyroute2().keys() | vars(socket).keys()
    assert numbers().keys() - known <= NEWER_THAN_HEADERS
