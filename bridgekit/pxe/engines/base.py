"""The protocol of engines that run the service, and the choice of one."""

from pathlib import Path
from typing import Protocol

from bridgekit.errors import BridgekitError, RefusedError
from bridgekit.pxe.engines.container import ContainerEngine
from bridgekit.pxe.engines.native import NativeEngine
from bridgekit.pxe.files import ServiceDir, cache_dir
from bridgekit.pxe.spec import PxeSpec
from bridgekit.system.process import CommandError
from bridgekit.system.progress import Report

UNCHANGED = "nothing was changed"


class Engine(Protocol):
    """Runs one PXE service, named after its service directory, until it is stopped."""

    @property
    def name(self) -> str:
        """The engine's name on the command line."""

    @property
    def restarts(self) -> bool:
        """Whether the engine itself restarts a service that has ended, within one boot."""

    def why_not(self, spec: PxeSpec) -> str | None:
        """Return why this engine cannot run the service on this host; None if it can."""

    def is_ready(self, spec: PxeSpec) -> bool:
        """Return whether the image or root file system exists and is current."""

    def build(self, spec: PxeSpec, report: Report, fresh: bool = False) -> str:
        """Build the image or root if it is missing or `fresh`; return its name or path."""

    def start(self, spec: PxeSpec, service_dir: ServiceDir) -> None:
        """Start it, without its clients' interface."""

    def start_again(self, spec: PxeSpec, service_dir: ServiceDir) -> None:
        """Start what `start` once made and what has ended; running already is fine."""

    def pid(self, service_dir: ServiceDir) -> int | None:
        """Return a process inside its network namespace; None when it does not run."""

    def follow(self, service_dir: ServiceDir, more: bool) -> tuple[str, ...]:
        """Return the command that prints its log, and with `more` follows it."""

    def stop(self, service_dir: ServiceDir) -> None:
        """Stop it and remove all that `start` made; does nothing without a service."""


def get_engine(name: str, state: Path) -> Engine:
    """Return the engine of that name; `auto` is none."""
    cache = cache_dir(state)
    return NativeEngine(cache) if name == "native" else ContainerEngine(name, cache)


def choose_engine(spec: PxeSpec, state: Path, report: Report) -> Engine:
    """Return the engine that the spec names, ready to start; for `auto` the first able one.

    What is ready goes before what would have to be built, and a failed build is not the end.
    """
    names = ("docker", "podman", "native") if spec.engine == "auto" else (spec.engine,)
    engines = [get_engine(name, state) for name in names]
    reasons = [engine.why_not(spec) for engine in engines]
    able = [one for one, reason in zip(engines, reasons, strict=True) if reason is None]
    if not able:
        raise RefusedError(f"{'; '.join(filter(None, reasons))}; {UNCHANGED}")
    ready = next((engine for engine in able if engine.is_ready(spec)), None)
    return ready or _build_first(able, spec, report)


def _build_first(able: list[Engine], spec: PxeSpec, report: Report) -> Engine:
    """Return the first engine whose image or root can be built. Raises the last one's error."""
    for candidate in able[:-1]:
        try:
            candidate.build(spec, report)
        except BridgekitError as error:
            report(f"{error}; trying the next engine")
        else:
            return candidate
    try:
        able[-1].build(spec, report)
    except CommandError as error:
        raise RefusedError(
            f"the image or root file system cannot be built: {error}; {UNCHANGED}"
        ) from error
    return able[-1]
