"""A DHCP client for a container's interface: busybox's udhcpc, run from the host.

It shares the container's network and process namespaces, so that it ends with the container. It
sets the interface alone: the usual script would write the host's /etc/resolv.conf.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from bridgekit.assets import asset
from bridgekit.attach.target import AttachTarget
from bridgekit.errors import RefusedError
from bridgekit.system import started_process
from bridgekit.system.process import run
from bridgekit.system.started_process import StartedProcess

CLIENT = "udhcpc"
SECONDS = 30.0


def need_client() -> None:
    """Raise RefusedError if the host has no DHCP client."""
    if not shutil.which(CLIENT):
        raise RefusedError(
            "dhcp needs udhcpc; nothing was changed; `apt-get install udhcpc` gets it"
        )


def start(container: AttachTarget, ifname: str) -> None:
    """Start the client and wait for its first lease.

    Equivalent to: udhcpc -i IFNAME -n -s SCRIPT, inside the container's namespaces

    Raises:
        CommandError: No DHCP server offers an address.
    """
    script = str(asset("udhcpc-script"))
    tries = ("-n", "-t", "5", "-T", "2")
    run(*_enter(container), CLIENT, "-i", ifname, *tries, "-s", script, timeout=SECONDS)


def stop(container: AttachTarget, ifname: str) -> None:
    """End the client, if there is one; the lease is left to expire."""
    for process in _clients(container, ifname):
        started_process.terminate(process, alone=True)


def is_running(container: AttachTarget, ifname: str) -> bool:
    """Tell whether the client runs."""
    return any(_clients(container, ifname))


def _clients(container: AttachTarget, ifname: str) -> Iterator[StartedProcess]:
    argv = [CLIENT.encode(), b"-i", ifname.encode()]
    for pid in started_process.pids_in_namespace(container.namespace):
        began = started_process.start_time(pid)
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if began else []
        if words[:3] == argv and began:
            yield StartedProcess(pid, began)


def _enter(container: AttachTarget) -> tuple[str, ...]:
    pid_namespace = Path(container.namespace).with_name("pid")
    more = (f"--pid={pid_namespace}",) if pid_namespace.exists() else ()
    return ("nsenter", f"--net={container.namespace}", *more, "--")
