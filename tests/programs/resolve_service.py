"""Resolve the PXE service's settings for a bridge: resolve_service.py BRIDGE"""

import sys

from bridgekit.pxe.resolve import resolve
from bridgekit.pxe.spec import PxeSpec

resolve(PxeSpec(), sys.argv[1])
