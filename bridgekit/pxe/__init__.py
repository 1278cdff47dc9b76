"""The PXE service on the host: its settings, life cycle, record and status."""
