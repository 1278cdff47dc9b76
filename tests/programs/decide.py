"""Write one event to the journal of a transaction: decide.py ID EVENT."""

import sys
from pathlib import Path

from msgspec import convert

from bridgekit.transaction.journal import Entry, Journal

transaction, event = sys.argv[1:]
Journal(Path("/var/lib/bridgekit", transaction)).write(convert({"event": event}, Entry))
