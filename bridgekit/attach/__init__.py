"""Interfaces of containers on a bridge or a NIC: the verbs attach and detach."""
