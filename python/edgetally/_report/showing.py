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


def html(table: Any) -> str:
    from html import escape

    names, rows = _cells(table)
    total = getattr(table, "total", None)
    head = "".join(
        f'<th title="{escape(table.definition.get(name, ""), quote=True)}">{escape(name)}</th>' for name in names
    )
    body = "".join(f"<tr>{''.join(f'<td>{escape(value)}</td>' for value in row)}</tr>" for row in rows)
    if total is not None and len(total):
        seen, extra = _cells(total)
        for row in extra:
            values = dict(zip(seen, row, strict=True))
            cells = (values.get(name, "total" if place == 0 else "") for place, name in enumerate(names))
            body += f"<tr>{''.join(f'<th>{escape(value)}</th>' for value in cells)}</tr>"
    more = f"<p>{len(table)} rows</p>" if len(table) > _ROWS_SHOWN else ""
    notes = "".join(f'<p style="color:#b00">{escape(warning)}</p>' for warning in table.warnings)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}{notes}"


def summary(table: Any) -> str:
    """Sentences: each metric of all rows, where it is best and where it is worst, and what to read before."""
    from .metrics import METRICS

    names = [*map(str, table._plan.by), "arm"]
    whole = table.total if table.total is not None else table
    lines = []
    for metric in table.metrics:
        name = METRICS[metric].estimate
        parts = []
        for place in range(len(whole)):
            parts.append(_when(whole, place) + _interval(whole, name, place))
        lines.append(
            f"{name}: {'; '.join(parts[:_WINDOWS_SHOWN]) or 'no rows'}{'; ...' if len(parts) > _WINDOWS_SHOWN else ''}"
        )
        values = table._columns.get(name)
        known = [] if values is None else [place for place in range(len(table)) if values[place] == values[place]]
        if len({float(values[place]) for place in known}) > 1:
            for word, place in (
                ("highest", max(known, key=lambda at: values[at])),
                ("lowest", min(known, key=lambda at: values[at])),
            ):
                where = ", ".join(f"{key} {table._columns[key][place]}" for key in names if key in table._columns)
                lines.append(
                    f"  {word}: {where + ' ' if where else ''}{_when(table, place)}{_interval(table, name, place)}"
                )
    return "\n".join([*lines, *(f"! {warning}" for warning in table.warnings)])


_WINDOWS_SHOWN = 6


def _when(table: Any, place: int) -> str:
    start = table._columns["window_start"][place]
    if start is None:
        return ""
    return f"{start}{'' if table._columns['complete'][place] else ' (not complete)'} "


def _interval(table: Any, name: str, place: int) -> str:
    def short(value: float) -> str:
        size = abs(value)
        return f"{value:,.0f}" if size >= 1000 else f"{value:.4g}"

    columns = table._columns
    said = short(float(columns[name][place]))
    if f"{name}_low" in columns:
        said += f" [{short(float(columns[f'{name}_low'][place]))}, {short(float(columns[f'{name}_high'][place]))}]"
    return said
