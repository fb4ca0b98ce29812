"""Reports to look at."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ROWS_SHOWN = 20


def _cells(table: Any) -> tuple[list[str], list[list[str]]]:
    """What is shown: segments, window, and the numbers, an interval in one cell."""
    columns = table._columns
    names = [
        name
        for name in columns
        if not ((name.endswith(("_low", "_high")) and name.rpartition("_")[0] in columns) or name == "window_end")
        and not (len(table) and all(value is None for value in list(columns[name])[:_ROWS_SHOWN]))
    ]

    def short(value: Any) -> str:
        return "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)

    def cell(name: str, place: int) -> str:
        value = short(columns[name][place])
        if f"{name}_low" in columns:
            return f"{value} [{short(columns[f'{name}_low'][place])}, {short(columns[f'{name}_high'][place])}]"
        return value

    return names, [[cell(name, place) for name in names] for place in range(min(len(table), _ROWS_SHOWN))]


def _text(table: Any) -> str:
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


def _html(table: Any) -> str:
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
