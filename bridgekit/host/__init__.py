"""What touches the machine: read its state, and carry out operations on it."""
