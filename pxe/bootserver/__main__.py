"""The service's program: `python3 -m bridgekit.bootserver` serves; with `health` it checks itself.

Needs the capabilities NET_ADMIN, NET_RAW and NET_BIND_SERVICE, and no other right.
"""

import asyncio
import os
import signal
import sys
from contextlib import suppress

from . import manifest, settings, site
from .daemons import PERSISTENT, RUN
from .health import find_problem
from .server import log, serve
from .supervisor import CrashLoopError

REFUSED = 2


def main() -> int:
    """Serve until stopped; return 2 for bad settings or files, 1 for a daemon's failure."""
    if sys.argv[1:] == ["health"]:
        problem = find_problem()
        print(problem or "well")
        return 1 if problem else 0
    try:
        checked = settings.read_settings(os.environ)
        files = manifest.verify(manifest.NAME, settings.TREE)
        offered = site.read_site(checked, settings.TREE, settings.SITE)
    except settings.SettingsError as error:
        log(f"refused: {error}")
        return REFUSED
    log(f"{files} files are as recorded when this was built; {len(offered.entries)} entries")
    for folder in (RUN, PERSISTENT):
        folder.mkdir(parents=True, exist_ok=True)
    code = 0
    try:
        asyncio.run(_serve_until_signal(checked, offered))
    except* CrashLoopError as errors:
        log(str(errors.exceptions[0]))
        code = 1
    log("stopped")
    return code


async def _serve_until_signal(checked: settings.Settings, offered: site.Site) -> None:
    work = asyncio.create_task(serve(checked, offered))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    with suppress(asyncio.CancelledError):
        await work


sys.exit(main())
