"""The wheel, installed away from the checkout, has all it needs."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridgekit.lab import layout
from bridgekit.lab.host import PYTHON
from bridgekit.lab.topology import Lab
from tests.support.programs import program_text

CHECKOUT = Path(__file__).parents[2]
NOT_SOURCE = (".*", "__pycache__", "*.egg-info", "build", "dist")
GOLDEN = """\
auto br0
iface br0 inet static
      address 192.168.1.4
      netmask 255.255.255.0
      network 192.168.1.0
      broadcast 192.168.1.255
      gateway 192.168.1.1
      bridge_ports eth0
      bridge_stp off
      bridge_fd 0
"""


def call(*argv: str | Path, cwd: Path) -> str:
    """Run a program away from the checkout, with no Python path that leads back to it."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a fresh environment with the wheel in it, built from a copy of the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    shutil.copytree(CHECKOUT, source, symlinks=True, ignore=shutil.ignore_patterns(*NOT_SOURCE))
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    call(*PYTHON, *pip, "wheel", "--no-deps", "-w", place, source, cwd=place)
    shutil.rmtree(source)
    call(*PYTHON, "-m", "venv", place / "environment", cwd=place)
    python = place / "environment" / "bin" / "python"
    call(python, *pip, "install", *place.glob("*.whl"), cwd=place)
    return python


def assets(installed: Path) -> set[str]:
    """Return the files that are installed beside the modules."""
    listing = program_text("list_assets", python=str(installed))
    return set(call(*listing, cwd=Path("/")).splitlines())


def test_it_is_found_where_it_was_installed(installed: Path) -> None:
    where = call(
        installed, "-P", "-c", "import bridgekit; print(bridgekit.__file__)", cwd=Path("/")
    )
    assert Path(where).is_relative_to(installed.parents[1])
    assert "bridgekit" in call(installed.with_name("bridgekit"), "--version", cwd=Path("/"))


def test_everything_that_is_no_python_is_in_it(installed: Path) -> None:
    listed = assets(installed)
    for folder in ("pxe", "templates"):
        files = list(below(CHECKOUT / folder))
        assert files
        assert {str(path.relative_to(CHECKOUT)) for path in files} <= listed
    assert "Dockerfile" in listed


def test_the_build_context_is_complete(installed: Path) -> None:
    listed = assets(installed)
    lines = (CHECKOUT / "Dockerfile").read_text().splitlines()
    copied = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    files = {str(path.relative_to(CHECKOUT)) for word in copied for path in below(CHECKOUT / word)}
    assert len(files) > len(copied) > 1
    assert files <= listed


def below(path: Path) -> Iterator[Path]:
    """The file itself, or all files of the directory but Python's own caches."""
    found = path.rglob("*") if path.is_dir() else (path,)
    return (one for one in found if one.is_file() and one.suffix != ".pyc")


def test_it_finds_its_templates(installed: Path, make_lab: Callable[..., Lab]) -> None:
    lab = make_lab(host=layout.SIMPLE)
    environment = {"PYTHONPATH": ""}
    done = lab.run(
        "host", str(installed), "-P", "-m", "bridgekit", "interfaces", "eth0", env=environment
    )
    assert done.stdout == GOLDEN
