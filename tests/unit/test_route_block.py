"""Routes kept as one and a list: the same routes, however they are kept."""

import random
import struct
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from bridgekit.state import nlattr
from bridgekit.state.address import IPV4, IPV6
from bridgekit.state.routes import dump_parser
from bridgekit.state.routes.block import RouteBlock
from bridgekit.state.routes.dump_parser import MIN_BLOCK, RouteDumpParser
from bridgekit.state.routes.message import RTMSG
from bridgekit.state.routes.route_set import RouteSet
from bridgekit.uapi.rtnetlink import RTA_DST, RTA_GATEWAY, RTA_OIF, RTA_PRIORITY, RTA_TABLE
from tests.builders import GATEWAY_IP, OTHER_GATEWAY_IP, local, route

HEAD = struct.Struct("=IHHII")
NAMES = ((2, "eth0"), (3, "eth1"), (9, "br0"))


def route6(link: int, number: int, metric: int = 1024) -> bytes:
    """An IPv6 route message of the main table, as the kernel orders it."""
    message = RTMSG.pack(IPV6, 64, 0, 0, 254, 4, 0, 1, 0) + nlattr.pack_u32(RTA_TABLE, 254)
    message += nlattr.pack(RTA_DST, number.to_bytes(8) + bytes(8)) + nlattr.pack_u32(
        RTA_PRIORITY, metric
    )
    return (
        message + nlattr.pack(RTA_GATEWAY, b"\xfe\x80" + bytes(14)) + nlattr.pack_u32(RTA_OIF, link)
    )


def table() -> list[bytes]:
    """Routes of two routers by turns, of both families, some with a place in common."""
    chance, found = random.Random(1), []
    for number in range(300):
        gateway = chance.choice((GATEWAY_IP, OTHER_GATEWAY_IP))
        found.append(route(2, struct.pack(">I", (10 << 24) + 256 * number), 24, gateway))
        if number % 50 == 7:
            found.append(route(3, struct.pack(">I", (10 << 24) + 256 * number), 24, gateway))
    found += [
        route(3, struct.pack(">I", (11 << 24) + number), 32) for number in range(MIN_BLOCK - 1)
    ]
    found += [local(2, f"192.168.7.{number}") for number in range(100)]
    for number in range(100, 300):
        found.append(route6(2, number))
        found += [route6(2, number, metric=2000)] if number % 2 else []
    return found


def chunk(messages: Sequence[bytes], sequence: int = 7) -> bytes:
    parts = (HEAD.pack(16 + len(m), 24, 2, sequence, 1) + m for m in messages)
    return b"".join(parts)


def of_a_family(messages: Sequence[bytes], family: int) -> list[bytes]:
    return [message for message in messages if message[0] == family]


def gathered_by_chunks(messages: Sequence[bytes], size: int) -> RouteSet:
    made = RouteDumpParser()
    for at in range(0, len(messages), size):
        data = chunk(messages[at : at + size])
        taken = made.feed(data, HEAD.size)
        while taken < len(data):
            length = nlattr.u32(data, taken)
            made.append(data[taken + HEAD.size : taken + length])
            taken += length
    return replace(made.result(), names=NAMES)


def gathered(messages: Sequence[bytes]) -> RouteSet:
    made = RouteDumpParser()
    for message in messages:
        made.append(message)
    return replace(made.result(), names=NAMES)


@pytest.mark.parametrize("family", [IPV4, IPV6])
def test_no_route_is_lost_or_changed(family: int) -> None:
    messages = of_a_family(table(), family)
    routes = gathered(messages)
    assert sorted(routes.all_messages()) == sorted(messages)
    assert len(routes) == len(messages) and sum(map(len, routes.blocks)) > 190


@pytest.mark.parametrize("family", [IPV4, IPV6])
@pytest.mark.parametrize("size", [1, 2, 3, 50, 10_000])
def test_many_at_a_time_is_the_same(size: int, family: int) -> None:
    messages = of_a_family(table(), family)
    assert gathered_by_chunks(messages, size) == gathered(messages)


def test_routes_of_one_place_are_listed_one_by_one_in_their_order() -> None:
    ipv4 = of_a_family(table(), IPV4)
    places = [message[:28] for message in ipv4]
    crowded = [message for message in ipv4 if places.count(message[:28]) > 1]
    assert len(crowded) == 12
    found = gathered(ipv4).messages
    assert [m for m in found if m in crowded] == crowded


def test_fewer_are_listed_one_by_one() -> None:
    assert gathered([route(2, bytes([10, 0, 0, n]), 32) for n in range(MIN_BLOCK - 1)]).blocks == ()
    assert len(gathered([route(2, bytes([10, 0, 0, n]), 32) for n in range(MIN_BLOCK)]).blocks) == 1


def test_routes_of_one_place_with_a_metric_each_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two for each destination, of which the second waits: both are the only one of their place."""
    monkeypatch.setattr(dump_parser, "MIN_BLOCK", 1)
    routes = gathered([route6(2, n, metric) for n in range(9) for metric in (1, 2)])
    assert sorted(map(len, routes.blocks)) == [9, 9] and routes.messages == ()


def test_what_the_kernel_makes_is_listed_one_by_one() -> None:
    """It comes and goes with addresses and links."""
    added = [route(2, bytes([10, 0, 0, n]), 32) for n in range(MIN_BLOCK)]
    made = [route(2, bytes([10, 0, 1, n]), 32, protocol=2) for n in range(MIN_BLOCK)]
    found = gathered([*added, *made])
    assert (found.messages, len(found.blocks)) == (tuple(made), 1)


def test_joined_messages_of_several_lengths() -> None:
    sample = route(2, bytes(4), 24)
    group = RouteBlock(sample, bytes([24, 10, 1, 1, 0, 32, 10, 1, 2, 9]))
    assert bytes(group.pack_messages(b"head")) == b"".join(
        b"head" + route(2, bytes(net), bits)
        for bits, net in ((24, (10, 1, 1, 0)), (32, (10, 1, 2, 9)))
    )


def test_joined_messages() -> None:
    for group in gathered(table()).blocks:
        assert bytes(group.pack_messages(b"head")) == b"".join(
            b"head" + m for m in group.messages()
        )
        assert b"".join(p.prefixes for p in group.split(7)) == group.prefixes


def test_what_two_have_in_common_is_left_out() -> None:
    before = gathered(table())
    moved = before.reindexed(2, 9).renamed("br0", "x").renamed("x", "br0")
    assert before.difference(before) == RouteSet(NAMES, before.messages)
    away = before.renamed("eth0", "br0")
    assert sorted(moved.difference(away).messages) == sorted(moved.messages)
    fewer = gathered([m for m in table() if m not in table()[40:50]])
    lost = set(before.difference(fewer).messages) - set(fewer.difference(before).messages)
    assert lost == set(table()[40:50])


def test_a_list_that_no_kernel_sends() -> None:
    sample = route(2, bytes([10, 0, 0, 0]), 24)
    assert RouteBlock(sample, bytes([24, 10, 0, 0, 0])).is_well_formed()
    assert not RouteBlock(sample, bytes([33, 10, 0, 0, 0])).is_well_formed()
    assert not RouteBlock(sample, bytes([24, 10, 0, 0])).is_well_formed()
    assert not RouteBlock(route(2, b"", 0, GATEWAY_IP), bytes([24, 10, 0, 0, 0])).is_well_formed()
