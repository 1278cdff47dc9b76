"""Wait until the guards of all transactions end, or of the one named: guards.py [SIGNAL|ID]

A connection to a guard ends when the guard does. Prints "there" once it is connected to the
first. SIGNAL is kill, stop or cont: each guard is sent it, and after kill its end is waited for.
"""

import glob
import os
import signal
import socket
import struct
import sys
from contextlib import suppress

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP, "cont": signal.SIGCONT}

wanted = sys.argv[1] if len(sys.argv) > 1 else ""
pattern = "*" if wanted in ("", *SIGNALS) else wanted
for path in glob.glob(f"/var/lib/bridgekit/{pattern}/guard.sock"):
    with suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        print("there", flush=True)
        if wanted in SIGNALS:
            peer = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            os.kill(struct.unpack("=iII", peer)[0], SIGNALS[wanted])
        if wanted not in ("stop", "cont"):
            line.recv(1)
