"""Results as small HTML tables for notebooks: no script, no style sheet."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from ._edgetally import Interval

if TYPE_CHECKING:
    from ._result import Result

_CELL = "padding:2px 10px;text-align:"
_MOST = 8


def number(value: Any) -> str:
    """A number as people read it: thousands apart, four digits of a small one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return escape(str(value))
    if value != value:
        return "\N{EN DASH}"
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "\N{MINUS SIGN}∞"
    size = abs(value)
    if isinstance(value, int) or size >= 1000:
        text = f"{value:,.0f}"
    elif size >= 0.001 or size == 0:
        text = f"{value:,.4g}"
    else:
        text = f"{value:.3g}"
    return text.replace("-", "\N{MINUS SIGN}")


def cell(value: Any) -> str:
    """A value, an interval as ``300 [211, 390]``, or how long a column is."""
    if isinstance(value, Interval):
        if isinstance(value.estimate, float):
            return f"{number(value.estimate)} <small>[{number(value.low)}, {number(value.high)}]</small>"
        return f"{len(value.estimate)} rows"
    if isinstance(value, (str, int, float, type(None))):
        return number(value)
    if isinstance(value, dict):
        return ", ".join(f"{escape(str(name))} {cell(inner)}" for name, inner in list(value.items())[:_MOST])
    if hasattr(value, "__len__"):
        values = list(value[:_MOST])
        shown = ", ".join(cell(inner) for inner in values)
        return shown + (f", … ({len(value)} rows)" if len(value) > _MOST else "")
    return escape(repr(value))


def result(what: Result) -> str:
    """The table of a result."""
    rows = "".join(
        f'<tr><td style="{_CELL}left"><code>{escape(name)}</code></td>'
        f'<td style="{_CELL}right">{cell(value)}</td>'
        f'<td style="{_CELL}left"><small>{escape(what.definition.get(name, ""))}</small></td></tr>'
        for name, value in what._items()
    )
    flags = "".join(
        f'<span style="background:#b35900;color:#fff;border-radius:3px;padding:1px 6px">{escape(flag)}</span> '
        for flag in what._flags()
    )
    head = f'<caption style="text-align:left"><b>{escape(type(what).__name__)}</b> {flags}</caption>'
    return f"<table>{head}<tbody>{rows}</tbody></table>"
