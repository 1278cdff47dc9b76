"""What keeps clients from booting: checks, fixes and simulated clients."""
