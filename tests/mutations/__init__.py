"""Breakages of the product, and whether its tests notice: run by script/mutate."""
