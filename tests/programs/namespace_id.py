"""Print the boot id, and the cookie of the network namespace (SO_NETNS_COOKIE)."""

import socket
from pathlib import Path

SO_NETNS_COOKIE = 71  # socket(7)
with socket.socket() as any_socket:
    cookie = any_socket.getsockopt(socket.SOL_SOCKET, SO_NETNS_COOKIE, 8)
boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
print(boot, int.from_bytes(cookie, "little"))
