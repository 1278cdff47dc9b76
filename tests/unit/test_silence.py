"""How long other DHCP servers count as there: each for itself, and those without a name."""

from bridgekit.bootserver.dhcp_discovery import DhcpOffer
from bridgekit.bootserver.offer_guard import (
    MAX_NAMED,
    QUERIES_BEFORE_OFFERING,
    QUERIES_UNTIL_GONE,
    ServerTracker,
)


def server(number: int) -> DhcpOffer:
    return DhcpOffer(f"192.0.2.{number}", "192.0.2.200", f"02:00:00:00:00:{number:02x}")


def named(others: ServerTracker) -> list[str]:
    return [offer.server for offer in others.named.values()]


def test_nobody_is_known_before_it_was_asked() -> None:
    others = ServerTracker((4, 6))
    for version in (4, 6):
        for _ in range(QUERIES_BEFORE_OFFERING):
            assert others
            others.asked(version)
    assert not others


def test_one_of_two_leaves() -> None:
    others = ServerTracker((4,))
    assert others.heard(4, server(1)) and others.heard(4, server(2))
    for _ in range(QUERIES_UNTIL_GONE):
        assert named(others) == ["192.0.2.1", "192.0.2.2"]
        assert not others.heard(4, server(2))
        others.asked(4)
    assert named(others) == ["192.0.2.2"]
    for _ in range(QUERIES_UNTIL_GONE - 1):
        assert others
        others.asked(4)
    assert not others


def test_a_question_of_the_other_version_tells_nothing() -> None:
    others = ServerTracker((4, 6))
    others.heard(6, server(1))
    for _ in range(QUERIES_UNTIL_GONE):
        others.asked(4)
    assert named(others) == ["192.0.2.1"]


def test_more_than_are_named() -> None:
    """They keep it silent, but do not fill its memory."""
    others = ServerTracker((4,))
    news = [others.heard(4, server(number)) for number in range(MAX_NAMED + 3)]
    assert news.count(True) == MAX_NAMED == len(named(others))
    for _ in range(QUERIES_UNTIL_GONE - 1):
        others.asked(4)
    assert not others.heard(4, server(MAX_NAMED))
    others.asked(4)
    assert (others.named, bool(others)) == ({}, True)
    for _ in range(QUERIES_UNTIL_GONE - 1):
        others.asked(4)
    assert not others
