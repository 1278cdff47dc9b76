"""What every operation is: a value with an inverse and the commands that say the same."""

from collections.abc import Iterable, Iterator

from msgspec import Struct


class Operation(Struct, frozen=True):
    """A change of the host. Its class's name is its kind in saved plans and journals."""

    def inverse(self) -> "Operation":
        """Return the operation that restores what was before this one."""
        raise NotImplementedError

    def describe(self) -> Iterator[str]:
        """Yield the equivalent commands of iproute2 and the like."""
        raise NotImplementedError

    def summary(self) -> str:
        """Return the first of the equivalent commands, and whether there are more."""
        first, *more = [*self.describe()] or [type(self).__name__]
        return f"{first}{' …' if more else ''}"


def inverted(operations: Iterable[Operation]) -> tuple[Operation, ...]:
    """Return the operations that roll these back: each inverse, last first."""
    return tuple(operation.inverse() for operation in reversed(tuple(operations)))
