"""bridgekit: a live NIC on a bridge, kept across reboots, with netboot on it, and rolled back."""
