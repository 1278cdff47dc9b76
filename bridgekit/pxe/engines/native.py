"""The engine that needs no container engine: namespaces of our own around Debian's packages."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import asdict

from bridgekit.attach import addresses
from bridgekit.errors import BridgekitError
from bridgekit.pxe import files
from bridgekit.pxe.engines import processes, rootfs, uplink
from bridgekit.pxe.engines.processes import Process
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.log_wait import wait_for_line
from bridgekit.pxe.spec import PxeSpec
from bridgekit.system.atomic_file import write
from bridgekit.system.namespaces import current
from bridgekit.system.process import run
from bridgekit.system.progress import Say

PROGRAMS = ("ip", "nft", "nsenter", "unshare", "setpriv", "mount", "pivot_root", "tail")
NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
START_SECONDS = 120.0  # its files are read and compared first; a slow disk takes its time
NOBODY = 65534


class Native:
    """Runs pxe/bootserver in a read-only root, as nobody, with the three capabilities it needs."""

    name = "native"
    restarts = False

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def why_not(self, service: PxeSpec) -> str | None:
        """Only a missing program of the host's base system keeps native from working."""
        if missing := [name for name in PROGRAMS if not shutil.which(name, path=PATH)]:
            return f"The native engine misses {', '.join(missing)} on this host."
        if service.image:
            return "The native engine runs no image; leave --image out or take docker or podman."
        return None

    def ready(self, service: PxeSpec) -> bool:
        """The root file system is cached."""
        return rootfs.path_of(service, self._cache).is_dir()

    def build(self, service: PxeSpec, say: Say, fresh: bool = False) -> str:
        """Make the root file system if it is missing, or `fresh`."""
        return str(rootfs.ensure(service, self._cache, say, fresh))

    def start(self, service: PxeSpec, home: ServiceDir) -> None:
        """Start the service in new namespaces, then give it its way out."""
        shutil.copytree(files.asset("pxe"), home.path / "files", dirs_exist_ok=True)
        process = self._launch(service, home)
        write(home.path / "process.json", json.dumps(asdict(process)).encode())
        wait_for_line(self.follow(home, more=True), "pxe: waiting for", START_SECONDS)
        run(*addresses.inside(process.namespace), "ip", "link", "set", "lo", "up")
        if service.nat:
            self._way_out(process, home)

    def start_again(self, service: PxeSpec, home: ServiceDir) -> None:
        """Remove what is left of it and start it anew; its leases are kept."""
        if not self.pid(home):
            self.stop(home)
            (home.path / "log").replace(home.path / "log.before")
            self.start(service, home)

    def pid(self, home: ServiceDir) -> int | None:
        """The process that holds the service's namespaces."""
        process = _process(home)
        return process.pid if process and process.alive() else None

    def follow(self, home: ServiceDir, more: bool) -> tuple[str, ...]:
        """The log is a file; it ends with the service."""
        pid = self.pid(home)
        live = ("--follow", f"--pid={pid}") if more and pid else ()
        return ("tail", "--lines=+1", *live, str(home.path / "log"))

    def stop(self, home: ServiceDir) -> None:
        """End its processes; namespaces go with them. Then link, table and forwarding."""
        process = _process(home)
        if process:
            processes.end(process)
        if process and process.alive():
            raise BridgekitError(f"The PXE service's process {process.pid} can't be ended.")
        note = home.path / "uplink.json"
        if note.exists():
            uplink.down(uplink.Uplink(**json.loads(note.read_text())))
            note.unlink()
        if not any(_neighbours(home)):
            uplink.forwarding_back(_forwarding_note(home))

    def _launch(self, service: PxeSpec, home: ServiceDir) -> Process:
        log = os.open(home.path / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        dns = ("PXE_DNS", " ".join(addresses.resolvers()))
        tree = rootfs.path_of(service, self._cache)
        script = home.path / "files" / "run-native"
        kept = files.private_dir(home.path / "kept")
        os.chown(kept, NOBODY, NOBODY)
        places = (str(tree), str(kept), service.site or "")
        with os.fdopen(log, "w") as out:
            child = subprocess.Popen(
                (*_own_scope(home), "unshare", *NAMESPACES, "sh", str(script), *places),
                env={"PATH": PATH, **dict((dns, *service.settings))},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd="/",
            )
        began = processes.started(child.pid) or 0
        # a dead child that nobody waits for would still look alive to whoever follows its log
        threading.Thread(target=child.wait, daemon=True).start()
        return Process(child.pid, began)

    def _way_out(self, process: Process, home: ServiceDir) -> None:
        link = uplink.plan(home.name)
        write(home.path / "uplink.json", json.dumps(asdict(link)).encode())
        uplink.forwarding_on(_forwarding_note(home))
        switch = ("tee", "/proc/sys/net/ipv4/ip_forward")
        run(*addresses.inside(process.namespace), *switch, stdin="1")
        uplink.up(link, process.namespace)


def _process(home: ServiceDir) -> Process | None:
    try:
        return Process(**json.loads((home.path / "process.json").read_text()))
    except FileNotFoundError:
        return None


def _own_scope(home: ServiceDir) -> tuple[str, ...]:
    """Where systemd runs: out of the caller's unit, whose end would take the service along."""
    if not Path("/run/systemd/system").is_dir():
        return ()
    return ("systemd-run", "--scope", "--quiet", "--collect", f"--unit={home.name}")


def _forwarding_note(home: ServiceDir) -> Path:
    place = current()  # a note from before a reboot says nothing about this boot
    return home.path.parent / f"forwarding-{place.cookie:x}-{place.boot[:8]}.json"


def _neighbours(home: ServiceDir) -> Iterator[Path]:
    """Other services of the same network namespace that still have a way out."""
    namespace = home.name.rpartition("-")[2]
    return home.path.parent.glob(f"*-{namespace}/uplink.json")
