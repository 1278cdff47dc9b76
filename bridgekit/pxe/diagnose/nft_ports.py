"""Which rules of nftables may drop a port, out of `nft -j list ruleset`. libnftables-json(5).

Named sets, verdict maps and the chains that a rule jumps to are followed. A rule's other conditions
are not weighed, and what only iptables can show (multiport) is not seen. Pure.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct, field

Json = dict[str, Any]
TableId = tuple[str, str, str]
"""The family, table and name of a chain or a set."""
HOOKS: Final = ("prerouting", "forward", "postrouting")
PORTS: Final = ("dport", "sport")
COMPARED: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def find_dropping_rules(
    ruleset: list[Json], families: set[str], ports: Mapping[int, str]
) -> Iterator[str]:
    """Yield each rule or policy that may drop one of these ports of what is bridged.

    `families` are those whose rules bridged frames meet; `ports` has each port's protocol.
    """
    rules = _Ruleset(ports)
    rules.read(ruleset)
    first = [
        (home, chain)
        for home, chain in rules.chains.items()
        if home[0] in families and chain.get("hook") in HOOKS
    ]
    for home, chain in first:
        if chain.get("policy") == "drop" and chain["hook"] != "forward":
            yield f"nft chain {' '.join(home)} drops what it does not accept"
    for home in sorted(rules.reached([home for home, _ in first])):
        for rule in rules.rules.get(home, ()):
            if hit := sorted(rules.dropped(rule)):
                dropped = ", ".join(map(str, hit))
                yield f"nft rule {' '.join(home)} handle {rule['handle']} drops port {dropped}"


class _Ruleset(Struct):
    """A ruleset by name, and the ports that matter."""

    ports: Mapping[int, str]
    chains: dict[TableId, Json] = field(default_factory=dict)
    sets: dict[TableId, Json] = field(default_factory=dict)
    rules: dict[TableId, list[Json]] = field(default_factory=dict)

    def read(self, ruleset: list[Json]) -> None:
        """Index the chains, sets and rules of a ruleset."""
        for kind, one in (pair for item in ruleset for pair in item.items()):
            if kind == "chain":
                self.chains[_table_id(one, "name")] = one
            elif kind in ("set", "map"):
                self.sets[_table_id(one, "name")] = one
            elif kind == "rule":
                self.rules.setdefault(_table_id(one, "chain"), []).append({"expr": [], **one})

    def reached(self, first: list[TableId]) -> set[TableId]:
        """Return those chains, and all that they jump or go to."""
        found, left = set(first), list(first)
        while left:
            family, table, _ = home = left.pop()
            verdicts = (one for rule in self.rules.get(home, ()) for one in self._verdicts(rule))
            targets = {
                (family, table, name) for name in map(_jump_target, verdicts) if name
            } - found
            found |= targets
            left += targets
        return found

    def dropped(self, rule: Json) -> set[int]:
        """Return the ports that it may drop: those it names, or all if it has no condition."""
        mapped = [value for value, verdict in self._mapped(rule) if "drop" in verdict]
        found = {port for port in self.ports for value in mapped if _contains(value, port)}
        if any("drop" in one or "reject" in one for one in rule["expr"]):
            matches = [one["match"] for one in rule["expr"] if "match" in one]
            named = [one for one in matches if _payload_field(one["left"]) in PORTS]
            if named or not matches:
                found |= {port for port in self.ports if self._met(named, rule, port)}
        return found

    def _verdicts(self, rule: Json) -> Iterator[Any]:
        yield from rule["expr"]
        for one in rule["expr"]:
            if "vmap" in one:
                yield from (pair[1] for pair in self._members(one["vmap"]["data"], rule))

    def _mapped(self, rule: Json) -> Iterator[Any]:
        """Each value and its verdict in maps of ports."""
        for one in rule["expr"]:
            if "vmap" in one and _payload_field(one["vmap"]["key"]) in PORTS:
                yield from self._members(one["vmap"]["data"], rule)

    def _met(self, named: list[Json], rule: Json, port: int) -> bool:
        return all(self._meets(match, rule, port) for match in named)

    def _meets(self, match: Json, rule: Json, port: int) -> bool:
        if match["left"]["payload"].get("protocol") not in (self.ports[port], "th"):
            return False
        if compared := COMPARED.get(match["op"]):
            return isinstance(match["right"], int) and bool(compared(port, match["right"]))
        holds = any(_contains(one, port) for one in self._members(match["right"], rule))
        return holds is (match["op"] != "!=")

    def _members(self, values: Any, rule: Json) -> list[Any]:
        """Return the members of a value, a set, or a named set."""
        if isinstance(values, str) and values.startswith("@"):
            named = self.sets.get((rule["family"], rule["table"], values[1:]), {})
            return list(named.get("elem", ()))
        return list(values["set"]) if isinstance(values, dict) and "set" in values else [values]


def _table_id(value: Json, name: str) -> TableId:
    return str(value["family"]), str(value["table"]), str(value[name])


def _jump_target(verdict: Any) -> str:
    """Return a verdict's target; a statement without a value is only its name."""
    words = [verdict[word] for word in ("jump", "goto") if word in verdict]
    return str(words[0]["target"]) if words else ""


def _payload_field(left: Any) -> str:
    return str(left.get("payload", {}).get("field", "")) if isinstance(left, dict) else ""


def _contains(value: Any, port: int) -> bool:
    """Return whether it is this port or a range with it; `elem` holds one with a timeout."""
    if isinstance(value, dict) and "elem" in value:
        return _contains(value["elem"]["val"], port)
    if isinstance(value, dict) and "range" in value:
        first, last = value["range"]
        return isinstance(first, int) and isinstance(last, int) and first <= port <= last
    return bool(value == port)
