"""The differences of policy rules between two network states."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

from bridgekit.planning.difference import Difference
from bridgekit.planning.operations import SetRules
from bridgekit.state.network_state import NetworkState
from bridgekit.state.rule_nexthop import Rule


def rule_differences(
    wanted: NetworkState, actual: NetworkState, links: frozenset[str]
) -> Iterator[Difference]:
    """Compare the links' rules and their order; of all others only a loss counts."""
    lost = Counter(wanted.rules) - Counter(actual.rules)
    added = Counter(actual.rules) - Counter(wanted.rules)
    ours = [rule for rule in added if any(rule.names(link) for link in links)]

    def difference(what: Literal["missing", "unexpected"], rule: Rule) -> Difference:
        repair = _set_rules_like(rule, wanted, actual, ours)
        named = tuple(link for link in links if rule.names(link))
        return Difference(what, f"rule {rule}", (repair,), named)

    yield from (difference("missing", rule) for rule in lost)
    yield from (difference("unexpected", rule) for rule in ours)
    common = Counter(wanted.rules) & Counter(actual.rules)
    left, right = (
        list(dict.fromkeys(rule for rule in side.rules if rule in common))
        for side in (wanted, actual)
    )
    if not lost and left != right:
        yield Difference("changed", "the order of the policy rules")


def _set_rules_like(
    rule: Rule, wanted: NetworkState, actual: NetworkState, removed: Iterable[Rule]
) -> SetRules:
    """Return what sets the rules of this one's family and priority; those of others stay."""

    def of_same_place(state: NetworkState) -> list[Rule]:
        place = (rule.family, rule.priority)
        return [one for one in state.rules if (one.family, one.priority) == place]

    right, now = of_same_place(wanted), of_same_place(actual)
    others = Counter(now) - Counter(right) - Counter(removed)
    return SetRules(tuple(now), (*right, *others.elements()))
