"""One result as it is read: fields in their units, rows with their names, and what registers for a class."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from .._edgetally import Interval
from . import numbers, units

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .._result import Result
    from .picture import Picture


class Show(NamedTuple):
    """How the results of one class are shown; what is left out is shown as any other's."""

    # The sentence that decides, without rounding it twice.
    sentence: Callable[[Say], str] | None = None
    picture: Callable[[Say], Picture] | None = None
    # Units where the name misleads.
    units: Mapping[str, str] = {}
    # What a picture of many rows shows, and where no effect lies.
    headline: str = ""
    null: float | None = 0.0
    # Whether columns are one finding together, and not a row each.
    whole: bool = False
    # What plot() takes beside ax and currency.
    options: tuple[str, ...] = ()


class Say:
    """A result, its currency, and its class's own units."""

    def __init__(
        self, result: Result, show: Show, currency: str = "", options: Mapping[str, Any] | None = None
    ) -> None:
        """Nothing is computed yet."""
        self.result, self.show, self.currency = result, show, currency
        self.options = options or {}
        self._spreads: dict[str, tuple[int, float, float, float]] = {}

    def __contains__(self, name: str) -> bool:
        """Whether the result has a field of that name."""
        return name in self.result.fields

    def unit(self, name: str) -> str:
        """The unit of a field."""
        if isinstance(self.result[name] if name in self.result.fields else 0.0, (str, bool)):
            return "text"
        return self.show.units.get(name) or units.unit(name)

    def value(self, name: str) -> float:
        """A field as one number; ``NaN`` where it is none."""
        return self.three(name)[0]

    def three(self, name: str) -> tuple[float, float, float]:
        """Estimate and ends; all alike for a number without an interval, ``NaN`` for what is none."""
        nan = float("nan")
        value = self.result[name] if name in self.result.fields else nan
        if isinstance(value, Interval):
            value, low, high = value.estimate, value.low, value.high
            return (float(value), float(low), float(high)) if numbers.is_number(value) else (nan, nan, nan)
        if not numbers.is_number(value):
            return nan, nan, nan
        return float(value), nan, nan

    def __call__(self, name: str) -> str:
        """A field in its unit, with its interval."""
        return self.shown(self.result[name], self.unit(name))

    def shown(self, value: Any, unit: str = "number") -> str:
        """Any value: numbers in a unit, intervals, a few of a column, names with numbers."""
        if isinstance(value, Interval):
            if numbers.is_number(value.estimate):
                return numbers.interval(value.estimate, value.low, value.high, unit, self.currency)
            return f"{len(value.estimate):,} rows" if hasattr(value.estimate, "__len__") else str(value.estimate)
        if value is None:
            return "none"
        if isinstance(value, bool) or type(value).__name__ == "bool":
            return "yes" if value else "no"
        if isinstance(value, str):
            return value
        if numbers.is_number(value):
            return numbers.number(value, unit, self.currency)
        if hasattr(value, "fields") and hasattr(value, "_items"):
            from . import told_of

            inner = (part for _, part in value._items() if isinstance(part, Interval))
            return self.shown(next(inner, told_of(value, self.currency).rstrip(".")), unit)
        if hasattr(value, "items") and hasattr(value, "keys"):
            return self._few(
                [f"{name} {self.shown(inner, unit)}" for name, inner in list(value.items())[:7]], len(value)
            )
        if hasattr(value, "__len__"):
            return self._few([self.shown(inner, unit) for inner in list(value[:7])], len(value))
        return str(value)

    @staticmethod
    def _few(shown: list[str], count: int) -> str:
        if not count:
            return "none"
        return ", ".join(shown[:6]) + (f", ... ({count:,} in all)" if count > 6 else "")

    def money(self, value: float) -> str:
        """An amount."""
        return numbers.number(value, "money", self.currency)

    def size(self, name: str, noun: str = "") -> str:
        """A field without its sign, for after a verb such as lost; with a noun, what is counted."""
        estimate, low, high = self.three(name)
        if estimate < 0:
            estimate, low, high = -estimate, -high, -low
        return numbers.interval(estimate, low, high, self.unit(name), self.currency, noun)

    def rows(self) -> int | None:
        """How many rows; ``None`` for a single one: whoever has a plain number among the fields is no column."""
        count = None
        for _, value in self.result._items():
            part = value.estimate if isinstance(value, Interval) else value
            if numbers.is_number(part):
                return None
            if count is None and is_column(part):
                count = int(part.size) if isinstance(getattr(part, "size", None), int) else len(part)
        return count

    @property
    def single(self) -> bool:
        """Whether the class's own sentence and picture fit: a single result, or columns that belong together."""
        return self.show.whole or self.rows() is None

    def names(self, count: int) -> list[str]:
        """The rows' names: the index of a pandas column, else their places from 0."""
        for _, value in self.result._items():
            part = value.estimate if isinstance(value, Interval) else value
            index = getattr(part, "index", None)
            if index is not None and not callable(index) and len(index) == count:
                return [" / ".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in index]
        return [str(place) for place in range(count)]

    def column(self, name: str) -> tuple[Any, Any, Any]:
        """A column with its ends, as arrays; ends are ``NaN`` where the field is no interval."""
        import numpy as np

        value = self.result[name]
        if isinstance(value, Interval):
            return array(value.estimate), array(value.low), array(value.high)
        estimates = array(value)
        nothing = np.broadcast_to(np.nan, estimates.shape)
        return estimates, nothing, nothing

    def spread(self, name: str) -> tuple[int, float, float, float]:
        """How many numbers a column holds, the lowest, the middle one, and the highest."""
        if name not in self._spreads:
            self._spreads[name] = _spread(self.column(name)[0])
        return self._spreads[name]

    def kept(self) -> dict[str, Any]:
        """What a result keeps beside its fields for its picture; empty where it keeps nothing."""
        return getattr(self.result, "_kept", {})


def is_column(value: Any) -> bool:
    """Whether a value is a column, of numbers or of anything."""
    return hasattr(value, "__len__") and not isinstance(value, (str, bytes, dict)) and not hasattr(value, "_items")


def flat(values: Any) -> list[float]:
    """A column of any library as a list of floats; what is missing is ``NaN``."""
    if hasattr(values, "to_numpy") or hasattr(values, "ravel"):
        return list(map(float, array(values)))
    return [_float(value) for value in values]


def array(values: Any) -> Any:
    """A column of any library as an array of floats; what is missing, or no number, is ``NaN``."""
    import numpy as np

    try:
        return np.asarray(values, dtype=np.float64).reshape(-1)
    except (TypeError, ValueError):
        return np.array([_float(value) for value in values], dtype=np.float64)


def _float(value: Any) -> float:
    try:
        return float(value) if value is not None else float("nan")
    except (TypeError, ValueError):
        return float("nan")


def _spread(values: Any) -> tuple[int, float, float, float]:
    import numpy as np

    known = values[~np.isnan(values)]
    if not known.size:
        return 0, float("nan"), float("nan"), float("nan")
    middle = float(np.partition(known, known.size // 2)[known.size // 2])
    return int(known.size), float(known.min()), middle, float(known.max())


def known(*values: float) -> bool:
    """Whether all of them are finite numbers."""
    return all(map(isfinite, values))
