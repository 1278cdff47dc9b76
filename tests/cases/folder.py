"""One case on disk, and the texts that follow from it."""

import base64
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from bridgekit.cli.plan_output import plan_text
from bridgekit.planning.intent import Intent
from bridgekit.planning.plan_intent import PlanResult, plan_intent
from bridgekit.planning.target_state import target_state
from bridgekit.state.network_state import NetworkState, default_sysctls
from bridgekit.state.routes.format import format_route
from bridgekit.uapi.if_addr import IFA_F_SECONDARY

ROOT = Path(__file__).parent
TEXTS = ("state.txt", "plan.txt", "expected.txt")
WIDTH = 170


class Folder(Struct, frozen=True):
    """A recorded case: the input that is kept."""

    name: str
    snapshot: NetworkState
    intent: Intent

    @classmethod
    def read(cls, name: str) -> "Folder":
        def decoded(file: str, kind: Any) -> Any:
            return msgspec.json.decode((ROOT / name / file).read_bytes(), type=kind)

        return cls(name, decoded("snapshot.json", NetworkState), decoded("intent.json", Intent))

    def write(self) -> None:
        """Write input and texts."""
        (ROOT / self.name).mkdir(exist_ok=True)
        for file, value in (("snapshot.json", self.snapshot), ("intent.json", self.intent)):
            (ROOT / self.name / file).write_text(format_json(plain(value)) + "\n")
        self.write_texts()

    def write_texts(self) -> None:
        """Write the texts anew; one that there is no more is removed."""
        for file in TEXTS:
            (ROOT / self.name / file).unlink(missing_ok=True)
        for file, text in self.texts().items():
            (ROOT / self.name / file).write_text(text)

    def plan_result(self) -> PlanResult:
        """Decide as `plan --no-persist` and `rollback` do."""
        return plan_intent(self.snapshot, self.intent)

    def expected(self) -> NetworkState | None:
        """Return the state afterwards; None where nothing is to be done."""
        operations = self.plan_result().plan.operations
        return target_state(self.snapshot, self.intent) if operations else None

    def texts(self) -> dict[str, str]:
        """Return the texts by file name."""
        after = self.expected()
        texts = {"state.txt": state_lines(self.snapshot), "plan.txt": plan_text(self.plan_result())}
        texts |= {"expected.txt": state_lines(after)} if after else {}
        return {
            file: "".join(f"{click.unstyle(line)}\n" for line in lines)
            for file, lines in texts.items()
        }


def plain(value: Any) -> Any:
    """Return what JSON can hold, without what equals its default."""
    if isinstance(value, Struct):
        pairs = ((field, getattr(value, field.name)) for field in fields(value))
        return {field.encode_name: plain(item) for field, item in pairs if item != _default(field)}
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _default(field: Any) -> Any:
    return field.default if field.default_factory is NODEFAULT else field.default_factory()


def format_json(value: Any, indent: str = "") -> str:
    """Return JSON with what fits a line on a line."""
    flat = json.dumps(value)
    if len(indent + flat) <= WIDTH or not isinstance(value, list | dict):
        return flat
    deeper = f"\n{indent} "
    if isinstance(value, list):
        return f"[{','.join(deeper + format_json(one, indent + ' ') for one in value)}\n{indent}]"
    pairs = (f"{deeper}{json.dumps(k)}: {format_json(v, indent + ' ')}" for k, v in value.items())
    return f"{{{','.join(pairs)}\n{indent}}}"


def state_lines(state: NetworkState) -> Iterator[str]:
    """Yield a line for each object; where the kernel's order says nothing, sorted."""
    for link in sorted(state.links, key=lambda link: link.name):
        yield f"link {link.name}{_words(link, skip=('index', 'name'))}"
    for address in state.addresses:
        marks = f" proto {address.protocol}" if address.protocol else ""
        marks += " secondary" if address.flags & IFA_F_SECONDARY and address.secondary else ""
        yield f"address {address} dev {address.link} flags {address.flags:#x}{marks}"
    for message in state.routes.messages:
        yield f"route {format_route(message, state.routes.name)}"
    yield from sorted(f"neighbour {entry}{_flags(entry.flags)}" for entry in state.neighbours)
    yield from sorted(f"static mac {entry}" for entry in state.static_macs)
    yield from (f"rule inet{6 if rule.family == 10 else ''} {rule}" for rule in state.rules)
    yield from (f"nexthop {nexthop}" for nexthop in state.nexthops)
    defaults = default_sysctls(state)
    for link in sorted(state.links, key=lambda link: link.name):
        for key, value in sorted(state.sysctls_of(link.name).items()):
            if defaults.get(key) != value:
                yield f"sysctl {key.format(link.name)}={value}"
    yield from (f"dependency {one.kind}: {one.text}" for one in state.dependencies)
    yield from (f"manager {one.program}: {one.evidence}" for one in state.managers)
    yield from (f"dhcp client {client}: {shlex.join(client.argv)}" for client in state.clients)
    yield from map(str, state.dns)


def _flags(flags: int) -> str:
    return f" flags {flags:#x}" if flags else ""


def _words(value: Any, skip: tuple[str, ...] = ()) -> str:
    """The fields that differ from their defaults, whichever there are."""
    text = ""
    for field in fields(value):
        item = getattr(value, field.name)
        if field.name in (*skip, "more") or item == _default(field):
            continue
        inner = f"({_words(item).strip()})" if isinstance(item, Struct) else f"={item}"
        text += f" {field.name}" + ("" if item is True else inner)
    return text
