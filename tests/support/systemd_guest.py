"""A Debian machine with Debian's kernel and systemd, in QEMU, whose power can be cut.

Its disk is a layer over one that is made once. An agent in it runs programs for the host, over a
serial line; its console is a file, and a terminal is on another line.
"""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bridgekit.system.process import run
from tests.support import guest

TREE: Final = Path(__file__).with_name("systemd-root")
PROJECT: Final = ("bridgekit", "pxe", "templates", "Dockerfile")
NEEDLESS: Final = (
    *("systemd-journald.socket", "systemd-journald-dev-log.socket", "systemd-journald.service"),
    *("systemd-udevd-control.socket", "systemd-udevd-kernel.socket", "systemd-udevd.service"),
    *("systemd-udev-trigger.service", "systemd-udev-load-credentials.service"),
    *("ifupdown-pre.service", "systemd-binfmt.service", "proc-sys-fs-binfmt_misc.automount"),
    *("systemd-hwdb-update.service", "systemd-journal-catalog-update.service", "ldconfig.service"),
    *("systemd-update-done.service", "systemd-random-seed.service", "systemd-sysusers.service"),
    *("systemd-journal-flush.service", "kmod-static-nodes.service", "systemd-pstore.service"),
    *("systemd-tmpfiles-setup-dev-early.service", "systemd-tmpfiles-setup-dev.service"),
    *("systemd-tmpfiles-setup.service", "systemd-modules-load.service", "systemd-sysctl.service"),
    *("systemd-remount-fs.service", "timers.target", "sockets.target", "paths.target"),
    *("dev-hugepages.mount", "dev-mqueue.mount", "run-lock.mount", "sys-kernel-debug.mount"),
    *("sys-kernel-tracing.mount", "sys-kernel-config.mount", "sys-fs-fuse-connections.mount"),
    *("tmp.mount", "modprobe@drm.service", "modprobe@configfs.service", "modprobe@fuse.service"),
    *("modprobe@efi_pstore.service", "getty.target", "systemd-ask-password-console.path"),
)
"""Units that take time to start and have no part in what is proven here."""
_GENERATORS: Final = "etc/systemd/system-generators"
_UDEV: Final = ("hooks", "scripts/init-top", "scripts/init-bottom")
RECIPE: Final = guest.Recipe(
    packages=(
        *(*guest.KERNEL, *guest.NETWORK, *guest.PYTHON),
        *("systemd-sysv", "udev", "dbus", "libpam-systemd", "login", "openssh-server"),
        *("isc-dhcp-client", "nftables", "docker.io", "docker-cli", "podman", "crun", "netavark"),
        *("aardvark-dns",),
    ),
    programs=(("sbin/systemd-install", Path(__file__).with_name("systemd-install")),),
    more=(
        *(f"--dpkgopt=path-exclude=/usr/share/initramfs-tools/{name}/udev" for name in _UDEV),
        '--essential-hook=echo virtio_net >> "$1/etc/initramfs-tools/modules"',
        f'--customize-hook=chroot "$1" systemctl --quiet mask {" ".join(NEEDLESS)}',
        f'--customize-hook=mkdir -p "$1/{_GENERATORS}"; for one in "$1"/usr/lib/systemd/'
        f'system-generators/*; do ln -s /dev/null "$1/{_GENERATORS}/${{one##*/}}"; done',
    ),
)
SEGMENT: Final = "user,id=segment,net=192.168.1.0/24,host=192.168.1.1,ipv6=off,restrict=on"
NIC: Final = "virtio-net-pci,netdev=segment,romfile="
WORDS: Final = (
    *("systemd.unit=host-agent.service", "systemd.default_standard_output=tty"),
    *("lsm=capability", "audit=0", "cryptomgr.notests", "rcupdate.rcu_expedited=1", "nowatchdog"),
)
STEPPING: Final = "/run/stepping"
SECONDS: Final = 300
"""How long the machine may take to boot, or to answer."""


class Machine:
    """A machine that runs, its console, and the host's ends of its two lines.

    `ssh` is a port of the host's own loopback that leads to the machine's SSH server, `more` are
    more arguments of QEMU.
    """

    def __init__(self, layer: Path, ssh: int | None = None, more: Sequence[str] = ()) -> None:
        way = f",hostfwd=tcp:127.0.0.1:{ssh}-192.168.1.4:22" if ssh else ""
        self.layer, self.console = layer, layer.with_suffix(".console")
        self.terminal, theirs = socket.socketpair()
        self._heard = b""
        with theirs:
            self.qemu = subprocess.Popen(
                [
                    *guest.hardware(guest.disk(RECIPE), *WORDS),
                    *(*_drive(layer), "-cpu", "qemu64,+rdrand"),
                    *("-netdev", SEGMENT + way, "-device", NIC),
                    *("-serial", f"file:{self.console}", "-serial", "stdio"),
                    *("-chardev", f"socket,id=terminal,fd={theirs.fileno()}"),
                    *("-serial", "chardev:terminal"),
                    *more,
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                pass_fds=[theirs.fileno()],
            )

    def run(self, *argv: str) -> str:
        """Run a program there as root, and return what it printed; AssertionError if it failed."""
        code, output, errors = self.ask(*argv)
        assert code == 0, f"{argv} ended with {code}: {output}{errors}"
        return output

    def ask(self, *argv: str) -> tuple[int, str, str]:
        """Run a program; return its exit code, what it printed, and its errors."""
        assert self.qemu.stdin is not None
        self.qemu.stdin.write(json.dumps(argv).encode() + b"\n")
        return self.answer()

    def answer(self) -> tuple[int, str, str]:
        """Wait for a line of the agent; the first says that the machine has booted."""
        deadline = time.monotonic() + SECONDS
        while b"\n" not in self._heard:
            self._heard += self._more(deadline - time.monotonic())
        line, _, self._heard = self._heard.partition(b"\n")
        code, output, errors = json.loads(line)
        return code, output, errors

    def _more(self, seconds: float) -> bytes:
        assert self.qemu.stdout is not None
        ready = select.select([self.qemu.stdout], [], [], max(0, seconds))[0]
        data = os.read(self.qemu.stdout.fileno(), 1 << 16) if ready else b""
        assert data, (
            f"the guest does not answer: {self.console.read_text(errors='replace')[-4000:]}"
        )
        return data

    def cut(self, to: Path) -> Path:
        """Copy the disk as it would be if the power failed now.

        The machine is halted for that, and nothing of what it has not written is written.
        """
        self.qemu.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.qemu.pid, os.WSTOPPED)
        shutil.copyfile(self.layer, to)
        self.qemu.send_signal(signal.SIGCONT)
        return to

    def hold(self, verb: str, at: str = "*") -> None:
        """From now on, hold commands of this verb before steps with such a name."""
        self.run("mkdir", "-p", STEPPING)
        self.run("sh", "-c", f'printf %s "$1" > {STEPPING}/at', "sh", at)
        for name in (verb, "go"):
            self.ask("mkfifo", f"{STEPPING}/{name}")

    def held(self, verb: str) -> str:
        """Wait until a command is held, and return the step's name; "end" when it is done."""
        return self.run("head", "-n", "1", f"{STEPPING}/{verb}").strip()

    def release(self, verb: str) -> None:
        """Let it go on, and hold no other."""
        self.run("rm", f"{STEPPING}/{verb}")
        self.go()

    def go(self) -> None:
        self.run("sh", "-c", f"echo > {STEPPING}/go")

    def shut_down(self) -> None:
        """Let it end all that runs, and go off."""
        assert self.qemu.stdin is not None
        self.qemu.stdin.write(json.dumps(["systemctl", "poweroff"]).encode() + b"\n")
        self.qemu.wait(SECONDS)

    def off(self) -> None:
        """Cut the power."""
        self.qemu.kill()
        self.qemu.communicate()
        self.terminal.close()


@contextmanager
def booted(layer: Path, ssh: int | None = None, more: Sequence[str] = ()) -> Iterator[Machine]:
    """Boot from this disk, and cut the power at the end."""
    machine = Machine(layer, ssh, more)
    try:
        machine.answer()
        yield machine
    finally:
        machine.off()


def installed(folder: Path) -> Path:
    """Make a disk on which the project is installed."""
    files = guest.disk(RECIPE)
    layer, brought = layered(files / "ext4", folder / "installed", "raw"), folder / "brought.tar"
    _pack(brought)
    second = f"file={brought},format=raw,if=virtio,readonly=on"
    machine = guest.hardware(files, "init=/sbin/systemd-install")
    said = run(*machine, *_drive(layer), "-drive", second, "-serial", "stdio", timeout=SECONDS)
    assert "installed" in said, said
    return layer


def layered(base: Path, layer: Path, kind: str = "qcow2") -> Path:
    """Make a disk that keeps what differs from another."""
    run("qemu-img", "create", "-q", "-f", "qcow2", "-F", kind, "-b", str(base), str(layer))
    return layer


def _drive(layer: Path) -> tuple[str, str]:
    return "-drive", f"file={layer},format=qcow2,if=virtio"


def _pack(to: Path) -> None:
    with tarfile.open(to, "w") as tar:
        tar.add(TREE, ".", filter=_ours)
        for name in PROJECT:
            tar.add(guest.ROOT / name, f"opt/bridgekit/{name}", filter=_ours)


def _ours(item: tarfile.TarInfo) -> tarfile.TarInfo | None:
    item.uid = item.gid = 0
    return None if item.name.endswith("__pycache__") else item
