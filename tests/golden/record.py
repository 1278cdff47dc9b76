"""Play the sessions and write down how they go; see this package's first lines."""

import argparse
import os
from pathlib import Path

from bridgekit.lab.topology import Lab
from tests.golden.transcript import FOLDER, files, helps, played


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="default: all")
    given = parser.parse_args()
    known = helps()
    for file in set(FOLDER.glob("help/*.txt")) - known.keys():
        file.unlink()
    for file in given.files or sorted({*files(), *known}):
        session = file.read_text() if file.exists() else known[file]
        with Lab(f"golden{os.getpid()}") as lab:
            file.write_text(played(lab, session))
        print(file)


if __name__ == "__main__":
    main()
