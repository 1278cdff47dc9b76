"""Checks of a network state before a migration, each yielding findings."""
