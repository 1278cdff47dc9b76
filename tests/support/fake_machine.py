"""A machine for transactions without root: the protocol of machine.py over a kernel in memory.

It is told what goes wrong: an operation that fails before or after its effect, one that cannot be
rolled back, a packet filter that drops, and what somebody else does between two operations.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bridgekit.errors import BridgekitError
from bridgekit.planning.operations import Operation
from bridgekit.state.link import Link
from bridgekit.state.network_state import NetworkState
from tests.support.fake_kernel import FakeKernel
from tests.support.fake_operations import carry_out

Interference = Callable[[FakeKernel], None]


class FakeMachine:
    """Carries out operations on a kernel in memory.

    `interference` has for a step what somebody else does before it; the step behind the last is
    the moment before the verification. `unmendable` are kinds of operations that are refused while
    rolling back.
    """

    def __init__(self, state: NetworkState) -> None:
        self.kernel = FakeKernel(state)
        self.interference: dict[int, Interference] = {}
        self.fails_before: int | None = None
        self.fails_after: int | None = None
        self.unmendable: set[type[Operation]] = set()
        self.forwards = True
        self.done: list[Operation] = []
        self.rolled_back: list[Operation] = []
        self.closed: list[str] = []

    def snapshot(self, *links: str) -> NetworkState:
        self._interfere(len(self.done))
        return self.kernel.snapshot()

    def links(self) -> tuple[Link, ...]:
        return self.kernel.state.links

    @contextmanager
    def ingress_redirect(
        self, operations: Sequence[Operation], rolling_back: bool = False
    ) -> Iterator[None]:
        yield

    def forwards_frames(self, bridge: str, nic: str) -> bool:
        return self.forwards

    def close_forwarding(self, bridge: str) -> None:
        self.closed.append(bridge)

    def execute(self, operation: Operation, rolling_back: bool = False) -> None:
        if rolling_back:
            self._roll_back(operation)
            return
        step, kind = len(self.done), type(operation).__name__
        self._interfere(step)
        if step == self.fails_before:
            raise BridgekitError(f"{kind}: refused")
        carry_out(operation, self.kernel, rolling_back=False)
        self.done.append(operation)
        if step == self.fails_after:
            raise BridgekitError(f"{kind}: failed after its effect")

    def _roll_back(self, operation: Operation) -> None:
        if type(operation) in self.unmendable:
            raise BridgekitError(f"{type(operation).__name__}: refused while rolling back")
        carry_out(operation, self.kernel, rolling_back=True)
        self.rolled_back.append(operation)

    def _interfere(self, step: int) -> None:
        self.interference.pop(step, lambda kernel: None)(self.kernel)
