"""The commands that the hooks of interfaces(5) run: read, and sorted by the link they concern."""
