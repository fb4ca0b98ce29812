"""What is asked: everything that two parts must have in common to be merged."""

from __future__ import annotations

from .._arguments import error
from .metrics import _ARM_COLUMNS, _METRICS
from .times import _window, _zone_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


class _Plan:
    """What a report is made of: everything that two parts must have in common to be merged."""

    __slots__ = ("arms", "by", "by_windows", "columns", "date", "metric", "nan_policy", "tz", "week_start", "window")

    arms: tuple[Any, ...] | None
    by: tuple[str, ...]
    by_windows: tuple[tuple[str, int] | None, ...]
    columns: dict[str, str]
    date: str | None
    metric: str
    nan_policy: str
    tz: str
    week_start: str
    window: tuple[str, int] | None

    def __init__(self, **values: Any) -> None:
        for name in self.__slots__:
            setattr(self, name, values[name])

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> _Plan:
        def tuples(value: Any) -> Any:
            return tuple(tuples(item) for item in value) if isinstance(value, list) else value

        return cls(**{name: values["columns"] if name == "columns" else tuples(values[name]) for name in cls.__slots__})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Plan) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash((self.metric, self.by))

    @property
    def roles(self) -> list[str]:
        return [role for role in self.columns if role != "arm"]

    @property
    def has_arm(self) -> bool:
        return "arm" in self.columns

    @property
    def terms(self) -> list[tuple[int, int | None]]:
        return [(place, None) for place in range(len(self.roles))]


def _plan(
    metric: str,
    columns: Mapping[str, str] | None,
    by: Any,
    date: str | None,
    window: Any,
    week_start: str,
    tz: str,
    arms: Sequence[Any] | None,
    nan_policy: str,
) -> _Plan:
    found = _METRICS.get(metric)
    if found is None:
        raise error("unknown_choice", f"metric is not one of {', '.join(_METRICS)}")
    if nan_policy not in ("propagate", "omit", "raise"):
        raise error("unknown_choice", "nan_policy is not one of propagate, omit, raise")
    if window is not None and date is None:
        raise error("missing", "window needs date, the name of the column with the day")
    columns = dict(columns or {})
    by_arm = metric == "lift" and "arm" in columns
    allowed = _ARM_COLUMNS if by_arm else found.columns
    for role in columns:
        if role not in allowed:
            raise error("unknown_column", f"columns has {role!r}, which is not one of {', '.join(allowed)}")
    if by_arm and "conversions" not in columns:
        columns["conversions"] = "conversions"
    if not by_arm:
        for role in found.required:
            columns.setdefault(role, role)
    names, windows = [], []
    for item in (by,) if isinstance(by, str) else tuple(by or ()):
        name, key_window = (item, None) if isinstance(item, str) else item
        if name in names:
            raise error("unknown_choice", f"by has {name!r} twice")
        names.append(name)
        windows.append(None if key_window is None else _window(key_window, week_start))
    _zone_of(tz)
    return _Plan(
        metric=metric,
        columns=columns,
        by=tuple(names),
        by_windows=tuple(windows),
        date=date,
        window=_window(window, week_start) if date is not None else None,
        week_start=week_start,
        tz=tz,
        arms=None if arms is None else tuple(arms),
        nan_policy=nan_policy,
    )
