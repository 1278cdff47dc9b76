"""bridgekit: a live NIC onto a bridge, kept across reboots, with netboot on its wire, and back."""
