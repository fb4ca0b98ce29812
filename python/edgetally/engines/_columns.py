"""What the engines have in common: a calculator over a batch of Arrow columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._arguments import error
from .._report.metrics import flat
from .._report.plan import make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# What ``report`` takes beyond ``summarize``; everything else that is no keyword of either goes to the calculator.
SUMMARIZE = ("metrics", "columns", "by", "date", "window", "week_start", "tz", "arms", "nan_policy")


def split(arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of ``summarize``, and those of ``Partial.report``."""
    first = {name: arguments.pop(name) for name in SUMMARIZE if name in arguments}
    return first, arguments


def needed(metric: Any, arguments: dict[str, Any]) -> list[str]:
    """The columns of the table that a summary reads, each once."""
    plan = make_plan(metric, **{name: value for name, value in arguments.items() if name in SUMMARIZE})
    names = [*plan.by, *([plan.date] if plan.date is not None else []), *plan.columns.values()]
    return list(dict.fromkeys(names))


def outputs(
    function: Callable[..., Any],
    columns: Mapping[str, Any],
    fields: Sequence[str],
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """The calculator's fields over these columns; ``x_low`` and ``x_high`` are the ends of the interval ``x``."""
    found = flat(function(**columns, **options))
    for name in fields:
        if name not in found:
            raise error("unknown_choice", f"there is no field {name!r}; there are {', '.join(found)}")
    return {name: found[name] for name in fields}
