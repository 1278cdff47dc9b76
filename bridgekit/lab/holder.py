"""PID 1 of a lab host: makes the host's namespaces and private directories, then holds them.

Run as a plain file, without site-packages, so that a lab is up in a moment:
`holder.py stay|follow NAME CONFIG-DIRECTORY [SYSCTL=VALUE ...]`. Says "ready", or what went wrong.
`follow` ends with the standard input, so that a killed owner leaves nothing behind; as PID 1 it
takes every process of the host with it.
"""

import ctypes
import os
import signal
import socket
import sys

NEW_MOUNT, NEW_UTS, NEW_IPC, NEW_NET = 0x20000, 0x4000000, 0x8000000, 0x40000000
RECURSIVE_PRIVATE, BIND, RECURSIVE_BIND, MOVE = 0x44000, 0x1000, 0x5000, 0x2000
DETACH = 2

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    """Raise OSError with the C library's reason if the call failed."""
    if result:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source: str, target: str, kind: str | None = None, flags: int = 0) -> None:
    """Attach a file system."""
    kind_bytes = kind.encode() if kind else None
    check(libc.mount(source.encode(), target.encode(), kind_bytes, flags, None), f"mount {target}")


def fresh(directory: str, *below: str) -> None:
    """Cover the directory with an empty one in memory."""
    mount("bridgekit-lab", directory, "tmpfs")
    for name in below:
        os.makedirs(f"{directory}/{name}")


def own_sys() -> None:
    """Mount the /sys of this network namespace, with the control groups of the old one."""
    os.mkdir("/run/sys")
    mount("sysfs", "/run/sys", "sysfs")
    if os.path.ismount("/sys/fs/cgroup"):
        mount("/sys/fs/cgroup", "/run/sys/fs/cgroup", None, RECURSIVE_BIND)
    mount("/run/sys", "/sys", None, MOVE)
    os.rmdir("/run/sys")


def own_files(config: str) -> None:
    """Private /run, /var/lib and /proc; each entry of `config` covers its namesake in /etc."""
    mount("none", "/", None, RECURSIVE_PRIVATE)
    while libc.umount2(b"/run/netns", DETACH) == 0:
        pass  # else this host would keep the namespaces of other labs alive
    for name in os.listdir(config):
        mount(f"{config}/{name}", f"/etc/{name}", None, BIND)
    fresh("/run", "lock", "network")
    fresh("/var/lib", "misc")
    mount("proc", "/proc", "proc")
    own_sys()


def set_sysctl(setting: str) -> None:
    """Write one KEY=VALUE below /proc/sys."""
    key, _, value = setting.partition("=")
    with open("/proc/sys/" + key.replace(".", "/"), "w", encoding="ascii") as file:
        file.write(value)


def main(life: str, name: str, config: str, *settings: str) -> None:
    """Become the lab host and stay until killed, or with `follow` until the input ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans are reaped by the kernel
    check(libc.unshare(NEW_MOUNT | NEW_UTS | NEW_IPC | NEW_NET), "unshare")
    own_files(config)
    socket.sethostname(name)
    for setting in settings:
        set_sysctl(setting)
    os.write(1, b"ready\n")
    while life == "stay":
        signal.pause()
    os.read(0, 1)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(str(error))
