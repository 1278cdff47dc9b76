"""Mount a file system over the network as the kernel sees it: network_disk.py SERVER

Nobody serves it and nobody looks in. It stays until the input ends.
"""

import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
os.makedirs("/run/disk")
server = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={server},rootmode=40000,user_id=0,group_id=0".encode()
source = f"someone@{sys.argv[1]}:/data".encode()
if libc.mount(source, b"/run/disk", b"fuse.sshfs", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
print("ready", flush=True)
sys.stdin.read()
