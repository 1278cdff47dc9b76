"""The kernel's numbers by the names of its user-space headers (uapi), one module per header.

They are plain integers, so that using one costs no more than a literal. pyroute2 has most of
them, too, but takes longer to import than this program to start: it is the witness of the tests.
"""
