"""Every kind of finding has its section in docs/findings.md, and no section is left over."""

from collections import Counter

from bridgekit.planning.findings import REGISTRY
from tests.support import findings_doc


def test_the_page_is_what_the_registry_says() -> None:
    again = "write it anew with `python -m tests.support.findings_doc`"
    assert findings_doc.PAGE.read_text() == findings_doc.page(), again


def test_every_code_is_registered_once() -> None:
    codes = Counter(kind.code for kind in findings_doc.every_kind())
    assert len(REGISTRY) > 70
    assert [code for code, count in codes.items() if count > 1] == []


def test_a_finding_escapes_control_characters() -> None:
    finding = REGISTRY[0].finding("there is no interface \x1b[2J here")
    assert "\x1b" not in finding.message
