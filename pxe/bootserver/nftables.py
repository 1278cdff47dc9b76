"""nftables tables in the service's own network namespace. nft(8)."""

import subprocess


def load_table(name: str, text: str = "") -> str:
    """Replace a table (`ip pxe`), or without a text delete it; return what went wrong."""
    empty = f"table {name}\ndelete table {name}\n"
    whole = f"{empty}table {name} {{\n{text}}}\n" if text else empty
    argv = ("nft", "-f", "-")
    done = subprocess.run(argv, input=whole, capture_output=True, text=True, check=False)
    return f"nft failed: {done.stderr.strip()}" if done.returncode else ""
