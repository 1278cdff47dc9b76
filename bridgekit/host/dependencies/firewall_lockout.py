"""Firewalls that accept new sessions by the NIC's name alone, and drop the rest."""

import re
from collections.abc import Callable, Iterator
from typing import Any

Objects = list[dict[str, Any]]
CLOSING = ("drop", "reject")
LEGACY_CLOSING = re.compile(r"^-A INPUT (?:-m comment --comment \S+ )?-j (?:DROP|REJECT)\b", re.M)


def nft_chains(
    ruleset: Objects, nic: str, bridge: str, names: Callable[[Any, str], bool]
) -> Iterator[str]:
    """Yield the base chains of nftables' input that accept by the NIC's name and drop the rest.

    None that accepts by the bridge's, too. `names`: whether an expression compares a link with one
    of this name.
    """
    rules = [item["rule"] for item in ruleset if isinstance(item.get("rule"), dict)]
    for chain in (item["chain"] for item in ruleset if isinstance(item.get("chain"), dict)):
        own = [rule for rule in rules if _in(rule, chain, {chain.get("name")})]
        closes = chain.get("policy") == "drop" or (own and _always_drops(own[-1].get("expr")))
        if chain.get("hook") == "input" and closes:
            reached = _reachable(rules, chain)
            inward = [r["expr"] for r in rules if _in(r, chain, reached) and _lets_in(r["expr"])]
            by_nic, by_bridge = (any(names(e, link) for e in inward) for link in (nic, bridge))
            if by_nic and not by_bridge:
                yield f"nft chain {chain['family']} {chain['table']} {chain['name']}"


def _in(rule: dict[str, Any], chain: dict[str, Any], names: set[Any]) -> bool:
    same = all(rule.get(key) == chain.get(key) for key in ("family", "table"))
    return same and rule.get("chain") in names


def _reachable(rules: list[dict[str, Any]], chain: dict[str, Any]) -> set[Any]:
    """Return the names of the chains that packets of this one can get to."""
    found: set[Any] = set()
    new: set[Any] = {chain.get("name")}
    while new:
        found |= new
        jumps = (rule.get("expr") for rule in rules if _in(rule, chain, new))
        new = {text for expr in jumps for key, text in _walk(expr) if key == "target"} - found
    return found


def _lets_in(expr: Any) -> bool:
    """Return whether a rule accepts, or leads to a chain that may."""
    return any(key in ("accept", "jump", "goto") for key, _ in _walk(expr))


def _always_drops(expr: Any) -> bool:
    """Return whether a rule drops without a condition."""
    kinds = {key for part in expr or () for key in _of_iptables(part) or part}
    return bool(kinds & set(CLOSING)) and kinds <= {*CLOSING, "counter", "log", "comment"}


def _of_iptables(part: dict[str, Any]) -> tuple[str, ...]:
    """Return "reject" for iptables' target REJECT, which nft shows as foreign."""
    foreign = part.get("xt")
    is_reject = isinstance(foreign, dict) and foreign.get("name") == "REJECT"
    return ("reject",) if is_reject else ()


def _walk(part: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key of an expression with its value, at any depth."""
    pairs = part.items() if isinstance(part, dict) else ()
    yield from pairs
    inner = part if isinstance(part, list) else [value for _, value in pairs]
    for value in inner:
        yield from _walk(value)


def saved_chains(
    texts: dict[str, str], nic: str, bridge: str, names: Callable[[str, str], bool]
) -> Iterator[str]:
    """Yield the programs of iptables whose INPUT accepts by the NIC's name and drops the rest.

    None that accepts by the bridge's, too. `names`: whether a rule's line has the link of this name
    as where packets come in.
    """
    for program, text in texts.items():
        closes = re.search("^:INPUT DROP", text, re.MULTILINE) or LEGACY_CLOSING.search(text)
        lines = [line for line in text.splitlines() if line.startswith("-A")]
        inward = (line for line in lines if line.split()[1] not in ("FORWARD", "OUTPUT"))
        accepts = [line for line in inward if not re.search(r"-j (?:DROP|REJECT)\b", line)]
        by_nic, by_bridge = (any(names(line, x) for line in accepts) for x in (nic, bridge))
        if closes and by_nic and not by_bridge:
            yield f"{program.removesuffix('-save')} INPUT"
