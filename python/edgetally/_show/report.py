"""Reports and comparisons: tables with a sentence on top, the metric by window with its interval or by segment."""

from __future__ import annotations

from html import escape
from math import isfinite
from typing import Any

from . import numbers, units
from .page import BOX, CELL, note
from .picture import Panel, Picture, left_out, nothing, thinned, tone
from .say import flat
from .svg import svg
from .text import table

_ROWS_SHOWN = 20
# Letters in a line of a summary.
_WIDE = 118
_MOST_LINES = 8
_SUMS = ("revenue", "spend", "cost", "conversions", "clicks", "impressions", "users", "new_customers", "profit")
_ASIDE = frozenset(
    {"window_start", "window_end", "n_days", "complete", "mature", "rows", "flags", "srm", "quality", "status"}
    | {"p_value", "p_adjusted", "change", "ratio"}
)


class Table:
    """What is read of a report: the columns by name, the metric's own, and what names a row."""

    def __init__(self, report: Any, currency: str = "", metric: str | None = None) -> None:
        """``metric`` is one of the report's columns; the report's own headline unless given."""
        self.report, self.currency = report, currency
        self.columns: dict[str, Any] = dict(report.to_dict()) if not hasattr(report, "_columns") else report._columns
        self.count = len(report)
        self.metric = metric or self._headline()
        windows = self.columns.get("window_start")
        self.windows = list(windows) if windows is not None and any(start is not None for start in windows) else []
        self.keys = [name for name in self._by() if name in self.columns]

    def _by(self) -> list[str]:
        by = getattr(getattr(self.report, "_plan", None), "by", None)
        if by is not None:
            return [*map(str, by), "arm"]
        return [name for name, column in self.columns.items() if column is not None and _is_text(column)]

    def _headline(self) -> str:
        given = getattr(self.report, "estimate", None)
        if isinstance(given, str) and given in self.columns:
            return given
        metric = str(getattr(self.report, "metric", "") or "")
        first = metric.split(",")[0].strip()
        for name in (_HEADLINES.get(first, ""), first, *(n for n in self.columns if f"{n}_low" in self.columns)):
            if name in self.columns:
                return name
        plain = (name for name in self.columns if name not in _ASIDE and not _is_text(self.columns[name]))
        return next(plain, "")

    def unit(self, name: str) -> str:
        """The unit of a column."""
        return units.unit(name)

    def values(self, name: str) -> list[float]:
        """A column as floats; ``NaN`` where there is no such column."""
        return flat(self.columns[name]) if name in self.columns else [float("nan")] * self.count

    def name(self, place: int) -> str:
        """The segment of a row, in words."""
        return " / ".join(_said(self.columns[key][place]) for key in self.keys) or "all"

    def shown(self, name: str, place: int) -> str:
        """One cell, an interval where the column has ends."""
        value = self.columns[name][place]
        if value is None:
            return ""
        if isinstance(value, (str, bool)) or not numbers.is_number(value):
            return _said(value)
        if f"{name}_low" in self.columns:
            low, high = (self.columns[f"{name}_{end}"][place] for end in ("low", "high"))
            nan = float("nan")
            ends = nan if low is None else low, nan if high is None else high
            return numbers.interval(value, ends[0], ends[1], self.unit(name), self.currency)
        return numbers.number(value, self.unit(name), self.currency)


# What stands for a metric of several columns.
_HEADLINES = {"funnel": "profit_per_mille", "lift": "rel_lift", "target_cpa": "target_cpa"}


def _is_text(column: Any) -> bool:
    kind = getattr(getattr(column, "dtype", None), "kind", "O")
    return kind in "OUSb" and not any(numbers.is_number(value) for value in list(column[:5]))


def _said(value: Any) -> str:
    if value is None or value != value:
        return "(missing)"
    return ("yes" if value else "no") if isinstance(value, bool) or type(value).__name__ == "bool" else str(value)


def sentence(found: Table) -> str:
    """What the metric is in all, where it is highest and where lowest."""
    if not found.count or not found.metric:
        return "The report has no rows."
    label = units.words(found.metric)
    total = getattr(found.report, "total", None)
    start = label[:1].upper() + label[1:]
    values = found.values(found.metric)
    known = [at for at, value in enumerate(values) if isfinite(value)]
    complete = list(found.columns.get("complete", ()))
    # A window that is not over is not compared with those that are.
    over = [at for at in known if not (found.windows and complete) or complete[at]]
    known = over or known
    if not known:
        return f"{start} is undefined in all {found.count:,} rows."
    if total is not None and len(total) == 1 and found.metric in total:
        start += f" is {Table(total, found.currency, found.metric).shown(found.metric, 0)} in all"
    if len(known) == 1:
        return f"{start}." if " in all" in start else f"{start} is {found.shown(found.metric, known[0])}."
    if f"{found.metric}_before" in found.columns:
        return _change(found, start, known, values)
    if max(values[at] for at in known) == min(values[at] for at in known):
        return f"{start}: it is the same in all rows." if " in all" in start else f"{start} is the same in all rows."
    best, worst = max(known, key=lambda at: values[at]), min(known, key=lambda at: values[at])
    many = len(set(map(str, found.windows))) > 1

    def where(at: int) -> str:
        place = f"for {found.name(at)}" if found.keys else ""
        if not many:
            return place or f"in row {at}"
        return f"{place + ' ' if place else ''}in the window from {found.windows[at]}"

    join = ": it is" if " in all" in start else " is"
    number = (numbers.number(values[at], found.unit(found.metric), found.currency) for at in (best, worst))
    return f"{start}{join} highest {where(best)} ({next(number)}), lowest {where(worst)} ({next(number)})."


def _sentences(found: Table) -> list[str]:
    """A sentence for each metric that was asked for, the first one first."""
    return [sentence(found), *(sentence(Table(found.report, found.currency, name)) for name in _others(found))]


def _others(found: Table) -> list[str]:
    """The columns of the other metrics that were asked for."""
    asked = [_HEADLINES.get(name, name) for name in getattr(found.report, "metrics", ())]
    return [name for name in asked if name in found.columns and name != found.metric]


def _change(found: Table, start: str, known: list[int], values: list[float]) -> str:
    """What rose most and what fell most since before."""
    before = found.values(f"{found.metric}_before")
    moved = sorted(((values[at] - before[at], at) for at in known if isfinite(before[at])), key=lambda move: move[0])
    parts = []
    for (change, at), verb in ((moved[-1], "rose"), (moved[0], "fell")) if moved else ():
        if (change > 0) == (verb == "rose") and change:
            ends = (
                numbers.number(value, found.unit(found.metric), found.currency) for value in (before[at], values[at])
            )
            which = f" most for {found.name(at)}" if len(moved) > 1 else ""
            parts.append(f"{verb}{which}, from {next(ends)} to {next(ends)}")
    return f"{start} {', and '.join(parts)}." if parts else f"{start} did not change."


def picture(found: Table) -> Picture:
    """By window, a line for each segment; without windows a row for each segment, the highest on top."""
    if not found.count or not found.metric:
        return nothing(sentence(found))
    if len(set(map(str, found.windows))) > 1:
        return _by_window(found)
    return _by_segment(found)


def _null(found: Table) -> float | None:
    name = found.metric
    if name.startswith(("rel_lift", "abs_lift", "incremental_conv", "incremental_prof", "profit", "change")):
        return 0.0
    return None


def _by_segment(found: Table) -> Picture:
    name, unit = found.metric, found.unit(found.metric)
    values, low, high = (found.values(name + end) for end in ("", "_low", "_high"))
    order = sorted((at for at, value in enumerate(values) if isfinite(value)), key=lambda at: -values[at])
    known = len(order)
    order = [order[at] for at in thinned(known, 30)]
    ends = any(isfinite(value) for value in low + high)
    panel = Panel(x=units.words(name), x_unit=unit, rows=[found.name(at) for at in order], zero=not ends)
    null = _null(found)
    for row, at in enumerate(order):
        if ends:
            panel.span(row, values[at], low[at], high[at], "main" if null is None else tone(low[at], high[at], null))
        else:
            panel.bar(row, 0.0, values[at], "main", found.shown(name, at))
    if f"{name}_before" in found.columns:
        before = found.values(f"{name}_before")
        panel.dots([before[at] for at in order], [float(row) for row in range(len(order))], "ink", "before", "hollow")
    total = getattr(found.report, "total", None)
    # The sum of all segments is no yardstick for one, and would press them into a corner.
    if total is not None and len(total) == 1 and name in total and name not in _SUMS:
        whole = float(total[name][0])
        panel.rule(whole, f"all {numbers.number(whole, unit, found.currency)}")
    if null is not None:
        panel.rule(null, "", style="solid")
    return Picture(sentence(found), [panel], notes=[*_notes(found), left_out(known, len(order), "segments")])


def _by_window(found: Table) -> Picture:
    name, unit = found.metric, found.unit(found.metric)
    values, low, high = (found.values(name + end) for end in ("", "_low", "_high"))
    starts = sorted({start for start in found.windows if start is not None})
    place = {start: at for at, start in enumerate(starts)}
    complete = list(found.columns.get("complete", [True] * found.count))
    groups: dict[str, list[int]] = {}
    for at, start in enumerate(found.windows):
        if start is not None:
            groups.setdefault(found.name(at), []).append(at)
    shown = sorted(groups, key=lambda key: -len(groups[key]))[:_MOST_LINES]
    panel = Panel(y=units.words(name), y_unit=unit, x="window from", columns=[str(start) for start in starts])
    unfinished = {found.windows[at] for at in range(found.count) if complete[at] is not None and not complete[at]}
    for at, start in enumerate(starts):
        if start in unfinished:
            panel.hatch(at - 0.5, at + 0.5, "not complete" if start == max(unfinished) else "")
    single = len(shown) == 1
    panel.aside = True
    for number, key in enumerate(shown):
        rows = sorted(groups[key], key=lambda at: place[found.windows[at]])
        # Side by side, so that intervals do not hide each other.
        shift = 0.0 if single else 0.5 * (number / (len(shown) - 1) - 0.5)
        x = [place[found.windows[at]] + shift for at in rows]
        shade = str(number)
        panel.line(x, [values[at] for at in rows], shade, "" if single else key, "thin")
        for here, at in zip(x, rows, strict=True):
            grey = found.windows[at] in unfinished
            panel.whisker(here, low[at], high[at], "unsure" if grey else shade)
            panel.dots([here], [values[at]], "unsure" if grey else shade, "", "hollow" if grey else "")
    null = _null(found)
    if null is not None:
        panel.rule(null, "no effect", across=True)
    notes = _notes(found)
    if len(groups) > len(shown):
        notes.append(f"{len(groups) - len(shown):,} more segments are not drawn.")
    return Picture(sentence(found), [panel], notes=notes)


def _notes(found: Table) -> list[str]:
    return [str(warning) for warning in getattr(found.report, "warnings", ())]


def _names(found: Table) -> list[str]:
    """Which columns are shown: no ends of intervals, nothing that is empty in every row."""
    columns = found.columns
    return [
        name
        for name in columns
        if not (name.endswith(("_low", "_high")) and name.rpartition("_")[0] in columns)
        and name != "window_end"
        and not (found.count and all(_empty(value) for value in list(columns[name])[: 4 * _ROWS_SHOWN]))
    ]


def _empty(value: Any) -> bool:
    return value is None or value == "" or (numbers.is_number(value) and value != value)


def _cells(found: Table) -> tuple[list[str], list[list[str]], list[list[str]]]:
    """The names, the rows, and those of the total."""
    names = _names(found)
    rows = [[found.shown(name, at) for name in names] for at in range(min(found.count, _ROWS_SHOWN))]
    total = getattr(found.report, "total", None)
    extra = []
    if total is not None and len(total):
        whole = Table(total, found.currency, found.metric)
        for at in range(min(len(total), _ROWS_SHOWN)):
            cells = [whole.shown(name, at) if name in whole.columns else "" for name in names]
            extra.append(["total" if place == 0 and not cell else cell for place, cell in enumerate(cells)])
    return names, rows, extra


def _fitting(found: Table, names: list[str], rows: list[list[str]]) -> list[int]:
    """The columns that fit into a line: what names the row, the metric, then the others as they come."""
    first = [
        *found.keys,
        "window_start",
        "complete",
        found.metric,
        *_others(found),
        "p_value",
        "p_adjusted",
        "flags",
        "rows",
    ]
    order = sorted(range(len(names)), key=lambda at: first.index(names[at]) if names[at] in first else len(first))
    kept: list[int] = []
    wide = 0
    for at in order:
        wide += 2 + max([len(names[at]), *(len(row[at]) for row in rows)])
        if kept and wide > _WIDE:
            break
        kept.append(at)
    return kept


def summary(report: Any, currency: str = "") -> str:
    """The sentence, the table of rows and totals, and what to know before the numbers."""
    found = Table(report, currency)
    names, rows, extra = _cells(found)
    more = f"... {found.count:,} rows" if found.count > _ROWS_SHOWN else ""
    notes = [f"! {warning}" for warning in _notes(found)]
    if not names:
        return "\n".join([*_sentences(found), *notes])
    kept = _fitting(found, names, [*rows, *extra])
    shown = table([names[at] for at in kept], [[row[at] for at in kept] for row in [*rows, *extra]], more)
    parts = [*_sentences(found), "", shown]
    if len(kept) < len(names):
        parts.append(f"... and {', '.join(name for at, name in enumerate(names) if at not in kept)}")
    return "\n".join([*parts, *([""] if notes else []), *notes])


def html(report: Any) -> str:
    """The same for notebooks, with the small picture."""
    found = Table(report)
    names, rows, extra = _cells(found)
    typed = numbers.typographic
    definition = getattr(report, "definition", {})
    head = "".join(
        f'<th title="{escape(definition.get(name, ""), quote=True)}" style="{CELL}right">{escape(name)}</th>'
        for name in names
    )
    body = "".join(
        "<tr>"
        + "".join(f'<td style="{CELL}right;white-space:nowrap">{escape(typed(cell))}</td>' for cell in row)
        + "</tr>"
        for row in rows
    )
    body += "".join(
        "<tr>"
        + "".join(f'<th style="{CELL}right;white-space:nowrap">{escape(typed(cell))}</th>' for cell in row)
        + "</tr>"
        for row in extra
    )
    more = f"<p>{found.count:,} rows</p>" if found.count > _ROWS_SHOWN else ""
    notes = "".join(note(warning, "") for warning in _notes(found))
    drawn = svg(picture(found))
    first, *others = _sentences(found)
    top = f'<p style="margin:.4em 0;font-size:1.1em"><b>{escape(typed(first))}</b></p>'
    top += "".join(f'<p style="margin:.4em 0">{escape(typed(other))}</p>' for other in others)
    shown = (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;color:inherit;background:none">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return f'<div style="{BOX}">{top}{notes}{drawn}{shown}{more}</div>'


def draw(report: Any, ax: Any = None, *, metric: str | None = None, currency: str = "") -> Any:
    """By window with intervals and incomplete windows greyed, or by segment; ``metric`` is a column of the report."""
    from .._arguments import error
    from .draw import draw as by_matplotlib

    found = Table(report, currency, metric)
    if found.metric and found.metric not in found.columns:
        raise error(
            "unknown_column", f"the report has no column {metric!r}; it has {', '.join(map(str, found.columns))}"
        )
    return by_matplotlib(picture(found), ax, currency)
