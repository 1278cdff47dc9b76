"""DHCP clients: which can be handed over to another link, and ending and starting them.

What processes and lease files say may be anything.
"""
