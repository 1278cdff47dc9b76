"""A DHCP client for a container's interface: busybox's udhcpc, run from the host.

It shares the container's network and process namespaces, so that it ends with the container. It
sets the interface alone: the usual script would write the host's /etc/resolv.conf.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from bridgekit.attach.target import AttachTarget
from bridgekit.errors import RefusedError
from bridgekit.pxe import files
from bridgekit.pxe.engines import processes
from bridgekit.pxe.engines.processes import ServiceProcess
from bridgekit.system.process import run

CLIENT = "udhcpc"
SECONDS = 30.0


def need_client() -> None:
    """Raise Refused if there is none to run."""
    if not shutil.which(CLIENT):
        raise RefusedError("dhcp needs udhcpc. Nothing was changed; apt-get install udhcpc.")


def ask(goal: AttachTarget, nic: str) -> None:
    """Start the client and wait for its first lease. Raises CommandError if nobody offers one.

    Equivalent to: udhcpc -i NIC -n -s SCRIPT, inside the container's namespaces
    """
    script = str(files.asset("udhcpc-script"))
    tries = ("-n", "-t", "5", "-T", "2")
    run(*_inside(goal), CLIENT, "-i", nic, *tries, "-s", script, timeout=SECONDS)


def release(goal: AttachTarget, nic: str) -> None:
    """End the client, if there is one; the lease is left to end by itself."""
    for process in _clients(goal, nic):
        processes.terminate(process, alone=True)


def runs(goal: AttachTarget, nic: str) -> bool:
    """Does the client run?"""
    return any(_clients(goal, nic))


def _clients(goal: AttachTarget, nic: str) -> Iterator[ServiceProcess]:
    wanted = [CLIENT.encode(), b"-i", nic.encode()]
    for pid in processes.pids_in_namespace(goal.namespace):
        began = processes.start_time(pid)
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if began else []
        if words[:3] == wanted and began:
            yield ServiceProcess(pid, began)


def _inside(goal: AttachTarget) -> tuple[str, ...]:
    of_processes = Path(goal.namespace).with_name("pid")
    own = (f"--pid={of_processes}",) if of_processes.exists() else ()
    return ("nsenter", f"--net={goal.namespace}", *own, "--")
