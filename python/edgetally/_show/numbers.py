"""Numbers as people read them: rounded to what their interval supports, money and per cent as such."""

from __future__ import annotations

from math import floor, inf, isfinite, log10
from typing import Any

# What a reader sees where there is nothing to see.
UNDEFINED = "undefined"

_HUNDREDTHS = frozenset({"percent", "points", "probability"})
# Where less than a millionth is as good as nothing.
_ROUND = frozenset({"percent", "points", "money", "times"})
_AFTER = {"percent": "%", "points": " pp", "probability": "%", "months": " months", "periods": " periods"}


def is_number(value: Any) -> bool:
    """Whether a value is one number, of Python or of NumPy."""
    return not isinstance(value, (bool, str, bytes)) and hasattr(value, "__float__") and not getattr(value, "ndim", 0)


def _digits(value: float) -> int:
    """The place of the first digit: 0 for 1 to 9, 2 for hundreds, -1 for tenths."""
    return floor(log10(abs(value))) if value and isfinite(value) else 0


def _places(value: float, unit: str) -> int:
    """Decimals of a number that stands by itself."""
    size = abs(value)
    if value == 0 or not isfinite(value):
        return 0
    if unit == "money":
        return 0 if size >= 1000 else 2 if size >= 0.1 else min(1 - _digits(value), 8)
    if unit == "count":
        return 0 if size >= 100 or size == int(size) else min(2 - _digits(value), 8)
    if unit == "times":
        return 2 if size >= 0.1 else min(1 - _digits(value), 8)
    if unit == "number" and size == int(size):
        return 0
    return min(max(0, 2 - _digits(value)), 8)


def _plain(value: float, places: int) -> str:
    if value != value:
        return UNDEFINED
    if value in (inf, -inf):
        return "inf" if value > 0 else "-inf"
    if abs(value) >= 1e15 or 0 < abs(value) < 1e-6:
        return f"{value:.3g}"
    text = f"{value:,.{places}f}"
    return text.removeprefix("-") if not text.strip("-0.,") else text


def _scaled(value: float, unit: str) -> float:
    return 100.0 * value if unit in _HUNDREDTHS else value


def _dressed(text: str, unit: str, currency: str) -> str:
    """A number with what stands before it or after it; a currency of letters is set apart, a sign is not."""
    if unit != "money" or not currency or text == UNDEFINED:
        return text + _AFTER.get(unit, "")
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    return f"{sign}{currency}{' ' if currency[-1].isalnum() else ''}{digits}"


def number(value: Any, unit: str = "number", currency: str = "", places: int | None = None) -> str:
    """One number in its unit: ``33.3%``, ``40,400``, ``7.2 months``; a currency only where one is named."""
    value = float(value)
    if value != value:
        return UNDEFINED
    if unit == "p":
        return p_value(value)
    if unit == "probability" and 0.0 <= value <= 1.0:
        if value < 0.001:
            return "under 0.1%"
        if value > 0.999:
            return "over 99.9%"
        return f"{100 * value:.0f}%" if 0.1 <= value <= 0.9 else f"{100 * value:.1f}%"
    value = _scaled(value, unit)
    if unit in _ROUND and abs(value) < 1e-6:
        value = 0.0
    return _dressed(_plain(value, _places(value, unit) if places is None else places), unit, currency)


def p_value(value: float) -> str:
    """A p-value: two digits, and an order of magnitude where it is very small."""
    if value != value:
        return UNDEFINED
    if value < 0.001:
        return f"{value:.0e}".replace("e-0", "e-") if value > 0 else "0"
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def _interval_places(parts: tuple[float, float, float]) -> int | None:
    estimate, low, high = parts
    width = high - low
    if not isfinite(width):
        ends = [end for end in (low, high) if isfinite(end)]
        width = 2 * abs(estimate - ends[0]) if ends and isfinite(estimate) else 0.0
    if not isfinite(width) or width <= 0:
        return None
    return max(0, 1 - _digits(width))


def _end(value: float, places: int) -> str:
    """An end that is not zero is not shown as zero."""
    while isfinite(value) and value and places < 8 and not f"{value:.{places}f}".strip("-0."):
        places += 1
    return _plain(value, places)


def interval(estimate: Any, low: Any, high: Any, unit: str = "number", currency: str = "", noun: str = "") -> str:
    """An estimate with its ends, ``300 [211, 390]``: decimals are those that two digits of the width need.

    A ``noun`` stands between the two: ``300 orders [211, 390]``.
    """
    parts = float(estimate), float(low), float(high)
    noun = f" {noun}" if noun else ""
    if parts[1] != parts[1] and parts[2] != parts[2]:
        return number(parts[0], unit, currency) + noun
    scaled = tuple(_scaled(part, unit) for part in parts)
    places = _interval_places(scaled)  # type: ignore[arg-type]
    if places is None:
        places = _places(next((part for part in scaled if isfinite(part) and part), 0.0), unit)
    after = "%" if unit in ("percent", "probability") else ""
    ends = [_end(part, places) + (after if isfinite(part) else "") for part in scaled[1:]]
    head = _plain(scaled[0], places)
    head = head if head == UNDEFINED else _dressed(head, unit, currency)
    return f"{head}{noun} [{', '.join(ends)}]"


def tick(value: float, unit: str, currency: str = "") -> str:
    """A number at an axis: short, with thousands separators, millions as ``1.2M``."""
    value = _scaled(value, unit)
    size = abs(value)
    for least, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if size >= least:
            text = f"{value / least:.4g}{letter}"
            break
    else:
        text = f"{value:,.0f}" if size >= 1000 or value == int(value) else f"{value:.4g}"
    if unit == "money":
        return _dressed(text, unit, "" if currency[-1:].isalnum() else currency)
    return text + ("%" if unit in ("percent", "probability") else "")


def steps(low: float, high: float, most: int = 5) -> list[float]:
    """Round numbers from ``low`` to ``high``, not more than ``most`` of them, for an axis."""
    if not (isfinite(low) and isfinite(high)) or high <= low:
        return [low] if isfinite(low) else []
    rough = (high - low) / max(most, 1)
    power = 10.0 ** floor(log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999999)
    first = -floor(-low / step + 1e-9)
    found: list[float] = []
    while (first + len(found)) * step <= high + 1e-9 * step and len(found) <= 2 * most:
        found.append((first + len(found)) * step)
    return found


def typographic(text: str) -> str:
    """The same with a true minus before digits and the sign of infinity, for where any letter can be drawn."""
    made = []
    for at, letter in enumerate(text):
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        # After the e of 5e-11 as well; not within a date or a range.
        starts = before in ("", " ", "[", "(", "+") or (before == "e" and text[at - 2 : at - 1].isdigit())
        joined = letter == "-" and starts and (after.isdigit() or after in "$€£¥" or text[at + 1 : at + 4] == "inf")
        made.append("\N{MINUS SIGN}" if joined and after else letter)
    words = "".join(made)
    for before, after in ((" inf]", " ∞]"), ("[\N{MINUS SIGN}inf,", "[\N{MINUS SIGN}∞,"), ("[inf,", "[∞,")):
        words = words.replace(before, after)
    return "∞" if words == "inf" else words
