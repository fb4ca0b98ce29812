"""Every check of an argument that is made in Python, said once. Raises nothing but ``EdgetallyError``."""

from __future__ import annotations

from ._edgetally import EdgetallyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, TypeAlias

    from ._edgetally import Interval

    # What goes in: a number, or a column of numbers of any library.
    Numbers: TypeAlias = Any
    # A text, or a column of texts of any library.
    Texts: TypeAlias = Any
    # What comes out: a float for numbers; for columns, a column of the caller's own kind.
    Number: TypeAlias = Any
    # The same with its two ends.
    Bounds: TypeAlias = Interval[Any]


def error(code: str, message: str) -> EdgetallyError:
    """An error to be raised, with its stable code."""
    made = EdgetallyError(message)
    made.code = code
    return made


def number(name: str, value: Any) -> float:
    """One number; a result or an interval stands for its headline, and what is missing is ``NaN``."""
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
        if value is None:
            raise error("missing", f"{name} is required")
        if missing(value):
            return float("nan")
        raise error("wrong_type", f"{name} is not a number, but {type(value).__name__}")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise error("wrong_type", f"{name} is not a number, but {type(value).__name__}") from None
    except OverflowError:
        raise error("not_finite", f"{name} is too large") from None


def optional(name: str, value: Any) -> float | None:
    """One number, or ``None``."""
    return None if value is None else number(name, value)


def missing(value: Any) -> bool:
    """Whether a single value says that there is none: ``None``, ``pandas.NA``, ``pandas.NaT``."""
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def count(name: str, value: Any, least: int = 1, most: int = 2**64) -> int:
    """A whole number, from ``least`` and below ``most``."""
    whole = number(name, value)
    # The value itself, since a float cannot hold every whole number.
    if whole != whole or whole in (float("inf"), float("-inf")) or whole != int(whole) or not least <= value < most:
        raise error("not_a_count", f"{name} is not a whole number from {least}")
    return int(value)


def confidence(value: Any, *, alpha: Any = None, name: str = "alpha", fallback: float | None = 0.95) -> Any:
    """The confidence of an interval, where a function also takes it as an error rate; a column stays a column.

    Low values are nearly always an error rate by mistake, so one below a half is refused.
    """
    if value is not None and alpha is not None:
        raise error("one_goal", f"confidence and {name} say the same: pass one of them")
    if value is None:
        return fallback if alpha is None else 1.0 - number(name, alpha)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0.0 < value < 0.5:
        raise error(
            "confidence_low", f"confidence {value:g} looks like an error rate: 0.95 asks for intervals of 95 per cent"
        )
    return value


def choice(name: str, value: object, choices: Sequence[str] | Mapping[Any, Any]) -> Any:
    """One of the words that are allowed; of a mapping, what the word stands for."""
    words: Any = choices if hasattr(choices, "keys") else dict(zip(choices, choices, strict=True))
    if (isinstance(value, str) or value is None) and value in words:
        return words[value]
    raise error("unknown_choice", f"{name} is not one of {', '.join(map(str, words))}")


def place(name: str, value: object, choices: Sequence[str]) -> float:
    """The place of a word among those that are allowed, as calculators take it."""
    return float(choices.index(choice(name, value, choices)))


def floats(name: str, value: Any) -> list[float]:
    """One column as a list of floats; what is missing within is ``NaN``."""
    if isinstance(value, (list, tuple)):
        return [float("nan") if missing(item) else _item(name, at, item) for at, item in enumerate(value)]
    from ._columns import Form

    read = Form().read(name, value)
    if read is None:
        raise error("missing", f"{name} is required")
    if isinstance(read, float):
        return [read]
    if read.ndim != 1:
        raise error("wrong_type", f"{name} has {read.ndim} dimensions where a column has one")
    return read.tolist()


def _item(name: str, at: int, item: Any) -> float:
    if isinstance(item, (bool, str, bytes)) or not hasattr(item, "__float__"):
        raise error("wrong_type", f"{name}[{at}] is not a number, but {type(item).__name__}")
    return number(f"{name}[{at}]", item)


def optional_floats(name: str, value: Any) -> list[float] | None:
    """One column as a list of floats, or ``None``."""
    return None if value is None else floats(name, value)


def arrays(**values: Any) -> tuple[Any, dict[str, Any]]:
    """Columns as contiguous arrays of float64, each of its own length; and the form of the caller's."""
    import numpy as np

    from ._columns import Form

    form = Form()
    read = {name: form.read(name, value) for name, value in values.items()}
    for name, value in read.items():
        if value is None:
            raise error("missing", f"{name} is required")
        if getattr(value, "ndim", 1) > 1:
            raise error("wrong_type", f"{name} has {value.ndim} dimensions where a column has one")
    flat = {
        name: np.ascontiguousarray(np.atleast_1d(value), dtype=np.float64).reshape(-1) for name, value in read.items()
    }
    return form, flat


def same_length(columns: Mapping[str, Any]) -> None:
    """Refuse columns of one table that differ in length."""
    (first, like), *others = columns.items()
    for name, value in others:
        if len(value) != len(like):
            raise error("length_mismatch", f"{name} does not have as many rows as {first}")
