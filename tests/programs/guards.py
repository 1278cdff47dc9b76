"""Wait until the guards of all transactions end, or of the one named: guards.py [kill|ID]

A connection to a guard ends when the guard does. Prints "there" once it is connected to the
first; with `kill` it ends that guard.
"""

import glob
import os
import signal
import socket
import struct
import sys
from contextlib import suppress

wanted = sys.argv[1] if len(sys.argv) > 1 else ""
pattern = wanted if wanted not in ("", "kill") else "*"
for path in glob.glob(f"/var/lib/bridgekit/{pattern}/guard.sock"):
    with suppress(OSError), socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        print("there", flush=True)
        if wanted == "kill":
            peer = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            os.kill(struct.unpack("=iII", peer)[0], signal.SIGKILL)
        line.recv(1)
