"""`python -m bridgekit`, the same as the `bridgekit` command."""

from bridgekit.cli import main

if __name__ == "__main__":
    main()
