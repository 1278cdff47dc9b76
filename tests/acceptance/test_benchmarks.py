"""The benchmarks run and print their tables; what they measure is for people to judge."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.all
def test_outage_prints_a_row_for_each_way() -> None:
    argv = (sys.executable, str(ROOT / "benchmarks/outage.py"), "--runs", "1", "--rate", "200")
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) == 5 and all(row.count("|") == 9 for row in rows)
