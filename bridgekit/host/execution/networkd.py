"""Operations on what systemd-networkd manages."""

from pathlib import Path

from bridgekit.host.execution.context import Context
from bridgekit.planning import operations as op
from bridgekit.system import atomic_file, namespaces
from bridgekit.system.process import CommandError, run

SECONDS = 20
RELOAD = ("networkctl", "reload")
RESTART = ("systemctl", "try-restart", "systemd-networkd.service")


def set_unmanaged(operation: op.SetUnmanaged, context: Context) -> None:
    """Write the file and have networkd read it; without links, remove it and start networkd anew.

    A reload would give the NIC its addresses anew; a networkd that starts takes over those that
    are there. While rolling back, one that does not run is no fault: it reads its files when it
    starts.
    """
    path = Path(operation.path)
    argv: tuple[str, ...] = RELOAD
    if operation.links:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        atomic_file.write(path, operation.content.encode())
        path.chmod(0o644)  # networkd is not root
    else:
        atomic_file.write(path, None)
        argv = RESTART if namespaces.systemd_manages_us() else ()
    try:
        if argv:
            run(*argv, timeout=SECONDS)
    except CommandError:
        if not context.rolling_back:
            raise
