"""What the engines have in common: a calculator over a batch of Arrow columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._arguments import error
from .._report.metrics import _flat
from .._report.plan import _plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# What ``report`` takes beyond ``summarize``; everything else that is no keyword of either goes to the calculator.
SUMMARIZE = ("columns", "by", "date", "window", "week_start", "tz", "arms", "nan_policy")


def split(arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of ``summarize``, and those of ``Partial.report``."""
    first = {name: arguments.pop(name) for name in SUMMARIZE if name in arguments}
    return first, arguments


def needed(metric: str, arguments: dict[str, Any]) -> list[str]:
    """The columns of the table that a summary reads, each once."""
    plan = _plan(
        metric,
        arguments.get("columns"),
        arguments.get("by", ()),
        arguments.get("date"),
        arguments.get("window"),
        arguments.get("week_start", "monday"),
        arguments.get("tz", "UTC"),
        arguments.get("arms"),
        arguments.get("nan_policy", "propagate"),
    )
    names = [*plan.by, *([plan.date] if plan.date else []), *plan.columns.values()]
    return list(dict.fromkeys(names))


def outputs(
    function: Callable[..., Any],
    columns: Mapping[str, Any],
    fields: Sequence[str],
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """The calculator's fields over these columns; ``x_low`` and ``x_high`` are the ends of the interval ``x``."""
    flat = _flat(function(**columns, **options))
    for name in fields:
        if name not in flat:
            raise error("unknown_choice", f"there is no field {name!r}; there are {', '.join(flat)}")
    return {name: flat[name] for name in fields}
