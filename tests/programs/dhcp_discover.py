"""Print the DHCP servers that answer on a link, as JSON: dhcp_discover.py NIC"""

import json
import sys

from bridgekit.bootserver.dhcp_discovery import discover

found = discover(sys.argv[1])
print(json.dumps([[one.server, one.offered, one.mac, one.router] for one in found]))
