"""The registry of findings: every code that `plan`, `apply` and `rollback` may report.

docs/findings.md is generated from it by `python -m tests.support.findings_doc`.
"""

from types import ModuleType

from bridgekit.planning.findings import (
    bridge,
    dependencies,
    fidelity,
    managers,
    nic,
    persistence,
    rollback,
)
from bridgekit.planning.findings.finding import Finding, FindingType

__all__ = ["REGISTRY", "Finding", "FindingType", "types_in"]


def types_in(module: ModuleType) -> tuple[FindingType, ...]:
    """Return the kinds of finding that a module defines, in its order."""
    return tuple(value for value in vars(module).values() if isinstance(value, FindingType))


REGISTRY = tuple(
    kind
    for module in (nic, bridge, managers, fidelity, dependencies, persistence, rollback)
    for kind in types_in(module)
)
