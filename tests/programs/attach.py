"""Call `attach` itself, past the command line's own checks: attach.py BRIDGE CONTAINER SPEC..."""

import sys

from bridgekit.attach.attach import attach
from bridgekit.attach.spec import parse_spec
from bridgekit.errors import BridgekitError

bridge, container, *spec = sys.argv[1:]
try:
    attach(bridge, container, parse_spec(tuple(spec)))
except BridgekitError as error:
    print(error)
    sys.exit(error.exit_code)
