"""Outcomes by region and period, from lists or from a long table."""

from __future__ import annotations

import itertools

from ._arguments import error, floats, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


class Panel:
    """Each region's outcomes by date, cut at the start of the test."""

    __slots__ = ("control", "control_post", "control_pre", "treated", "treated_post", "treated_pre")

    def __init__(self, treated: list[Any], control: list[Any], cut: Any) -> None:
        """Names of regions, and what gives a list per region before the start and after it."""
        self.treated = treated
        self.control = control
        self.treated_pre, self.treated_post = cut(treated)
        self.control_pre, self.control_post = cut(control)


def is_table(value: Any) -> bool:
    """Whether this is a table of named columns: a data frame, an Arrow table, a mapping."""
    return any(hasattr(value, name) for name in ("keys", "column_names", "columns"))


def is_panel(value: Any) -> bool:
    """Whether this is a list of regions and not of outcomes."""
    if getattr(value, "ndim", 1) == 2:
        return True
    return isinstance(value, (list, tuple)) and len(value) > 0 and hasattr(value[0], "__len__")


def regions(name: str, value: Any) -> list[list[float]]:
    """Read a list per region; a two-dimensional array has a row per region."""
    if getattr(value, "ndim", 1) == 2:
        value = list(value.to_numpy() if hasattr(value, "to_numpy") else value)
    if not isinstance(value, (list, tuple)):
        raise error("wrong_type", f"{name} is not a list of regions, each a column of numbers")
    return [floats(name, region) for region in value]


def _listed(table: Any, argument: str, name: Any) -> list[Any]:
    names = list(getattr(table, "column_names", None) or (table.keys() if hasattr(table, "keys") else table.columns))
    if name not in names:
        raise error("unknown_column", f"{argument} {name!r} is not a column of the table")
    column = table[name]
    for way in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, way):
            return list(getattr(column, way)())
    return list(column)


def _moment(argument: str, row: int | None, value: Any) -> Any:
    """A date as something that sorts: days and times of any library and text; whole numbers are dates or periods."""
    import datetime

    where = argument if row is None else f"{argument}[{row}]"
    if missing(value) or value != value:
        raise error("missing", f"{where} is missing: every row needs a date")
    if hasattr(value, "to_timestamp") and not hasattr(value, "tzinfo"):
        value = value.to_timestamp()
    if hasattr(value, "astype") and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        raise error("wrong_type", f"{where} is not a date")
    if isinstance(value, (int, float)) and float(value).is_integer():
        whole = int(value)
        if not 19_000_101 <= whole <= 21_001_231:
            return whole
        value = str(whole)
    if isinstance(value, str):
        text = value.strip()
        if len(text) == 8 and text.isdigit():
            text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        try:
            value = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            raise error(
                "wrong_type", f"{where} is not a date: write it as 2026-05-04, 20260504 or 2026-05-04 00:00:00"
            ) from None
    if isinstance(value, datetime.datetime):
        # The clock of its own zone.
        return datetime.datetime(*value.timetuple()[:6], value.microsecond)
    if isinstance(value, datetime.date):
        return datetime.datetime(value.year, value.month, value.day)
    raise error("wrong_type", f"{where} is not a date, but {type(value).__name__}")


def _names(value: Any) -> list[Any]:
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        return [value]
    return list(value)


def read(
    table: Any,
    *,
    region: str,
    date: str,
    outcome: str,
    treated: Any,
    control: Any = None,
    start: Any,
    end: Any = None,
    argument: str = "table",
) -> Panel:
    """A long table, a row per region and date: rows of one region and date are added up."""
    if not is_table(table):
        raise error("wrong_type", f"{argument} is not a table of named columns")
    if treated is None:
        raise error("missing", "treated is required: the names of the regions with advertising")
    if start is None:
        raise error("missing", "start is required: the first date of the test")
    names = _listed(table, "region", region)
    moments = [_moment(date, row, value) for row, value in enumerate(_listed(table, "date", date))]
    outcomes = floats(outcome, _listed(table, "outcome", outcome))
    first = _moment("start", None, start)
    last = None if end is None else _moment("end", None, end)
    if moments and (type(first) is not type(moments[0]) or len({type(moment) for moment in moments}) > 1):
        raise error("wrong_type", f"start and {date} are not both dates, or both numbers of periods")
    cells: dict[Any, dict[Any, float]] = {}
    for row, (name, moment, value) in enumerate(zip(names, moments, outcomes, strict=True)):
        if missing(name) or name != name:
            raise error("missing", f"{region}[{row}] is missing: every row needs a region")
        series = cells.setdefault(name, {})
        if last is None or moment <= last:
            series[moment] = series.get(moment, 0.0) + value
    chosen = _names(treated)
    others = [name for name in cells if name not in chosen] if control is None else _names(control)
    for words, wanted in (("treated", chosen), ("control", others)):
        absent = [name for name in wanted if name not in cells]
        if absent:
            raise error("unknown_choice", f"{words} {absent[0]!r} is not among the values of {region}")
        if not wanted:
            raise error("too_few_rows", f"{words} names no region")
    if set(chosen) & set(others):
        raise error("unknown_choice", "a region is both treated and control")
    dates = sorted({moment for name in (*chosen, *others) for moment in cells[name]})
    before = [moment for moment in dates if moment < first]
    after = [moment for moment in dates if moment >= first]
    if not before or not after:
        side = "before start" if not before else "from start on"
        raise error("too_few_rows", f"{date} has no row {side}")

    def cut(wanted: Iterable[Any]) -> tuple[list[list[float]], list[list[float]]]:
        return [_row(cells, name, before) for name in wanted], [_row(cells, name, after) for name in wanted]

    return Panel(chosen, others, cut)


def series(
    table: Any, *, date: str, outcome: str, covariates: Sequence[str], start: Any, end: Any
) -> tuple[list[float], list[float], list[list[float]], list[list[float]]]:
    """A table with a row per date: the outcome and covariates, before the start and after it."""
    if isinstance(covariates, str):
        covariates = [covariates]
    if start is None:
        raise error("missing", "start is required: the first date of the ads")
    moments = [_moment(date, row, value) for row, value in enumerate(_listed(table, "date", date))]
    first = _moment("start", None, start)
    last = None if end is None else _moment("end", None, end)
    if moments and (type(first) is not type(moments[0]) or len({type(moment) for moment in moments}) > 1):
        raise error("wrong_type", f"start and {date} are not both dates, or both numbers of periods")
    sums: list[dict[Any, float]] = []
    for argument, name in (("outcome", outcome), *(("covariates", name) for name in covariates)):
        totals: dict[Any, float] = {}
        for moment, value in zip(moments, floats(name, _listed(table, argument, name)), strict=True):
            totals[moment] = totals.get(moment, 0.0) + value
        sums.append(totals)
    days = sorted(set(moments))
    before = [moment for moment in days if moment < first]
    after = [moment for moment in days if moment >= first and (last is None or moment <= last)]
    if not before or not after:
        raise error("too_few_rows", f"{date} has no row {'before start' if not before else 'from start on'}")
    # Months differ in length; twice the shortest step is a hole.
    steps = [later - earlier for earlier, later in itertools.pairwise(days)]
    least = min(steps)
    for day, step in zip(days[:-1], steps, strict=True):
        if step >= 2 * least:
            raise error(
                "missing_values", f"{date} has no row for the period after {_shown(day)}: every period needs one"
            )
    cut = [([totals[moment] for moment in before], [totals[moment] for moment in after]) for totals in sums]
    return cut[0][0], cut[0][1], [pre for pre, _ in cut[1:]], [post for _, post in cut[1:]]


def _row(cells: dict[Any, dict[Any, float]], name: Any, when: Sequence[Any]) -> list[float]:
    series = cells[name]
    for moment in when:
        if moment not in series:
            raise error(
                "missing_values",
                f"region {name!r} has no row for {_shown(moment)}: every region needs one for each date, with 0 where"
                " nothing was sold",
            )
    return [series[moment] for moment in when]


def _shown(moment: Any) -> str:
    return str(moment).removesuffix(" 00:00:00")
