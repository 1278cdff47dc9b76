"""systemd, where it runs this machine: the guard's service, and one for the next boot.

A service outlives the session that asked for it, also where logind ends all of a session's
processes. The service for the next boot is there only while a transaction is not done.
"""

import contextlib
import sys
from pathlib import Path

from bridgekit.errors import BridgekitError
from bridgekit.system import atomic_file, systemd_unit
from bridgekit.system.namespaces import systemd_manages_us
from bridgekit.system.process import run

UNITS = Path("/etc/systemd/system")
WANTED_BY = "sysinit.target.wants"
GUARD = (
    "Type=exec",
    "Restart=on-failure",
    "RestartSec=1",
    "RestartPreventExitStatus=1 3",
    "KillSignal=SIGKILL",
    "OOMScoreAdjust=-1000",
    "StartLimitIntervalSec=0",
    "WatchdogSec=60",
    "WatchdogSignal=SIGKILL",
    "NotifyAccess=main",
)
RECOVER = """\
[Unit]
Description=Finish the bridgekit transaction {id}
DefaultDependencies=no
RequiresMountsFor=/etc/network {python} {folder}
After=local-fs.target
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
{environment}ExecStart={command}
"""


def start(name: str, argv: list[str]) -> None:
    """Start a service that is started again when it is killed.

    A dollar sign is doubled, for systemd expands it. Equivalent to: systemd-run ARGV
    """
    options = [f"--property={one}" for one in GUARD]
    options += [f"--setenv={key}={value}" for key, value in systemd_unit.environment()]
    words = (argv[0], *(word.replace("$", "$$") for word in argv[1:]))
    run("systemd-run", "--quiet", "--collect", f"--unit={name}", *options, "--", *words)


def arm(id: str, state_dir: Path) -> None:
    """Let the next boot run `recover` before it sets up any network."""
    if not systemd_manages_us():
        return
    argv = ("-P", "-m", "bridgekit", "recover", "--state-dir", str(state_dir))
    text = RECOVER.format(
        id=id,
        python=systemd_unit.quoted(sys.executable),
        folder=systemd_unit.quoted(str(state_dir)),
        environment=systemd_unit.environment_lines(),
        command=systemd_unit.command((sys.executable, *argv)),
    )
    unit, link = _places(id)
    link.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    atomic_file.write(unit, text.encode())
    with contextlib.suppress(FileExistsError):
        link.symlink_to(unit)
    atomic_file.sync_folder(link.parent)


def disarm(id: str) -> None:
    """Take away what `arm` made; what cannot be taken away does no harm at the next boot."""
    unit, link = _places(id)
    with contextlib.suppress(OSError, BridgekitError):
        atomic_file.remove_leftovers(unit)
        if link.is_symlink() or unit.exists():
            link.unlink(missing_ok=True)
            atomic_file.write(unit, None)


def armed(state_dir: Path) -> list[str]:
    """Return the ids of the transactions in this folder that have a service, or a part of one."""
    names = (path.name.lstrip(".") for path in UNITS.glob("*bridgekit-recover-*.service*"))
    ids = (name.removeprefix("bridgekit-recover-").partition(".service")[0] for name in names)
    return sorted({id for id in ids if (state_dir / id).is_dir()})


def _places(id: str) -> tuple[Path, Path]:
    name = f"bridgekit-recover-{id}.service"
    return UNITS / name, UNITS / WANTED_BY / name
