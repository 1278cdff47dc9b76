"""How long other DHCP servers count as present: each by itself, and those without a name."""

from bridgekit.bootserver.dhcp_discovery import DhcpOffer
from bridgekit.bootserver.offer_guard import (
    MAX_NAMED,
    QUERIES_BEFORE_OFFERING,
    QUERIES_UNTIL_GONE,
    ServerTracker,
)


def server(number: int) -> DhcpOffer:
    return DhcpOffer(f"192.0.2.{number}", "192.0.2.200", f"02:00:00:00:00:{number:02x}")


def named(servers: ServerTracker) -> list[str]:
    return [offer.server for offer in servers.named.values()]


def test_nobody_is_known_before_it_was_asked() -> None:
    servers = ServerTracker((4, 6))
    for version in (4, 6):
        for _ in range(QUERIES_BEFORE_OFFERING):
            assert servers
            servers.end_query(version)
    assert not servers


def test_one_of_two_leaves() -> None:
    servers = ServerTracker((4,))
    assert servers.add(4, server(1)) and servers.add(4, server(2))
    for _ in range(QUERIES_UNTIL_GONE):
        assert named(servers) == ["192.0.2.1", "192.0.2.2"]
        assert not servers.add(4, server(2))
        servers.end_query(4)
    assert named(servers) == ["192.0.2.2"]
    for _ in range(QUERIES_UNTIL_GONE - 1):
        assert servers
        servers.end_query(4)
    assert not servers


def test_a_question_of_the_other_version_tells_nothing() -> None:
    servers = ServerTracker((4, 6))
    servers.add(6, server(1))
    for _ in range(QUERIES_UNTIL_GONE):
        servers.end_query(4)
    assert named(servers) == ["192.0.2.1"]


def test_more_than_are_named() -> None:
    """They keep it silent, but do not fill its memory."""
    servers = ServerTracker((4,))
    news = [servers.add(4, server(number)) for number in range(MAX_NAMED + 3)]
    assert news.count(True) == MAX_NAMED == len(named(servers))
    for _ in range(QUERIES_UNTIL_GONE - 1):
        servers.end_query(4)
    assert not servers.add(4, server(MAX_NAMED))
    servers.end_query(4)
    assert (servers.named, bool(servers)) == ({}, True)
    for _ in range(QUERIES_UNTIL_GONE - 1):
        servers.end_query(4)
    assert not servers
