"""Keep what this version writes, for the tests of later ones.

As root, in a checkout of the version that is to be kept, with a root for the native PXE engine
(`bridgekit pxe build --engine native`):

    python -m tests.netns.older.make FOLDER

Everything is made by the program itself, in labs. The boot id of their hosts is a made-up one.
"""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bridgekit.lab import layout, state_dump
from bridgekit.lab.topology import Lab
from tests.support import faults
from tests.support.dhcp import FILE as DHCP_FILE
from tests.support.dhcp import served
from tests.support.programs import program

BOOT = "00000000-0000-4000-8000-0000091fa8ed"
STATE = "/var/lib/bridgekit"
FILE = """\
auto lo
iface lo inet loopback

# The office network
auto eth0
iface eth0 inet static
    address 192.168.1.4/24
    gateway 192.168.1.1
iface eth0 inet6 static
    address 2001:db8:1::4/64
    gateway 2001:db8:1::1
"""
OFFICE = (
    *layout.UP,
    "link set eth0 alias uplink",
    "link set eth0 txqueuelen 500",
    "address add 192.168.1.4/24 brd + dev eth0 label eth0",
    "address add 192.168.1.5/24 brd + dev eth0 label eth0:1",
    "address add 10.44.0.4 peer 10.44.0.5/32 dev eth0",
    "address add 2001:db8:1::4/64 dev eth0",
    "address add 2001:db8:1::5/64 dev eth0 preferred_lft 0",
    "address add 192.168.2.4/24 brd + dev eth1",
    "route add default via 192.168.1.1 dev eth0 onlink",
    "route add 198.51.100.0/24 via 192.168.1.1 dev eth0 metric 50 src 192.168.1.5 mtu 1400",
    "route add default via 192.168.1.1 dev eth0 table 100",
    "route add 10.97.0.0/16 nexthop via 192.168.1.1 dev eth0 nexthop via 192.168.2.1 dev eth1",
    "route add 10.98.0.0/16 via 192.168.1.1 dev eth0",
    "route prepend 10.98.0.0/16 via 192.168.2.1 dev eth1",
    *(f"route add 10.95.{number}.0/24 via 192.168.1.1 dev eth0" for number in range(70)),
    "route add default via 2001:db8:1::1 dev eth0",
    "route add 2001:db8:98::/48 via 2001:db8:1::1 dev eth0 metric 70",
    "nexthop add id 7 via 192.168.1.1 dev eth0",
    "route add 10.96.0.0/16 nhid 7",
    "rule add iif eth0 table 100 priority 1000",
    "-6 rule add iif eth0 table 100 priority 1000",
    "neighbour add 192.168.1.91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent",
    "neighbour add 2001:db8:1::91 lladdr 52:54:00:00:00:91 dev eth0 nud permanent",
    "neighbour add proxy 192.168.1.92 dev eth0",
    "maddress add 01:00:5e:00:00:77 dev eth0",  # `ip` ends a batch here
)
JOINED = (
    *layout.SIMPLE,
    "link add br0 address 52:54:00:b3:00:04 mtu 1400 type bridge stp_state 0 forward_delay 0",
    "link set br0 up",
)
PEER = ("address delete 10.44.0.4/32", "address delete 10.44.0.4 peer 10.44.0.5/32")
"""What 91fa8ed says, which `ip` does not take, and what it takes."""
DAD = "sysctl -q -w net/ipv6/conf/br0/accept_dad={}"
DAD_ON = "sysctl -w net/ipv6/conf/br0/accept_dad=1"
"""The program adds addresses without a check and no mark of that stays: `ip` cannot."""
LEFT_OUT = ("*.sock", "*lock", "./pxe/*/files", "./pxe/*/kept", "*log", "if-*.d", "interfaces.d")
DONE = 12
"""So many operations come before the kill: both links have the addresses, br0 the routes."""
IPV6 = "fd00:242::1/64"
WITH_PXE = ("--with-pxe", "--pxe-engine", "native", "--pxe-beside-dhcp", "--pxe-ipv6", IPV6)


@contextmanager
def host(lines: Sequence[str] = OFFICE, file: str = FILE) -> Iterator[Lab]:
    with Lab("older", host=lines, interfaces=file) as lab:
        write = f"echo {BOOT} > /run/boot && mount --bind /run/boot /proc/sys/kernel/random/boot_id"
        lab.run("host", "sh", "-c", write)
        for setting in settings(lines):
            lab.run("host", "sysctl", "-q", "-w", setting)
        yield lab


def settings(lines: Sequence[str]) -> tuple[str, ...]:
    return ("net.ipv4.conf.eth0.proxy_arp=1",) if lines is OFFICE else ()


def done(lab: Lab, *command: str) -> None:
    result = lab.bridgekit(*command)
    assert result.code == 0, result


def keep(lab: Lab, place: str, target: Path) -> None:
    """Copy a folder of the host's, without sockets, locks and what was copied there itself."""
    target.mkdir(parents=True)
    left = " ".join(f"--exclude={pattern}" for pattern in LEFT_OUT)
    lab.run("host", "sh", "-c", f"tar -C {place} {left} -c . | tar -C {target} -x")


def commands(lab: Lab) -> list[list[str]]:
    text = lab.bridgekit("plan", "eth0", "--json", "--all-routes").stdout
    text = text.replace(*PEER).replace(" nodad", "").replace(DAD_ON, "true")
    first, *others = [one["commands"] for one in json.loads(text)["operations"]]
    return [[*first, *map(DAD.format, "0")], *others, [*map(DAD.format, "1")]]


def keep_host(lab: Lab, lines: Sequence[str], folder: Path) -> None:
    """Keep what makes the host, and what moves its NIC in iproute2's words."""
    keep(lab, "/etc/network", folder / "network.before")
    for name, text in (("host", lines), ("settings", settings(lines))):
        (folder / name).write_text("".join(f"{line}\n" for line in text))
    (folder / "commands.json").write_text(json.dumps(commands(lab), indent=1) + "\n")


def with_dependency(lab: Lab) -> None:
    """Let a program hold on to eth0."""
    holder = lab.popen("host", *program("bound_socket"), stdout=-1, text=True)
    assert holder.stdout and holder.stdout.readline() == "bound\n"


def scene(folder: Path, lines: Sequence[str], file: str = FILE) -> state_dump.StateDump:
    """Keep a host, its plans, and its state folders; return its state once it is moved."""
    with host(lines, file) as lab:
        keep_host(lab, lines, folder)
        with_dependency(lab)
        done(lab, "plan", "eth0", "--out", str(folder / "plan.json"))
        done(lab, "apply", "eth0", "--yes")
        moved = state_dump.dump(lab.hosts["host"])
        keep(lab, "/etc/network", folder / "network.after")
        keep(lab, STATE, folder / "committed")
        done(lab, "plan", "--undo", "--out", str(folder / "undo.json"))
        done(lab, "rollback")
        if lines is OFFICE:
            keep(lab, STATE, folder / "taken-back")
        return moved


def check(
    folder: Path, lines: Sequence[str], moved: state_dump.StateDump, file: str = FILE
) -> None:
    """The words must make what the program made."""
    with host(lines, file) as lab:
        for operation in json.loads((folder / "commands.json").read_text()):
            for command in operation:
                lab.run("host", *command.split())
        lab.run("host", "sh", "-c", f"cp {folder}/network.after/* /etc/network/")
        assert moved.difference(state_dump.dump(lab.hosts["host"])) == []


def pending(folder: Path) -> None:
    with host() as lab:
        done(lab, "apply", "eth0", "--yes", "--confirm-within", "86400")
        keep(lab, STATE, folder / "pending")


def changing(folder: Path, scratch: Path) -> None:
    """Kill the executor before an operation, and then the guard that would undo the others.

    The guard first asks, twice here, not to be killed for want of memory. No bytecode may be
    written (PYTHONDONTWRITEBYTECODE=1).
    """
    trace, line = scratch / "trace", f'\\"started\\",\\"step\\":{DONE},'
    with host() as lab:
        faults.run(lab, trace, "apply", "eth0", "--yes")
    writes = [line for line in trace.read_text().splitlines() if line.startswith("write(")]
    number = next(number for number, one in enumerate(writes, 1) if line in one)
    with host() as lab:
        guard = faults.guard_program(scratch / "guard.trace", "write:signal=SIGKILL:when=3")
        kill = (f"write:signal=SIGKILL:when={number}",)
        faults.run(lab, trace, "apply", "eth0", "--yes", faults=kill, guard=guard)
        faults.guard_ends(lab)
        assert faults.transactions(lab) == ["started"]
        keep(lab, STATE, folder / "changing")


def serving(folder: Path) -> None:
    with host(layout.SIMPLE, FILE.partition("iface eth0 inet6")[0]) as lab:
        keep_host(lab, layout.SIMPLE, folder)
        done(lab, "apply", "eth0", "--yes", *WITH_PXE)
        done(lab, "pxe", "check", "br0", "--fix", "--ipv6", IPV6)
        keep(lab, "/etc/network", folder / "network.after")
        keep(lab, STATE, folder / "serving")
        done(lab, "pxe", "down", "br0")


def dhcp(folder: Path) -> None:
    folder.mkdir()
    with host(("link set lo up",), DHCP_FILE) as lab:
        done(served(lab), "plan", "eth0", "--out", str(folder / "plan.json"))


def main(target: Path) -> None:
    scratch = target.with_suffix(".scratch")
    scratch.mkdir()
    for name, lines in (("office", OFFICE), ("joined", JOINED)):
        check(target / name, lines, scene(target / name, lines))
    pending(target / "office")
    changing(target / "office", scratch)
    serving(target / "pxe")
    dhcp(target / "dhcp")
    shutil.rmtree(scratch)


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
