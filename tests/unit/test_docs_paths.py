"""Every file, folder, module and link target that the documents name is in the tree."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_OURS = {".git", ".venv", ".cache", ".hypothesis", "__pycache__", "bridgekit.egg-info", "build"}
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
QUOTED = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"[\w.-]*(/[\w.-]+)+/?|[\w.-]+/|[\w-]+\.(py|j2|md|toml|cfg)")
MODULE = re.compile(r"(bridgekit|benchmarks|tests)(\.\w+)+")
NAME_IN_FILE = re.compile(r"`([\w./]+)` \(`(\w+)`\)")
"""As the map of CONTRIBUTING.md says where something stands: a file, and a name in it."""
ELSEWHERE = {"site/", "sources.toml"}
"""The user's own folder of the PXE service."""


def tree() -> set[str]:
    """Return the path of every file and every folder that holds one, below the root."""
    found = set[str]()
    for folder, folders, files in os.walk(ROOT):
        folders[:] = set(folders) - NOT_OURS
        here = Path(folder).relative_to(ROOT)
        links = [one for one in folders if (Path(folder) / one).is_symlink()]
        for name in (*files, *links):
            found.update(str(one) for one in (here / name, *(here / name).parents))
    return found


TREE = tree()


def is_in_tree(path: str) -> bool:
    """Return if it is a path from the root, from a room or from a folder of one."""
    name = path.rstrip("/").replace("bridgekit/bootserver", "pxe/bootserver")
    return any(known == name or known.endswith(f"/{name}") for known in TREE)


def quoted_paths(text: str) -> Iterator[str]:
    """Yield what stands in back-ticks and is a relative path, outside of fenced blocks."""
    for words in QUOTED.findall(FENCED.sub("", text)):
        if words not in ELSEWHERE and PATH.fullmatch(words) and not words.startswith(("/", "net/")):
            yield words


def quoted_modules(text: str) -> Iterator[str]:
    """Yield the path of each dotted module in back-ticks, also behind `python -m`."""
    for words in QUOTED.findall(FENCED.sub("", text)):
        yield from (match[0].replace(".", "/") for match in MODULE.finditer(words))


def links(text: str) -> Iterator[str]:
    """Yield the target of each link to a file."""
    targets = (target.partition("#")[0] for target in LINK.findall(text) if "://" not in target)
    return (target for target in targets if target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_in_the_tree(page: Path) -> None:
    text = page.read_text()
    gone = {path for path in quoted_paths(text) if not is_in_tree(path)}
    gone |= {
        path
        for path in quoted_modules(text)
        if not is_in_tree(path) and not is_in_tree(f"{path}.py")
    }
    gone |= {path for path in links(text) if not (page.parent / path).exists()}
    assert not gone, f"{page.relative_to(ROOT)} names what is not in the tree: {sorted(gone)}"


def test_the_map_names_what_its_files_have() -> None:
    named = NAME_IN_FILE.findall((ROOT / "CONTRIBUTING.md").read_text())
    assert named
    gone = [
        (path, name)
        for path, name in named
        if not re.search(rf"\b{name}\b", (ROOT / path).read_text())
    ]
    assert not gone, f"CONTRIBUTING.md names what these files have not: {gone}"


def test_a_path_that_is_gone_is_noticed() -> None:
    text = "`model/wire.py`, `detour.py`, `netboot/`, `bridgekit.model`, `10.0.0.0/8`, `/etc/fstab`"
    assert [path for path in quoted_paths(text) if not is_in_tree(path)] == [
        "model/wire.py",
        "detour.py",
        "netboot/",
        "10.0.0.0/8",
    ]
    assert list(quoted_modules(text)) == ["bridgekit/model"]
