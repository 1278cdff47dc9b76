"""The PXE service: what runs inside the container. Standard library and Jinja only.

Its pure parts (settings, subnet, catalogue, machines, menus, daemons, answers) are used by
bridgekit on the host, too, to check and to preview; __main__ is the service itself.
"""
