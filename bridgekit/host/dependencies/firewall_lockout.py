"""Firewalls that accept new sessions by the NIC's name alone, and drop the rest."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Objects = list[dict[str, Any]]
CLOSING = ("drop", "reject")
LEGACY_CLOSING = re.compile(r"^-A INPUT (?:-m comment --comment \S+ )?-j (?:DROP|REJECT)\b", re.M)


def nft_chains(ruleset: Objects, names_nic: Callable[[Any], bool]) -> Iterator[str]:
    """Yield the base chains of nftables' input that accept by the NIC's name and drop the rest.

    `names_nic`: whether an expression compares a link with the NIC.
    """
    rules = [item["rule"] for item in ruleset if isinstance(item.get("rule"), dict)]
    for chain in (item["chain"] for item in ruleset if isinstance(item.get("chain"), dict)):
        own = [rule for rule in rules if _in(rule, chain, {chain.get("name")})]
        closes = chain.get("policy") == "drop" or (own and _always_drops(own[-1].get("expr")))
        if chain.get("hook") == "input" and closes:
            reached = [rule for rule in rules if _in(rule, chain, _reachable(rules, chain))]
            if any(names_nic(r.get("expr")) and _lets_in(r.get("expr")) for r in reached):
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
        new = {target for expr in jumps for target in _values(expr, "target")} - found
    return found


def _lets_in(expr: Any) -> bool:
    """Return whether a rule accepts, or leads to a chain that may."""
    return bool({"accept", "jump", "goto"} & set(_keys(expr)))


def _always_drops(expr: Any) -> bool:
    """Return whether a rule drops without a condition."""
    kinds = {key for part in expr or () for key in _of_iptables(part) or part}
    return bool(kinds & set(CLOSING)) and kinds <= {*CLOSING, "counter", "log", "comment"}


def _of_iptables(part: dict[str, Any]) -> tuple[str, ...]:
    """Return "reject" for iptables' target REJECT, which nft shows as foreign."""
    foreign = part.get("xt")
    is_reject = isinstance(foreign, dict) and foreign.get("name") == "REJECT"
    return ("reject",) if is_reject else ()


def _keys(part: Any) -> Iterator[str]:
    for value in part.values() if isinstance(part, dict) else _items(part):
        yield from _keys(value)
    yield from part if isinstance(part, dict) else ()


def _values(part: Any, key: str) -> Iterator[str]:
    if isinstance(part, dict) and isinstance(part.get(key), str):
        yield part[key]
    for value in part.values() if isinstance(part, dict) else _items(part):
        yield from _values(value, key)


def _items(part: Any) -> Iterable[Any]:
    return part if isinstance(part, list) else ()


def saved_chains(texts: dict[str, str], names_nic: Callable[[str], bool]) -> Iterator[str]:
    """Yield the programs of iptables whose INPUT accepts by the NIC's name and drops the rest.

    `names_nic`: whether a rule's line names the NIC as where packets come in.
    """
    for program, text in texts.items():
        closes = re.search("^:INPUT DROP", text, re.MULTILINE) or LEGACY_CLOSING.search(text)
        lines = [line for line in text.splitlines() if line.startswith("-A")]
        inward = (line for line in lines if line.split()[1] not in ("FORWARD", "OUTPUT"))
        accepts = (line for line in inward if not re.search(r"-j (?:DROP|REJECT)\b", line))
        if closes and any(map(names_nic, accepts)):
            yield f"{program.removesuffix('-save')} INPUT"
