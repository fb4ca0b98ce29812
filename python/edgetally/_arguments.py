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
    if type(value) is float:
        return value
    if value is None:
        raise error("missing", f"{name} is required")
    if missing(value):
        return float("nan")
    if getattr(value, "ndim", 0):
        raise error("wrong_type", f"{name} is a column where one number is wanted")
    kind = getattr(getattr(value, "dtype", None), "kind", "f")
    if isinstance(value, (bool, str, bytes)) or kind not in "fiu" or not hasattr(value, "__float__"):
        text = ": convert text first, for example with float()" if isinstance(value, str) else ""
        raise error("wrong_type", f"{name} is not a number, but {type(value).__name__}{text}")
    try:
        return float(value)
    except OverflowError:
        raise error("not_finite", f"{name} is too large") from None
    except EdgetallyError:
        raise
    except Exception:  # whatever a stranger's object does
        raise error("wrong_type", f"{name} is not a number, but {type(value).__name__}") from None


def item(name: str, row: int, value: Any) -> float:
    """One number of a column; what is missing is ``NaN``."""
    if type(value) is float:
        return value
    return float("nan") if missing(value) else number(f"{name}[{row}]", value)


def optional(name: str, value: Any) -> float | None:
    """One number, or ``None``."""
    return None if value is None else number(name, value)


def missing(value: Any) -> bool:
    """Whether a single value says that there is none: ``None``, ``pandas.NA``, ``pandas.NaT``, a null of Arrow's."""
    # Arrow's scalars know whether they are valid.
    return (
        value is None
        or type(value).__name__ in ("NAType", "NaTType", "MaskedConstant")
        or getattr(value, "is_valid", None) is False
    )


def count(name: str, value: Any, least: int = 1, most: int = 2**64) -> int:
    """A whole number, from ``least`` and below ``most``."""
    whole = number(name, value)
    # The value itself, since a float cannot hold every whole number.
    if whole != whole or whole in (float("inf"), float("-inf")) or whole != int(whole) or not least <= value < most:
        raise error("not_a_count", f"{name} is not a whole number from {least}")
    return int(value)


def confidence(value: Any, *, alpha: Any = None, name: str = "alpha", fallback: float | None = 0.95) -> Any:
    """The confidence of an interval, where a function also takes it as an error rate; a column stays a column.

    Low values are nearly always an error rate by mistake, so one below a half is refused, as the core refuses it in
    columns.
    """
    if value is not None and alpha is not None:
        raise error("one_goal", f"confidence and {name} say the same: pass one of them")
    if value is None:
        return fallback if alpha is None else 1.0 - number(name, alpha)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0.0 < value < 0.5:
        raise error(
            "confidence_low",
            f"confidence {value:g} looks like an error rate: pass {1.0 - value:g}, or alpha={value:g} where a function"
            " takes it",
        )
    return value


def error_rate(level: Any, alpha: Any, fallback: float = 0.05) -> Any:
    """One less the confidence of a test, where a function takes either; a column stays a column."""
    if level is None:
        return fallback if alpha is None else alpha
    level = confidence(level, alpha=alpha)
    if isinstance(level, (list, tuple)):
        return [error_rate(item("confidence", row, one), None) for row, one in enumerate(level)]
    # Without the noise of a subtraction in binary: 0.95 is an error rate of 0.05.
    return round(1.0 - level, 15) if hasattr(level, "__round__") else 1.0 - level


def switch(name: str, value: Any) -> bool:
    """Yes or no."""
    try:
        return bool(value)
    except Exception:  # whatever a stranger's object does
        raise error("wrong_type", f"{name} is neither True nor False, but {type(value).__name__}") from None


def choice(name: str, value: object, choices: Sequence[str] | Mapping[Any, Any]) -> Any:
    """One of the words that are allowed; of a mapping, what the word stands for."""
    if type(choices) is dict and type(value) is str and value in choices:
        return choices[value]
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
        return [item(name, row, one) for row, one in enumerate(value)]
    from ._columns import Form

    read = Form().read(name, value)
    if read is None:
        raise error("missing", f"{name} is required")
    if isinstance(read, float):
        return [read]
    if read.ndim != 1:
        raise error("wrong_type", f"{name} has {read.ndim} dimensions where a column has one")
    return read.tolist()


def optional_floats(name: str, value: Any) -> list[float] | None:
    """One column as a list of floats, or ``None``."""
    return None if value is None else floats(name, value)


def arrays(*, samples: Sequence[Sequence[str]] | None = None, **values: Any) -> tuple[Any, dict[str, Any]]:
    """Columns as contiguous arrays of float64, each of its own length; and the form of the caller's.

    By default a row of one column belongs to a row of the others, so that columns of pandas have to have the same
    index. A function over samples names those that are measured on the same units; the samples are independent of each
    other: ``samples=[("exposed",), ("holdout",)]`` takes two filtered Series as they are, and
    ``samples=[("exposed_y", "exposed_x"), ("holdout_y", "holdout_x")]`` matches rows within each arm only.
    """
    import numpy as np

    from ._columns import Form

    forms = [Form()]
    of = dict.fromkeys(values, forms[0])
    for place, names in enumerate(samples or ()):
        if place:
            forms.append(Form())
        of |= dict.fromkeys(names, forms[-1])
    read = {name: of[name].read(name, value) for name, value in values.items()}
    for name, value in read.items():
        if value is None:
            raise error("missing", f"{name} is required")
        if getattr(value, "ndim", 1) > 1:
            raise error("wrong_type", f"{name} has {value.ndim} dimensions where a column has one")
    flat = {
        name: np.ascontiguousarray(np.atleast_1d(value), dtype=np.float64).reshape(-1) for name, value in read.items()
    }
    return forms[0], flat


def same_length(columns: Mapping[str, Any]) -> None:
    """Refuse columns of one table that differ in length."""
    (first, like), *others = columns.items()
    for name, value in others:
        if len(value) != len(like):
            raise error("length_mismatch", f"{name} does not have as many rows as {first}")
