"""Measure how many machines can boot at once, as a table.

    python benchmarks/bootstorm.py [--clients 1,10,50,100] [--runs 3] [--write]

Each simulated client is a network namespace on the L2 segment of a lab's eth0: a DHCP client
(udhcpc, as patient as a PXE ROM), the loader by TFTP, then kernel and initrd by HTTP (curl). The
service is bridgekit's native engine, and in the same run dnsmasq alone, with the options of
jpetazzo/pxe: everything by TFTP.
"""

import argparse
import os
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridgekit.assets import asset
from bridgekit.lab.topology import Lab
from bridgekit.pxe import files
from bridgekit.pxe.engines import rootfs
from bridgekit.pxe.spec import PxeSpec

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
SECTION = re.compile(r"(<!-- bootstorm: begin -->\n).*?(<!-- bootstorm: end -->)", re.DOTALL)
SERVER, NETWORK = "192.168.242.1", "192.168.242.1/24"
RANGE = "192.168.242.20,192.168.242.250"
LOADER, KERNEL = "lpxelinux.0", "debian/13/amd64/linux"
INITRD = "debian/13/amd64/initrd.gz"
PATIENCE = 120
"""Seconds for one file; firmware gives up long before."""
GET = ("curl", "--silent", "--fail", "--max-time", str(PATIENCE), "--output", "/dev/null")
COUNT = ("--write-out", "%{size_download}")
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Storm:
    """One boot storm: seconds until the last client had all, bytes got, clients that failed."""

    seconds: float
    bytes: int
    failed: int
    memory: int

    @property
    def rate(self) -> float:
        """Return MiB a second, of all clients together."""
        return self.bytes / self.seconds / MIB


def client(lab: Lab, number: int, transport: str) -> tuple[int, bool]:
    """Boot one client; return the bytes it got and whether it got all."""
    inside = ("ip", "netns", "exec", f"c{number}")
    script = str(asset("udhcpc-script"))
    lease = ("udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "15", "-T", "4", "-s", script)
    if lab.run("segment", *inside, *lease, check=False, timeout=PATIENCE).code:
        return 0, False
    got = 0
    for how, file in (("tftp", LOADER), (transport, KERNEL), (transport, INITRD)):
        blocks = ("--tftp-blksize", "1408") if how == "tftp" else ()
        words = (*GET, *COUNT, *blocks, f"{how}://{SERVER}/{file}")
        done = lab.run("segment", *inside, *words, check=False, timeout=PATIENCE)
        got += int(done.stdout or 0)
        if done.code:
            return got, False
    return got, True


def storm(lab: Lab, clients: int, transport: str, memory: Callable[[], int]) -> Storm:
    """Boot so many clients at once."""
    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        jobs = [pool.submit(client, lab, number, transport) for number in range(clients)]
        most = 0
        while not all(job.done() for job in jobs):
            most = max(most, memory())
            time.sleep(0.2)
    seconds = time.monotonic() - began
    results = [job.result() for job in jobs]
    return Storm(
        seconds, sum(got for got, _ in results), sum(not well for _, well in results), most
    )


def plug_in(lab: Lab, clients: int) -> None:
    """Add so many clients to the L2 segment, each in a namespace of its own."""
    for number in range(clients):
        lab.run("segment", "ip", "netns", "add", f"c{number}")
        peer = ("peer", "name", "eth0", "netns", f"c{number}")
        lab.run("segment", "ip", "link", "add", f"v{number}", "type", "veth", *peer)
        lab.ip("segment", f"link set v{number} master segment up")
        lab.run("segment", "ip", "-n", f"c{number}", "link", "set", "eth0", "up")


@contextmanager
def ours(lab: Lab) -> Iterator[Callable[[], int]]:
    """Run bridgekit's service on br0."""
    up = ("pxe", "up", "br0", "--engine", "native", "--beside-dhcp", "--range", RANGE)
    assert lab.bridgekit(*up, timeout=120).code == 0
    yield lambda: resident(lab, "bootserver|nginx|dnsmasq")
    assert lab.bridgekit("pxe", "down", "br0").code == 0


@contextmanager
def plain(lab: Lab) -> Iterator[Callable[[], int]]:
    """Run dnsmasq alone, with the options of jpetazzo/pxe, in a namespace attached to br0."""
    tree = rootfs.path_of(PxeSpec(engine="native"), files.cache_dir(Path("/")))
    lab.run("host", "ip", "netns", "add", "pxe")
    assert lab.bridgekit("attach", "br0", "pxe", NETWORK).code == 0
    options = ("--no-daemon", "--interface=eth1", f"--dhcp-range={RANGE},255.255.255.0,1h")
    boot = (f"--dhcp-boot=pxelinux.0,pxeserver,{SERVER}", "--conf-file=/dev/null", "--port=0")
    tftp = ("--enable-tftp", f"--tftp-root={tree}/srv/tftp")
    more = ("--leasefile-ro", "--user=root")
    command = ("ip", "netns", "exec", "pxe", "dnsmasq", *options, *boot, *tftp, *more)
    with lab.popen("host", *command, stdout=-3, stderr=-1, text=True) as server:
        assert any("started" in line for line in server.stderr)
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(lambda: [None for _ in server.stderr])
            yield lambda: resident(lab, "dnsmasq")
            server.kill()
            reading.result()
    assert lab.bridgekit("detach", "br0", "pxe").code == 0
    lab.run("host", "ip", "netns", "delete", "pxe")


def resident(lab: Lab, names: str) -> int:
    """Return the memory of the service's processes in bytes, by their PSS."""
    found = lab.run("host", "pgrep", "-f", names, check=False).stdout.split()
    total = 0
    for pid in found:
        shown = lab.run("host", "cat", f"/proc/{pid}/smaps_rollup", check=False).stdout
        total += sum(int(line.split()[1]) for line in shown.splitlines() if line[:4] == "Pss:")
    return total * 1024


WAYS = {"bridgekit": (ours, "http"), "dnsmasq alone": (plain, "tftp")}


def measured(counts: Sequence[int], runs: int) -> Iterator[str]:
    """Yield the table's lines: every service with every number of clients, in turn."""
    yield "| clients | way | MiB/s | last client, s | failed | memory, MiB |"
    yield "|---|---|---|---|---|---|"
    with Lab(f"storm{os.getpid()}") as lab:
        assert lab.bridgekit("apply", "eth0", "--yes").code == 0
        plug_in(lab, max(counts))
        for clients in counts:
            for way, (service, transport) in WAYS.items():
                found = []
                for _ in range(runs):
                    print(f"{clients} clients, {way}", file=sys.stderr)
                    with service(lab) as memory:
                        found.append(storm(lab, clients, transport, memory))
                yield line(clients, way, found)


def line(clients: int, way: str, found: Sequence[Storm]) -> str:
    """Return a line of medians of the runs; of the failures the worst."""
    rate = statistics.median(one.rate for one in found)
    seconds = statistics.median(one.seconds for one in found)
    memory = statistics.median(one.memory for one in found) / MIB
    failed = max(one.failed for one in found)
    return f"| {clients} | {way} | {rate:.0f} | {seconds:.1f} | {failed} | {memory:.0f} |"


def main() -> None:
    """Measure, print, and with --write put the table into docs/performance.md."""
    words = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    words.add_argument("--clients", default="1,10,50,100")
    words.add_argument("--runs", type=int, default=3)
    words.add_argument("--write", action="store_true")
    given = words.parse_args()
    lines = []
    for text in measured([int(word) for word in given.clients.split(",")], given.runs):
        print(text, flush=True)
        lines.append(text)
    if given.write:
        table = "\n".join(lines)
        page = PAGE.read_text()
        PAGE.write_text(SECTION.sub(lambda match: f"{match[1]}{table}\n{match[2]}", page))


if __name__ == "__main__":
    main()
