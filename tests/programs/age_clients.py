"""In the PXE service: what is noted of clients was that much earlier: age_clients.py SECONDS"""

import sqlite3
import sys

with sqlite3.connect("/var/lib/pxe/clients.sqlite") as notes:
    notes.execute("update seen set at = at - ?", (int(sys.argv[1]),))
