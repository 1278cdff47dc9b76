"""Decisions from values alone: plans, their operations, checks and their findings."""
