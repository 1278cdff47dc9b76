"""Firewall rules that name one link: nftables, and iptables of both makes.

No kernel module is loaded by asking: iptables' own tables are asked for only where there are some.
"""

import json
import re
import shlex
import shutil
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from bridgekit.errors import BridgekitError
from bridgekit.host.dependencies import firewall_lockout
from bridgekit.state.link import Dependency

Run = Callable[..., str]
"""Runs an argument vector with a `timeout` in seconds: its output, or BridgekitError."""

SECONDS = 5.0
PROC = Path("/proc")
INTERFACE_KEYS = frozenset(("iif", "iifname", "oif", "oifname", "sdif", "sdifname"))
BRIDGE_PORTS = ("--physdev-in", "--physdev-out")
INTERFACE_WORDS = ("-i", "-o", *BRIDGE_PORTS)
LEGACY = (
    ("net/ip_tables_names", ("iptables-legacy-save", "iptables-save")),
    ("net/ip6_tables_names", ("ip6tables-legacy-save", "ip6tables-save")),
)
NFT_MADE = ("iptables-nft-save", "ip6tables-nft-save")
EBTABLES = ("ebtables-legacy-save", "ebtables-save")
HOOK = re.compile(r"hook (?:ingress|egress) devices?(?: =)? ({[^}]*}|[^ ]+)")
BRIDGED = {"iptables": ("ip", "inet"), "ip6tables": ("ip6", "inet")}
"""Which families' rules see bridged frames, if net.bridge.bridge-nf-call-… is on."""


def find_dependencies(nic: str, bridge: str, run: Run, proc: Path = PROC) -> tuple[Dependency, ...]:
    """Return the rules that name the NIC, and chains that would drop bridged frames.

    A missing program is passed over; one that does not answer in time is a dependency "unread".
    """
    found: list[Dependency] = []
    listed = _asked(run, found, "nft", "-j", "list", "ruleset")
    ruleset = _objects(listed)
    texts = dict(_saved(run, '"xt"' in listed, proc, found))
    hooked = '"ingress"' in listed or '"egress"' in listed
    chains = _asked(run, found, "nft", "list", "chains") if hooked else ""
    rules = (*_nft_rules(ruleset, nic), *_hooked(chains, nic), *_saved_rules(texts, nic))
    found += [Dependency("firewall", rule) for rule in rules]
    found += [
        Dependency("firewall-lockout", chain) for chain in _locking_out(ruleset, texts, nic, bridge)
    ]
    found += [Dependency("bridge-firewall", why) for why in _dropping(ruleset, texts, proc)]
    return tuple(found)


def find_bridge_rules(run: Run, proc: Path = PROC) -> tuple[list[dict[str, Any]], set[str]]:
    """All of nftables, as {kind: values} each, and the families whose rules bridged frames meet."""
    families = {"bridge"}.union(*(BRIDGED[make] for make in BRIDGED if _calls(make, proc)))
    return _objects(_asked(run, [], "nft", "-j", "list", "ruleset")), families


def _calls(make: str, proc: Path) -> bool:
    """Return whether bridged frames go through the rules of iptables, or of ip6tables."""
    return _read(proc / "sys/net/bridge" / f"bridge-nf-call-{make}").strip() == "1"


def _asked(run: Run, found: list[Dependency], *argv: str) -> str:
    try:
        return run(*argv, timeout=SECONDS) if shutil.which(argv[0]) else ""
    except BridgekitError as error:
        if "timed out" in str(error):
            found.append(
                Dependency("unread", f"`{shlex.join(argv)}` gave no answer in {SECONDS:g} s")
            )
        return ""


def _objects(listed: str) -> list[dict[str, Any]]:
    """Return everything of nftables, each object as {kind: values}."""
    try:
        objects = json.loads(listed or "{}").get("nftables", [])
    except ValueError:
        return []
    return [item for item in objects if isinstance(item, dict)]


def _saved(
    run: Run, foreign: bool, proc: Path, found: list[Dependency]
) -> Iterator[tuple[str, str]]:
    """Yield (program, its text) of those that show more than nft does.

    `foreign`: nft has seen matches that only iptables can show.
    """
    programs: list[tuple[str, ...]] = [n for path, n in LEGACY if _read(proc / path).strip()]
    if "ebtable_" in _read(proc / "modules"):
        programs.append(EBTABLES)
    if foreign or not shutil.which("nft"):
        programs += [(name,) for name in NFT_MADE]
    for names in programs:
        program = next(filter(shutil.which, names), None)
        if program:
            yield program, _asked(run, found, program)


def _saved_rules(texts: dict[str, str], nic: str) -> Iterator[str]:
    """Yield rules of iptables that name the NIC: what nft shows as well is left to it."""
    for program, text in texts.items():
        options = BRIDGE_PORTS if _shown_by_nft(program) else INTERFACE_WORDS
        for line in text.splitlines():
            if line.startswith("-A") and _line_names(line, nic, options):
                yield f"{program.removesuffix('-save')} {line.strip()}"


def _locking_out(
    ruleset: list[dict[str, Any]], texts: dict[str, str], nic: str, bridge: str
) -> Iterator[str]:
    """Yield the chains that let new sessions in by the NIC's name, and drop the rest."""
    legacy = {program: text for program, text in texts.items() if not _shown_by_nft(program)}
    yield from firewall_lockout.nft_chains(ruleset, nic, bridge, _expression_names)
    named = partial(_line_names, options=("-i",))
    yield from firewall_lockout.saved_chains(legacy, nic, bridge, named)


def _shown_by_nft(program: str) -> bool:
    return program in NFT_MADE and shutil.which("nft") is not None


def _line_names(line: str, nic: str, options: Iterable[str]) -> bool:
    words = line.split()
    return any(
        word in options and _fits(value.strip('"'), nic, "+") for word, value in pairwise(words)
    )


def _fits(name: str, nic: str, wildcard: str) -> bool:
    """Return whether a name, or a beginning with a wildcard after it, means the NIC."""
    stem = name.removesuffix(wildcard)
    return name == nic or (stem not in ("", name) and nic.startswith(stem))


def _nft_rules(ruleset: list[dict[str, Any]], nic: str) -> Iterator[str]:
    for item in ruleset:
        for kind, value in item.items():
            if isinstance(value, dict) and _object_names(kind, value, nic):
                yield f"nft {_place(kind, value)}"


def _hooked(chains: str, nic: str) -> Iterator[str]:
    """Chains on the NIC itself, from text: nft's JSON leaves their devices out up to 1.0.6."""
    place: list[str] = []
    for line in chains.splitlines():
        words = line.split()
        if words[:1] in (["table"], ["chain"]):
            place = words[1:3] if words[0] == "table" else [*place[:2], words[1]]
        devices = HOOK.search(line)
        if devices and nic in re.findall(r'[^\s{},"]+', devices[1]):
            yield f"nft chain {' '.join(place)}"


def _place(kind: str, value: dict[str, Any]) -> str:
    where = [
        kind,
        *(str(value[key]) for key in ("family", "table", "chain", "name") if key in value),
    ]
    return " ".join([*where, *(["handle", str(value["handle"])] if kind == "rule" else [])])


def _object_names(kind: str, value: dict[str, Any], nic: str) -> bool:
    """Return whether a flowtable's devices, a set's elements or a rule's expressions name it."""
    if kind in ("set", "map"):
        named = "ifname" in json.dumps(value.get("type")) and _leaf(value.get("elem"), nic)
        return bool(named)
    if kind == "flowtable":
        return _leaf(value.get("dev"), nic)
    return kind == "rule" and _expression_names(value.get("expr"), nic)


def _expression_names(part: Any, nic: str) -> bool:
    """Return whether it compares a link, maps links, or sends frames to one that is the NIC."""
    if isinstance(part, list):
        return any(_expression_names(one, nic) for one in part)
    if not isinstance(part, dict):
        return False
    for key, values in (("left", "right"), ("key", "data")):
        if _is_interface(part.get(key)) and _leaf(part.get(values), nic):
            return True
    sent = any(
        isinstance(part.get(word), dict) and part[word].get("dev") == nic for word in ("fwd", "dup")
    )
    return sent or any(_expression_names(one, nic) for one in part.values())


def _is_interface(part: Any) -> bool:
    """Return whether a part of it is the link that a packet comes in or goes out by."""
    if isinstance(part, list):
        return any(_is_interface(one) for one in part)
    if not isinstance(part, dict):
        return False
    said = part.get("meta") or part.get("fib")
    ours = isinstance(said, dict) and INTERFACE_KEYS & {said.get("key"), said.get("result")}
    return bool(ours) or any(_is_interface(one) for one in part.values())


def _leaf(part: Any, nic: str) -> bool:
    """Return whether the NIC's name is somewhere in these values."""
    if isinstance(part, str):
        return _fits(part, nic, "*")
    values = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return any(_leaf(one, nic) for one in values)


def _dropping(ruleset: list[dict[str, Any]], texts: dict[str, str], proc: Path) -> Iterator[str]:
    """Yield chains that drop bridged frames: of bridges, and FORWARD where they pass it."""
    rules = (*_nft_dropping(ruleset, ("bridge",)), *_saved_dropping(texts, "ebtables"))
    yield from (f"{chain} drops" for chain in rules)
    for make, families in BRIDGED.items():
        if _calls(make, proc):
            why = f"net.bridge.bridge-nf-call-{make} is 1"
            chains = (*_nft_dropping(ruleset, families), *_saved_dropping(texts, make))
            yield from (f"{why} and {chain} drops" for chain in chains)


def _nft_dropping(ruleset: list[dict[str, Any]], families: tuple[str, ...]) -> Iterator[str]:
    for chain in (item["chain"] for item in ruleset if isinstance(item.get("chain"), dict)):
        drops = (chain.get("hook"), chain.get("policy")) == ("forward", "drop")
        if drops and chain.get("family") in families:
            yield f"nft {_place('chain', chain)}"


def _saved_dropping(texts: dict[str, str], make: str) -> Iterator[str]:
    for program, text in texts.items():
        ours = program.startswith(f"{make}-") and not _shown_by_nft(program)
        if ours and re.search("^:FORWARD DROP", text, re.MULTILINE):
            yield f"{program.removesuffix('-save')} FORWARD"


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
