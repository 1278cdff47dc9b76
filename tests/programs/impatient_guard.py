"""Run the bridgekit command line with a guard that gives its executor five seconds."""

import sys

from bridgekit.cli import main
from bridgekit.transaction import guard

guard.CHANGE_SECONDS = 5
sys.argv = ["bridgekit", *sys.argv[1:][sys.argv[1:].index("guard") :]]
main()
