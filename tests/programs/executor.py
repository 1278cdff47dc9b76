"""Run the bridgekit command line; its guard is run by another Python: executor.py PYTHON VERB..."""

import sys

from bridgekit.cli import main

sys.executable = sys.argv[1]
sys.argv = ["bridgekit", *sys.argv[2:]]
main()
