"""A report against an earlier one."""

from __future__ import annotations

from .._arguments import error
from .metrics import _METRICS, _ratio
from .showing import _html, _text
from .table import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Comparison:
    """A report against an earlier one, row by row; made by ``report.compare``."""

    __slots__ = ("_columns", "definition", "warnings")

    def __init__(self, columns: dict[str, Any], definition: dict[str, str], warnings: tuple[str, ...]) -> None:
        """For ``report.compare``."""
        self._columns = columns
        self.definition = definition
        self.warnings = warnings

    columns = Report.columns
    __getitem__ = Report.__getitem__
    __iter__ = Report.__iter__
    to_dict = Report.to_dict
    __arrow_c_stream__ = Report.__arrow_c_stream__

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._columns["change"])

    def _with_total(self, total: bool) -> dict[str, Any]:
        del total
        return self._columns

    to_pandas = Report.to_pandas
    to_polars = Report.to_polars
    to_arrow = Report.to_arrow

    def __repr__(self) -> str:
        """A table of text."""
        return _text(self)

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        return _html(self)


def _compare(a: Report, b: Report, *, allow_mismatch: bool = False) -> Comparison:
    """A report against an earlier one: the metric in both, its change, and its ratio, for every segment.

    Each report must have one window (``r.window("2026-11-02")``) or none. Different metrics or segments are refused;
    so are windows of different length, windows that are not complete or not mature, other attribution windows, time
    zones or options, unless ``allow_mismatch=True``: then they are named in ``warnings``.

    >>> import edgetally as et
    >>> days = ["2026-11-02", "2026-11-08", "2026-11-09", "2026-11-15"]
    >>> rows = {"day": days, "spend": [10.0, 10.0, 20.0, 20.0], "revenue": [20.0, 20.0, 60.0, 60.0]}
    >>> r = et.report(rows, "roas", date="day", window="week", now="2026-11-20")
    >>> et.report.compare(r.window("2026-11-09"), r.window("2026-11-02"))["change"].tolist()
    [1.0]
    """
    import numpy as np

    if a.metric != b.metric or a._plan.by != b._plan.by:
        raise error("unlike_reports", "the reports have different metrics or segments")
    problems = []
    for report_ in (a, b):
        if len(set(report_["window_start"])) > 1:
            raise error("several_windows", "a report has several windows: take one with .window(first_day)")
    for name, text in (
        ("n_days", "windows of different length"),
        ("complete", "a window that is not complete"),
        ("mature", "a window that is not mature"),
    ):
        values = {value for report_ in (a, b) for value in report_[name]}
        if (name == "n_days" and len(values) > 1) or (name != "n_days" and False in values):
            problems.append(text)
    for name in ("tz", "week_start", "nan_policy", "columns"):
        if getattr(a._plan, name) != getattr(b._plan, name):
            problems.append(f"different {name}")
    for name in ("attribution_window", "lag", "options"):
        if a._settings[name] != b._settings[name]:
            problems.append(f"different {name.replace('_', ' ')}")
    if problems and not (allow_mismatch or a._settings["allow_mismatch"] or b._settings["allow_mismatch"]):
        raise error("mismatch", f"{'; '.join(problems)}: allow_mismatch=True compares all the same")
    estimate = _METRICS[a.metric].estimate
    by = a._plan.by if all(name in a._columns and name in b._columns for name in a._plan.by) else ()
    left = dict(zip(zip(*(a[name] for name in by), strict=True) if by else [()] * len(a), range(len(a)), strict=True))
    right = dict(zip(zip(*(b[name] for name in by), strict=True) if by else [()] * len(b), range(len(b)), strict=True))
    names = list(dict.fromkeys([*left, *right]))

    def column(report_: Report, places: dict[Any, int], name: str) -> Any:
        values = report_[name]
        return np.array([values[places[key]] if key in places else np.nan for key in names], dtype=np.float64)

    columns: dict[str, Any] = {key: [name[place] for name in names] for place, key in enumerate(by)}
    for suffix in ("", "_low", "_high"):
        if estimate + suffix in a._columns and estimate + suffix in b._columns:
            columns[estimate + suffix] = column(a, left, estimate + suffix)
            columns[f"{estimate}{suffix}_before"] = column(b, right, estimate + suffix)
    columns["change"] = columns[estimate] - columns[f"{estimate}_before"]
    columns["ratio"] = _ratio(columns[estimate], columns[f"{estimate}_before"])
    definition = {
        estimate: a.definition.get(estimate, ""),
        f"{estimate}_before": "The same in the earlier report.",
        "change": "The difference.",
        "ratio": "The later over the earlier.",
    }
    return Comparison(columns, definition, tuple(f"Compared all the same: {text}." for text in problems))
