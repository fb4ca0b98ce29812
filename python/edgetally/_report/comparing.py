"""A report against an earlier one."""

from __future__ import annotations

from .._arguments import error
from .metrics import METRICS, ratio
from .table import Report, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Comparison(Table):
    """A report against an earlier one, row by row; made by ``report.compare``."""

    __slots__ = ()

    def __init__(
        self, columns: dict[str, Any], definition: dict[str, str], warnings: tuple[str, ...], like: Report
    ) -> None:
        """For ``report.compare``."""
        self._columns = columns
        self.definition = definition
        self.warnings = warnings
        self._plan = like._plan
        self._kind = like._kind
        self._likes = like._likes
        self._day = None


def compare(a: Report, b: Report, *, allow_mismatch: bool = False) -> Comparison:
    """A report against an earlier one: the metric in both, its change, and its ratio, for every segment.

    Each report must have one window (``r.window("2026-11-02")``) or none. Different metrics or segments are refused;
    so are windows of different length, windows that are not complete or not mature, other attribution windows, time
    zones or options, unless ``allow_mismatch=True``: then they are named in ``warnings``. Of several metrics, each is
    compared.

    >>> import edgetally as et
    >>> days = ["2026-11-02", "2026-11-08", "2026-11-09", "2026-11-15"]
    >>> rows = {"day": days, "spend": [10.0, 10.0, 20.0, 20.0], "revenue": [20.0, 20.0, 60.0, 60.0]}
    >>> r = et.report(rows, "roas", date="day", window="week", now="2026-11-20")
    >>> et.report.compare(r.window("2026-11-09"), r.window("2026-11-02"))["change"].tolist()
    [1.0]
    """
    import numpy as np

    for name, one in (("a", a), ("b", b)):
        if not isinstance(one, Report):
            raise error("wrong_type", f"{name} is not a report, but {type(one).__name__}")
    if a.metrics != b.metrics or a._plan.by != b._plan.by:
        raise error("unlike_reports", "the reports have different metrics or segments")
    problems = []
    for one in (a, b):
        if len(set(one["window_start"])) > 1:
            raise error("several_windows", "a report has several windows: take one with .window(first_day)")
    for name, text in (
        ("n_days", "windows of different length"),
        ("complete", "a window that is not complete"),
        ("mature", "a window that is not mature"),
    ):
        values = {value for one in (a, b) for value in one[name]}
        if (name == "n_days" and len(values) > 1) or (name != "n_days" and False in values):
            problems.append(text)
    for name in ("tz", "week_start", "nan_policy", "columns", "arms"):
        if getattr(a._plan, name) != getattr(b._plan, name):
            problems.append(f"different {name}")
    for name in ("attribution_window", "lag", "options"):
        if a._settings[name] != b._settings[name]:
            problems.append(f"different {name.replace('_', ' ')}")
    if problems and not (allow_mismatch or a._settings["allow_mismatch"] or b._settings["allow_mismatch"]):
        raise error("mismatch", f"{'; '.join(problems)}: allow_mismatch=True compares all the same")
    by = tuple(name for name in (*map(str, a._plan.by), "arm") if name in a._columns and name in b._columns)

    def places(one: Report) -> dict[Any, int]:
        keys = zip(*(one[name] for name in by), strict=True) if by else [()] * len(one)
        return {key: place for place, key in enumerate(keys)}

    left, right = places(a), places(b)
    names = list(dict.fromkeys([*left, *right]))

    def column(one: Report, where: dict[Any, int], name: str) -> Any:
        values = one[name]
        return np.array([values[where[key]] if key in where else np.nan for key in names], dtype=np.float64)

    columns: dict[str, Any] = {key: [name[place] for name in names] for place, key in enumerate(by)}
    definition: dict[str, str] = {}
    for metric in a.metrics:
        estimate = METRICS[metric].estimate
        for suffix in ("", "_low", "_high"):
            if estimate + suffix in a._columns and estimate + suffix in b._columns:
                columns[estimate + suffix] = column(a, left, estimate + suffix)
                columns[f"{estimate}{suffix}_before"] = column(b, right, estimate + suffix)
                definition[estimate + suffix] = a.definition.get(estimate + suffix, "")
                definition[f"{estimate}{suffix}_before"] = "The same in the earlier report."
        first = metric == a.metric
        change, quotient = ("change", "ratio") if first else (f"{estimate}_change", f"{estimate}_ratio")
        if estimate in columns:
            columns[change] = columns[estimate] - columns[f"{estimate}_before"]
            columns[quotient] = ratio(columns[estimate], columns[f"{estimate}_before"])
            definition[change] = "The difference."
            definition[quotient] = "The later over the earlier."
    return Comparison(columns, definition, tuple(f"Compared all the same: {text}." for text in problems), a)
