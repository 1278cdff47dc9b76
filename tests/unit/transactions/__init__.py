"""Transactions on a machine in memory: the target or the state before, whatever happens between."""
