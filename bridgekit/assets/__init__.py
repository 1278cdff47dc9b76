"""The files that ship with the package: links to templates/, pxe/ and Dockerfile in a checkout."""
