"""Reports to look at."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ROWS_SHOWN = 20


def _empty(name: str, table: Any) -> bool:
    """Whether a column says nothing here: the money of a lift without money, a window without dates."""
    import math

    from .metrics import METRICS

    if name in [METRICS[metric].estimate for metric in table._plan.metrics]:
        return False
    values = _plain(table._columns[name])
    if table._columns.get("rows") is None:
        return False
    return all(value is None or value == "" or (isinstance(value, float) and math.isnan(value)) for value in values)


def _plain(column: Any) -> list[Any]:
    return column[:_ROWS_SHOWN].tolist() if hasattr(column, "tolist") else list(column[:_ROWS_SHOWN])


def _cells(table: Any) -> tuple[list[str], list[list[str]]]:
    """What is shown: segments, window, and the numbers, an interval in one cell."""
    columns = table._columns
    names = [
        name
        for name in columns
        if not ((name.endswith(("_low", "_high")) and name.rpartition("_")[0] in columns) or name == "window_end")
        and not (len(table) and _empty(name, table))
    ]

    def short(value: Any) -> str:
        return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)

    def cell(name: str, place: int) -> str:
        value = short(columns[name][place])
        if f"{name}_low" in columns:
            return f"{value} [{short(columns[f'{name}_low'][place])}, {short(columns[f'{name}_high'][place])}]"
        return value

    return names, [[cell(name, place) for name in names] for place in range(min(len(table), _ROWS_SHOWN))]


def text(table: Any) -> str:
    names, rows = _cells(table)
    total = getattr(table, "total", None)
    if total is not None and len(total):
        seen, extra = _cells(total)
        rows += [
            [
                dict(zip(seen, row, strict=True)).get(name, "total" if place == 0 else "")
                for place, name in enumerate(names)
            ]
            for row in extra
        ]
    widths = [max([len(name), *(len(row[place]) for row in rows)]) for place, name in enumerate(names)]
    lines = ["  ".join(name.rjust(width) for name, width in zip(names, widths, strict=True))]
    lines += ["  ".join(value.rjust(width) for value, width in zip(row, widths, strict=True)) for row in rows]
    if len(table) > _ROWS_SHOWN:
        lines.append(f"... {len(table)} rows")
    lines += [f"! {warning}" for warning in table.warnings]
    return "\n".join(lines)
