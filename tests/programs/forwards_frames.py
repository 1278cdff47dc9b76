"""Print whether the bridge br0 forwards frames to eth0, as `apply` looks for it."""

from bridgekit.host import machine

print(machine.forwards_frames("br0", "eth0"))
