"""Wait until a process that need not be a child ends: wait_for_process.py PID"""

import os
import select
import sys
from contextlib import suppress

with suppress(ProcessLookupError):
    select.select([os.pidfd_open(int(sys.argv[1]))], [], [])
