"""Routes as the kernel's own messages: one by one, and in blocks of thousands."""
