"""A Debian machine with Debian's own kernel, in QEMU: what other kernels lack is proven there.

Its disk is made once from Debian's packages and never changes: each run starts from it anew. The
machine has no network but what `devices` gives it. `systemd_guest` is another one, with systemd.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pyroute2
from msgspec import Struct

from bridgekit.lab import ifup
from bridgekit.pxe.engines.rootfs import debootstrap
from bridgekit.system.process import run as run_program

ROOT: Final = Path(__file__).parents[2]
INIT: Final = Path(__file__).with_name("guest-init")

SUITE: Final = "trixie"
KERNEL: Final = ("linux-image-amd64", "initramfs-tools", "lz4", "kmod")
NETWORK: Final = ("iproute2", "ifupdown", "bridge-utils", "procps")
TOOLS: Final = ("ethtool", "iputils-ping")
PYTHON: Final = ("python3-click", "python3-jinja2", "python3-msgspec", "python3-netaddr")
# Its initial file system needs the way to the disk only; a small one boots faster
_CONFIGURE: Final = (
    'mkdir -p "$1/etc/initramfs-tools/conf.d"',
    r'printf "%s\n" MODULES=list COMPRESS=lz4 > "$1/etc/initramfs-tools/conf.d/guest"',
    r'printf "%s\n" virtio_pci virtio_blk ext4 > "$1/etc/initramfs-tools/modules"',
)
DISK_SIZE: Final = "2G"  # of which only what is used takes place
MEMORY_MIB: Final = 1024
KERNEL_LINE: Final = "root=/dev/vda rw console=ttyS0 quiet panic=-1 net.ifnames=0 mitigations=off"


class Recipe(Struct, frozen=True):
    """What a guest's disk is made of: packages, programs of ours, and more options of mmdebstrap.

    `programs` are pairs of a place and a file.
    """

    packages: tuple[str, ...]
    programs: tuple[tuple[str, Path], ...]
    more: tuple[str, ...] = ()

    @property
    def options(self) -> tuple[str, ...]:
        return (
            f"--include={','.join(self.packages)}",
            *(f"--essential-hook={line}" for line in _CONFIGURE),
            *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "man", "locale")),
            *self.more,
        )

    @property
    def digest(self) -> str:
        texts = "".join(file.read_text() for _, file in self.programs)
        inputs = repr((SUITE, self.options, DISK_SIZE, texts, version("pyroute2")))
        return hashlib.sha256(inputs.encode()).hexdigest()[:12]


_UNPACK: Final = (
    "cd /var/cache/bridgekit/packages/{} && apt-get -q download {} &&"
    ' for one in *.deb; do dpkg -x "$one" . && rm "$one" || exit; done'
)
"""Where bridgekit.lab.packages looks for them: the guest could load none."""


def _dialects() -> Iterator[str]:
    for name, found in ifup.PACKAGES.items():
        yield f'mkdir -p "$1/var/cache/bridgekit/packages/{name}"'
        yield f'chroot "$1" sh -c {shlex.quote(_UNPACK.format(name, " ".join(found)))}'


PLAIN: Final = Recipe(
    packages=(*KERNEL, *NETWORK, *TOOLS, *PYTHON, "python3-pytest"),
    programs=(("sbin/guest-init", INIT),),
    more=tuple(f"--customize-hook={line}" for line in _dialects()),
)
"""Runs one program, without any other."""


class Result(Struct, frozen=True):
    """How a program ended in the guest, and all that it said."""

    code: int
    output: str


def run(*argv: str, share: Path, timeout: float, devices: Sequence[str] = ()) -> Result:
    """Boot the guest, run one program there as root, and return when the machine is off again.

    The program's directory is a copy of the checkout; `share` is /share there. `devices` are more
    arguments of QEMU. AssertionError, with what the console showed, if the machine is not off
    after `timeout` seconds (the making of its disk not counted) or never ran the program.
    """
    (share / "run").write_text(f"exec {shlex.join(argv)}\n")
    command = [*_machine(disk(PLAIN), share), *devices]
    quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen(command, stdin=quiet, stdout=pipe, stderr=subprocess.STDOUT) as qemu:
        try:
            console = qemu.communicate(timeout=timeout)[0]
        except subprocess.TimeoutExpired:
            qemu.kill()
            console = qemu.communicate()[0]
    said = (share / "output").read_text(errors="replace") if (share / "output").exists() else ""
    if not (share / "code").exists():
        seen = console.decode(errors="replace")[-4000:]
        raise AssertionError(f"the guest did not end well in {timeout:.0f} s: {seen}\n{said}")
    return Result(int((share / "code").read_text()), said)


def disk(recipe: Recipe = PLAIN) -> Path:
    """The directory with the guest's disk, kernel and initrd; made first if it is missing."""
    cache = Path(os.environ.get("BRIDGEKIT_CACHE_DIR") or ROOT / ".cache").absolute()
    made = cache / f"guest-{SUITE}-{recipe.digest}"
    if not made.is_dir():
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (cache / ".guest.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another builder is waited for
            if not made.is_dir():
                _make(made, recipe)
    return made


def _make(made: Path, recipe: Recipe) -> None:
    with tempfile.TemporaryDirectory(dir=made.parent, prefix=".guest-") as scratch:
        root, fresh = Path(scratch) / "root", Path(scratch) / "disk"
        debootstrap(SUITE, root, *recipe.options)
        for place, program in recipe.programs:
            shutil.copy(program, root / place)
            (root / place).chmod(0o755)
        _add_pyroute2(root)
        fresh.mkdir()
        for name in ("vmlinuz", "initrd.img"):
            shutil.copy(root / name, fresh / name)
        image = ("-d", str(root), "-E", "root_owner=0:0", str(fresh / "ext4"), DISK_SIZE)
        run_program("mke2fs", "-q", "-t", "ext4", *image, timeout=600)
        fresh.rename(made)


def _add_pyroute2(root: Path) -> None:
    """Debian's own is too old; it needs no compiler, so the one that is installed here will do."""
    here = Path(pyroute2.__file__).parent
    (there,) = (root / "usr/local/lib").glob("python3*/dist-packages")
    shutil.copytree(here, there / here.name, ignore=shutil.ignore_patterns("__pycache__"))
    place = Path("/") / there.relative_to(root)
    run_program(
        "chroot", str(root), "python3", "-P", "-m", "compileall", "-q", str(place), timeout=300
    )


def _machine(files: Path, share: Path) -> list[str]:
    return [
        *hardware(files, "init=/sbin/guest-init"),
        *("-serial", "stdio"),
        *("-drive", f"file={files}/ext4,format=raw,if=virtio,snapshot=on"),
        *folder("checkout", ROOT, "readonly=on"),
        *folder("share", share, "readonly=off"),
    ]


def hardware(files: Path, *kernel_words: str) -> list[str]:
    """QEMU's command for a machine that has a kernel, and neither disk nor segment."""
    # One processor: the kernel patches its own code as it runs, and QEMU 7.2 lets another see
    # that half done
    return [
        *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-nographic", "-no-reboot"),
        *("-accel", "tcg", "-cpu", "qemu64", "-smp", "1", "-m", str(MEMORY_MIB)),
        *("-monitor", "none", "-kernel", str(files / "vmlinuz")),
        *("-initrd", str(files / "initrd.img")),
        *("-append", " ".join((KERNEL_LINE, *kernel_words))),
    ]


def folder(tag: str, path: Path, access: str) -> tuple[str, str]:
    """QEMU's arguments for a folder of the host that the guest mounts by a tag."""
    return "-virtfs", f"local,path={path},mount_tag={tag},security_model=none,{access}"
