"""Kill `bridgekit apply` in the middle of its work, and before that its guard."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path

from bridgekit.lab.host import BRIDGEKIT, Host

STRACE = ("strace", "-e", "trace=sendto", "-e", "signal=none", "-s", "0", "-o")
HOURS = 3600.0
TAKE_BACK = (*BRIDGEKIT, "rollback")


def killed_halfway(host: Host, apply: Sequence[str], note: Path) -> None:
    """Kill it when it has sent half of its messages to the kernel, if it is not too fast.

    One run before, which is rolled back, shows how many these are.
    """
    host.run(*STRACE, str(note), *apply, timeout=HOURS)
    host.run(*TAKE_BACK, timeout=HOURS)
    lines = note.read_text().splitlines()
    sent = [int(line.rpartition("=")[2]) for line in lines if line.startswith("sendto")]
    middle = next(n for n, size in enumerate(accumulate(sent), 1) if size > sum(sent) / 2)
    before = journals(host)
    kill = f"inject=sendto:signal=SIGKILL:when={middle}"
    with host.popen(*STRACE, str(note), "-e", kill, *apply) as process:
        while process.poll() is None and journals(host) == before:
            pass  # the guard is at its post when the first step is written down
        for pid in guards(host):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def journals(host: Host) -> set[Path]:
    """Return the journals in this host."""
    return set(Path(f"/proc/{host.pid}/root/var/lib/bridgekit").glob("*/journal"))


def guards(host: Host) -> Iterator[int]:
    """Yield the guards in this host."""
    home = os.stat(f"/proc/{host.pid}/ns/net")
    for process in (entry for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if b"guard" in words and os.path.samestat(os.stat(process / "ns/net"), home):
                yield int(process.name)
