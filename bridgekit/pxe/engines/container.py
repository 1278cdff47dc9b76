"""The engines Docker and podman, which take the same arguments."""

import shutil
from pathlib import Path

from bridgekit.attach.container import container_pid, inspect
from bridgekit.pxe.engines import image
from bridgekit.pxe.files import ServiceDir
from bridgekit.pxe.spec import PxeSpec
from bridgekit.system.process import CommandError, run
from bridgekit.system.progress import Report

# it keeps the first three, and needs the others to give up what it does not need
CAPABILITIES = ("NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE", "SETUID", "SETGID", "SETPCAP")
NETWORKS = {"docker": "bridge", "podman": "podman"}


class ContainerEngine:
    """Runs the image with a read-only root and no more rights than it needs."""

    def __init__(self, name: str, cache: Path) -> None:
        self._name = name
        self._cache = cache

    @property
    def name(self) -> str:
        """The engine's name, which is its program's too."""
        return self._name

    restarts = True

    def why_not(self, spec: PxeSpec) -> str | None:
        """Return what is missing: the program, its engine, or the network for NAT."""
        if not shutil.which(self._name):
            return f"{self._name} is not installed"
        try:
            run(self._name, "info", "--format", "{{json .}}", timeout=30)
        except CommandError as error:
            return f"{self._name}'s engine does not work: {error}"
        if spec.nat and not self._has_network():
            return f"{self._name} has no network for the clients' NAT; --no-nat goes without"
        return None

    def is_ready(self, spec: PxeSpec) -> bool:
        """Return whether the image exists and is as new as its files."""
        return image.is_ready(self._name, spec)

    def build(self, spec: PxeSpec, report: Report, fresh: bool = False) -> str:
        """Build the image if it is missing or older than its files, or `fresh`."""
        return image.ensure_image(self._name, spec, self._cache, report, fresh)

    def start(self, spec: PxeSpec, service_dir: ServiceDir) -> None:
        """Start the container.

        Equivalent to: docker run --detach --cap-add NET_ADMIN … IMAGE
        """
        environment = (f"--env={key}={value}" for key, value in spec.settings)
        run(
            *(self._name, "run", "--detach", f"--name={service_dir.name}"),
            f"--network={NETWORKS[self._name] if spec.nat else 'none'}",
            "--cap-drop=ALL",
            *(f"--cap-add={capability}" for capability in CAPABILITIES),
            "--security-opt=no-new-privileges",
            *("--read-only", "--tmpfs=/run:rw,nosuid,nodev,noexec,mode=755"),
            f"--volume={service_dir.name}:/var/lib/pxe",
            *((f"--volume={spec.site}:/srv/site:ro",) if spec.site else ()),
            "--restart=unless-stopped",
            "--sysctl=net.ipv4.ip_forward=1",
            *environment,
            image.name_of(spec),
        )

    def start_again(self, spec: PxeSpec, service_dir: ServiceDir) -> None:
        """Start the stopped container. Equivalent to: `docker start NAME`."""
        run(self._name, "start", service_dir.name)

    def pid(self, service_dir: ServiceDir) -> int | None:
        """Return the container's first process by the host's id."""
        return container_pid(self._name, service_dir.name)

    def follow(self, service_dir: ServiceDir, more: bool) -> tuple[str, ...]:
        """Return the log command. Equivalent to: `docker logs --follow NAME`."""
        return (self._name, "logs", *(("--follow",) if more else ()), service_dir.name)

    def stop(self, service_dir: ServiceDir) -> None:
        """Remove the container and its volume. Equivalent to: `docker rm --force NAME`."""
        if inspect(self._name, service_dir.name, "{{.Id}}"):
            run(self._name, "rm", "--force", "--volumes", service_dir.name)
        if run(self._name, "volume", "ls", "--quiet", f"--filter=name={service_dir.name}").split():
            run(self._name, "volume", "rm", service_dir.name)

    def _has_network(self) -> bool:
        try:
            run(self._name, "network", "inspect", NETWORKS[self._name])
        except CommandError:
            return False
        return True
