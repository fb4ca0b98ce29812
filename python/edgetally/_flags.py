"""What a reader has to know beside the numbers, as words that do not change."""

from __future__ import annotations

from ._result import Result

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeVar

    _R = TypeVar("_R", bound="Flagged")


def holds(test: Any, *values: Any) -> Any:
    """Whether a condition holds, of numbers; of columns, where it does."""
    if all(isinstance(value, float) for value in values):
        return bool(test(*values))
    import numpy as np

    with np.errstate(invalid="ignore"):
        return np.asarray(test(*(np.asarray(value, dtype=np.float64) for value in values)), dtype=bool)


class Flagged(Result):
    """A result that may carry ``flags``."""

    # What the call said that the numbers do not.
    __slots__ = ("_notes",)
    _notes: tuple[str, ...]

    def _marks(self) -> dict[str, Any]:
        """Each word that may be said, and whether it is; of columns, where it is."""
        return {}

    @property
    def flags(self) -> Any:
        """What has to be known beside the numbers: words, or for columns a column of booleans by word."""
        marks = self._marks()
        notes: tuple[str, ...] = getattr(self, "_notes", ())
        if all(isinstance(up, bool) for up in marks.values()) and (marks or self._is_single()):
            return (*notes, *(word for word, up in marks.items() if up))
        import numpy as np

        shape = np.broadcast_shapes(*(np.shape(up) for up in (*marks.values(), self._first())))
        every = dict.fromkeys(notes, True)
        return {word: np.broadcast_to(np.asarray(up, dtype=bool), shape) for word, up in {**every, **marks}.items()}

    def _first(self) -> Any:
        value = self[0]
        return getattr(value, "estimate", value)

    def _is_single(self) -> bool:
        first = self._first()
        return isinstance(first, (float, str)) or not hasattr(first, "__len__")

    def _flags(self) -> tuple[str, ...]:
        flags = self.flags
        return flags if isinstance(flags, tuple) else tuple(word for word, up in flags.items() if up.any())


_NO_MARGIN = ("margin_not_given",)


def flagged(kind: type[_R], values: tuple[Any, ...], words: Iterable[str]) -> _R:
    """A result with words of its own."""
    result = kind(values)
    result._notes = tuple(words)
    return result


def noted(result: _R, *, margin_not_given: bool) -> _R:
    """The result, which says that no margin was given where that is so."""
    if margin_not_given:
        result._notes = _NO_MARGIN
    return result


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
