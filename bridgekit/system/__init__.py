"""The operating system: processes, files, namespaces, signals, systemd. Nothing of networks."""
