"""What runs the PXE service: Docker, podman, or namespaces of our own."""
