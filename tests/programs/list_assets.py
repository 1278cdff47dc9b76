"""List the files of the installed package's assets."""

from importlib.resources import as_file, files

with as_file(files("bridgekit.assets")) as top:
    assert top.resolve() == top, "the assets are links out of the package"
    for path in sorted(path for path in top.rglob("*") if path.is_file()):
        print(path.relative_to(top))
