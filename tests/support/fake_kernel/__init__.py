"""A network namespace in memory, as strict as the kernel: it refuses what the kernel refuses.

Each method is one request of rtnetlink(7) or one write below /proc/sys, with what the kernel does
beside it: routes that come and go with addresses and links. tests/netns/test_fake_machine.py runs
the same plans here and on a real kernel and compares.
"""

from tests.support.fake_kernel.links import FakeKernel
from tests.support.fake_kernel.messages import kernel_route
from tests.support.fake_kernel.state import refuse

__all__ = ["FakeKernel", "kernel_route", "refuse"]
