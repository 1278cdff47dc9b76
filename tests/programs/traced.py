"""Run the bridgekit command line and note its protocol's steps: traced.py FILE GUARD VERB...

A step is a line of JSON: who, the effect, its fields, the outcome. GUARD is the program that runs
the guard; where it is empty, this is a guard, and its words follow `-m bridgekit`.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import msgspec

from bridgekit.application import decide, execute, recover
from bridgekit.cli import main
from bridgekit.protocol import effects as fx
from bridgekit.transaction import carrier, guard

NAMES = {"execute": "executor", "guard_turn": "guard", "recover": "recover"}
place, runs_guard, *words = sys.argv[1:]
verb = words[words.index("bridgekit") + 1] if not runs_guard else words[0]


def run(program: Any, perform: Callable[[fx.Effect], Any]) -> Any:
    """Carry a program's effects out, and note each."""
    who = NAMES.get(program.__name__, verb)

    def noted(effect: fx.Effect) -> Any:
        outcome = perform(effect)
        plain = msgspec.to_builtins((type(effect).__name__, effect, outcome))
        line = json.dumps([who, *plain]) + "\n"
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(handle, line.encode())
        os.close(handle)
        return outcome

    return carrier.run(program, noted)


for module in (decide, execute, recover, guard):
    module.run = run  # type: ignore[attr-defined]
if runs_guard:
    sys.executable = runs_guard
sys.argv = ["bridgekit", *(words if runs_guard else words[words.index("bridgekit") + 1 :])]
main()
