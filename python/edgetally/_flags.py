"""What a reader has to be told beside the numbers: stable words."""

from __future__ import annotations

from ._result import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Flagged(Result):
    """A result with flags; a subclass says which there are, by ``_marks``."""

    __slots__ = ()

    def _marks(self) -> dict[str, Any]:
        """Each word, and whether it is to be said: a bool, or for columns a column of them."""
        return {}

    @property
    def flags(self) -> Any:
        """Words, or for columns a column of booleans by word; each is explained on the page of the function."""
        marks = self._marks()
        if any(getattr(up, "ndim", 0) for up in marks.values()):
            return marks
        return tuple(word for word, up in marks.items() if up)

    def _flags(self) -> tuple[str, ...]:
        flags = self.flags
        return flags if isinstance(flags, tuple) else ()


def _numbers(value: Any) -> Any:
    from numpy import asarray

    return asarray(value, dtype=float)


def includes_zero(interval: Any) -> Any:
    """Whether an interval holds zero; of columns, row by row. An undefined one does not."""
    low, high = interval.low, interval.high
    if isinstance(low, float):
        return low <= 0.0 <= high
    return (_numbers(low) <= 0.0) & (_numbers(high) >= 0.0)


def equals_zero(value: Any) -> Any:
    """Whether a number is zero; of a column, row by row."""
    return value == 0.0 if isinstance(value, float) else _numbers(value) == 0.0


def equals_one(value: Any) -> Any:
    """Whether a number is one; of a column, row by row."""
    return value == 1.0 if isinstance(value, float) else _numbers(value) == 1.0
