"""Bring up a lab, print the process ids of its hosts, and wait for a line: lab_owner.py NAME"""

import sys

from bridgekit.lab.topology import Lab

with Lab(sys.argv[1]) as lab:
    print(*(host.pid for host in lab.hosts.values()), flush=True)
    input()
