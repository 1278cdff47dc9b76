"""The benchmarks run and print their tables; what they measure is for people to judge."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import pxe

BENCHMARKS = Path(__file__).parent.parent.parent / "benchmarks"


def table(*argv: str) -> list[str]:
    """Run a benchmark; return the rows that it prints, heads included."""
    command = (sys.executable, str(BENCHMARKS / argv[0]), *argv[1:])
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return [
        line for line in done.stdout.splitlines() if line.startswith("| ") and "---" not in line
    ]


@pytest.mark.all
@pytest.mark.parametrize("more", [("--rp-filter", "0,1"), ("--slaac",), ("--load",)])
def test_outage_prints_a_row_for_each_way(more: tuple[str, ...], tmp_path: Path) -> None:
    page, picture = tmp_path / "page.md", tmp_path / "outage.svg"
    page.write_text("<!-- some: begin -->\nold\n<!-- some: end -->\n")
    how = ("--runs", "1", "--rate", "100", "--ways", "apply,rollback", "--picture", str(picture))
    rows = table("outage.py", *how, *more, "--write", str(page), "--section", "some")
    result = [row for row in rows if row.startswith("| bridgekit ")]
    assert len(result) == (8 if "0,1" in more else 4)
    assert "| bridgekit apply" in page.read_text() and "old" not in page.read_text()
    assert picture.read_text().startswith("<svg")


@pytest.mark.all
def test_transition_time_prints_a_row_for_each_command() -> None:
    assert [
        row.split("|")[1].strip() for row in table("transition_time.py", "--runs", "1")[1:]
    ] == [
        "bridgekit apply",
        "bridgekit rollback",
    ]


@pytest.mark.all
def test_scale_prints_a_row_for_each_size() -> None:
    how = ("--ways", "plan,apply,recover,ip -batch,packed by hand", "--runs", "1")
    rows = table("scale.py", "--sizes", "100,200", *how)
    assert any(row.startswith("| 100 ") for row in rows)
    assert any(row.startswith("| 200 ") for row in rows)


@pytest.mark.all
def test_bootstorm_prints_a_row_for_each_way() -> None:
    pxe.ensure_root()
    rows = table("bootstorm.py", "--clients", "2", "--runs", "1")
    assert [row.split("|")[2].strip() for row in rows[1:]] == ["bridgekit", "dnsmasq alone"]
    assert rows[1].split("|")[5].strip() == "0"
