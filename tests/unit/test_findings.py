"""Every finding's code has its section in docs/findings.md, and no section is left over."""

import re
from pathlib import Path

from bridgekit.planning.checks import dependencies, managers

ROOT = Path(__file__).parent.parent.parent


def test_every_code_is_explained() -> None:
    sources = [*ROOT.glob("bridgekit/planning/**/*.py"), *ROOT.glob("bridgekit/application/*.py")]
    text = "\n".join(path.read_text() for path in sources)
    calls = re.findall(r'(?:Finding\(\s*"\w+",|refuse\()\s*"([a-z0-9-]+)"', text)
    codes = {*calls, *(f"owned-by-{owner}" for owner in managers.ADVICE)}
    codes |= {code for code, _, _ in dependencies.WARNINGS.values()}
    sections = re.findall(r"^## (\S+)$", (ROOT / "docs/findings.md").read_text(), re.MULTILINE)
    assert len(codes) > 20
    assert sorted(sections) == sorted(codes)
