"""The kernel's messages: read links, addresses, routes and sockets, and ask for changes."""
