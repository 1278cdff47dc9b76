"""What the comparison of two states sees, field by field: change one, and exactly that comes.

The tables stand against the fields of the Structs: a new field without a row fails.
"""
