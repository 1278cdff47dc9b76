"""The engine that needs no container engine: namespaces of our own around Debian's packages."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from bridgekit.assets import asset
from bridgekit.attach import addresses
from bridgekit.errors import BridgekitError
from bridgekit.netlink.iproute import IpRoute
from bridgekit.pxe import files
from bridgekit.pxe.engines import rootfs, uplink
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.log_wait import wait_for_line
from bridgekit.pxe.spec import PxeSpec
from bridgekit.system import codec, started_process
from bridgekit.system.namespaces import current
from bridgekit.system.netns import inside
from bridgekit.system.progress import Report
from bridgekit.system.started_process import StartedProcess

PROGRAMS = ("ip", "nft", "nsenter", "unshare", "setpriv", "mount", "pivot_root", "tail")
NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
START_SECONDS = 120.0  # its files are read and compared first; a slow disk takes its time
NOBODY = 65534


class NativeEngine:
    """Runs pxe/bootserver in a read-only root, as nobody, with the three capabilities it needs."""

    name = "native"
    restarts = False

    def __init__(self, cache: Path) -> None:
        self._cache = cache

    def why_not(self, service: PxeSpec) -> str | None:
        """Only a missing program of the host's base system keeps native from working."""
        if missing := [name for name in PROGRAMS if not shutil.which(name, path=PATH)]:
            return f"the native engine needs {', '.join(missing)}, missing on this host"
        if service.image:
            return "the native engine runs no image: leave --image out, or take docker or podman"
        return None

    def is_ready(self, service: PxeSpec) -> bool:
        """Return whether the root file system is cached."""
        return rootfs.path_of(service, self._cache).is_dir()

    def build(self, service: PxeSpec, report: Report, fresh: bool = False) -> str:
        """Make the root file system if it is missing, or `fresh`."""
        return str(rootfs.ensure_root(service, self._cache, report, fresh))

    def start(self, service: PxeSpec, service_dir: ServiceDir) -> None:
        """Start the service in new namespaces, then make its uplink."""
        shutil.copytree(asset("pxe"), service_dir.path / "files", dirs_exist_ok=True)
        process = self._launch(service, service_dir)
        codec.write(service_dir.path / "process.json", process)
        wait_for_line(self.follow(service_dir, more=True), "pxe: waiting for", START_SECONDS)
        with inside(process.namespace), IpRoute() as ip:
            ip.set_up("lo")
        if service.nat:
            self._make_uplink(process, service_dir)

    def start_again(self, service: PxeSpec, service_dir: ServiceDir) -> None:
        """Remove what is left of it and start it anew; its leases are kept."""
        if not self.pid(service_dir):
            self.stop(service_dir)
            (service_dir.path / "log").replace(service_dir.path / "log.before")
            self.start(service, service_dir)

    def pid(self, service_dir: ServiceDir) -> int | None:
        """Return the process that holds the service's namespaces."""
        process = _read_process(service_dir)
        return process.pid if process and process.is_alive() else None

    def follow(self, service_dir: ServiceDir, more: bool) -> tuple[str, ...]:
        """Return the command that prints the log file, or follows it until the service ends."""
        pid = self.pid(service_dir)
        live = ("--follow", f"--pid={pid}") if more and pid else ()
        return ("tail", "--lines=+1", *live, str(service_dir.path / "log"))

    def stop(self, service_dir: ServiceDir) -> None:
        """End its processes; namespaces go with them. Then link, table and forwarding."""
        process = _read_process(service_dir)
        if process:
            started_process.terminate(process)
        if process and process.is_alive():
            raise BridgekitError(f"the PXE service's process {process.pid} does not end")
        file = service_dir.path / "uplink.json"
        if link := codec.read(file, uplink.Uplink):
            uplink.delete(link)
            file.unlink()
        if not any(_other_uplinks(service_dir)):
            uplink.restore_forwarding(_forwarding_file(service_dir))

    def _launch(self, service: PxeSpec, service_dir: ServiceDir) -> StartedProcess:
        log = os.open(service_dir.path / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        dns = ("PXE_DNS", " ".join(addresses.resolvers()))
        tree = rootfs.path_of(service, self._cache)
        script = service_dir.path / "files" / "run-native"
        kept = files.private_dir(service_dir.path / "kept")
        os.chown(kept, NOBODY, NOBODY)
        places = (str(tree), str(kept), service.site or "")
        with os.fdopen(log, "w") as out:
            child = subprocess.Popen(
                (*_systemd_scope(service_dir), "unshare", *NAMESPACES, "sh", str(script), *places),
                env={"PATH": PATH, **dict((dns, *service.settings))},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
                cwd="/",
            )
        began = started_process.start_time(child.pid) or 0
        # a dead child that nobody waits for would still look alive to whoever follows its log
        threading.Thread(target=child.wait, daemon=True).start()
        return StartedProcess(child.pid, began)

    def _make_uplink(self, process: StartedProcess, service_dir: ServiceDir) -> None:
        link = uplink.plan(service_dir.name)
        codec.write(service_dir.path / "uplink.json", link)
        uplink.enable_forwarding(_forwarding_file(service_dir))
        uplink.enable_forwarding_inside(process.namespace)
        uplink.create(link, process.namespace)


def _read_process(service_dir: ServiceDir) -> StartedProcess | None:
    return codec.read(service_dir.path / "process.json", StartedProcess)


def _systemd_scope(service_dir: ServiceDir) -> tuple[str, ...]:
    """Where systemd runs: out of the caller's unit, whose end would take the service along."""
    if not Path("/run/systemd/system").is_dir():
        return ()
    return ("systemd-run", "--scope", "--quiet", "--collect", f"--unit={service_dir.name}")


def _forwarding_file(service_dir: ServiceDir) -> Path:
    place = current()  # a note from before a reboot says nothing about this boot
    return service_dir.path.parent / f"forwarding-{place.cookie:x}-{place.boot[:8]}.json"


def _other_uplinks(service_dir: ServiceDir) -> Iterator[Path]:
    """Other services of the same network namespace that still have a way out."""
    namespace = service_dir.name.rpartition("-")[2]
    return service_dir.path.parent.glob(f"*-{namespace}/uplink.json")
