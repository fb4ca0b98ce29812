"""What is asked: everything that two parts must have in common to be merged."""

from __future__ import annotations

from .._arguments import error
from .._dates import zone_table
from .metrics import ARM_COLUMNS, METRICS
from .tables import names
from .windows import read_window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Plan:
    """A question, with every default filled in; ``tz`` is ``None`` until a table was seen."""

    __slots__ = ("arms", "by", "by_windows", "columns", "date", "metrics", "nan_policy", "tz", "week_start", "window")

    arms: tuple[tuple[Any, ...], Any] | None
    by: tuple[Any, ...]
    by_windows: tuple[tuple[str, int] | None, ...]
    columns: dict[str, Any]
    date: Any
    metrics: tuple[str, ...]
    nan_policy: str
    tz: str | None
    week_start: str
    window: tuple[str, int] | None

    def __init__(self, **values: Any) -> None:
        """Every slot by name."""
        for name in self.__slots__:
            setattr(self, name, values[name])

    def as_dict(self) -> dict[str, Any]:
        """For bytes."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Plan:
        """What ``as_dict`` gave, from JSON."""

        def tuples(value: Any) -> Any:
            return tuple(tuples(item) for item in value) if isinstance(value, list) else value

        return cls(**{name: values["columns"] if name == "columns" else tuples(values[name]) for name in cls.__slots__})

    def __eq__(self, other: object) -> bool:
        """The same question."""
        return isinstance(other, Plan) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        """By what mostly differs."""
        return hash((self.metrics, self.by))

    @property
    def metric(self) -> str:
        """The first metric."""
        return self.metrics[0]

    @property
    def has_arm(self) -> bool:
        """Whether a row is of one arm."""
        return "arm" in self.columns

    @property
    def roles(self) -> list[str]:
        """The columns that are summed, by what they are to the metrics."""
        return [role for role in self.columns if role != "arm"]

    @property
    def per_user(self) -> bool:
        """Whether a row is one user with revenue, so that its variance can be known."""
        return self.has_arm and "revenue" in self.columns and "users" not in self.columns

    def roles_of(self, metric: str) -> list[str]:
        """The columns that a metric sums."""
        if self.has_arm:
            return self.roles
        return [role for role in METRICS[metric].columns if role in self.columns]

    @property
    def layout(self) -> Layout:
        """How the sums lie."""
        return Layout(self)


class Layout:
    """Where each sum is: what the Rust side sums (``views``, ``masks``, ``terms``), and which term is whose."""

    __slots__ = ("left_out", "masks", "of", "squares", "terms", "views")

    def __init__(self, plan: Plan) -> None:
        """For the columns of the plan, in its order."""
        roles = plan.roles
        place = {role: number for number, role in enumerate(roles)}
        self.views: list[tuple[int | None, int | None]] = []
        self.masks: list[list[int]] = []
        self.terms: list[tuple[int, int | None]] = []
        # By metric and role, and by metric.
        self.of: dict[tuple[str, str], int] = {}
        self.left_out: dict[str, int] = {}
        self.squares: int | None = None

        def term(view: tuple[int | None, int | None]) -> int:
            if view not in self.views:
                self.views.append(view)
                self.terms.append((len(self.views) - 1, None))
            return self.views.index(view)

        for metric in plan.metrics:
            mask = None
            if plan.nan_policy == "omit":
                columns = sorted(place[role] for role in plan.roles_of(metric))
                if columns not in self.masks:
                    self.masks.append(columns)
                mask = self.masks.index(columns)
                self.left_out[metric] = term((None, mask))
            for role in plan.roles_of(metric):
                self.of[metric, role] = term((place[role], mask))
        if plan.per_user:
            revenue = self.of[plan.metric, "revenue"]
            self.squares = len(self.terms)
            self.terms.append((revenue, revenue))


def _columns(metrics: tuple[str, ...], columns: Mapping[str, Any] | None) -> dict[str, Any]:
    if columns is not None and not hasattr(columns, "items"):
        raise error("wrong_type", f"columns is not a mapping of arguments to names, but {type(columns).__name__}")
    found = {role: names(f"columns[{role!r}]", name) for role, name in (columns or {}).items()}
    if "lift" in metrics and "arm" in found:
        if len(metrics) > 1:
            raise error("unknown_choice", "a lift from rows of one arm stands alone: make a report of its own for it")
        allowed: tuple[str, ...] = ARM_COLUMNS
        found.setdefault("conversions", "conversions")
    else:
        allowed = tuple(dict.fromkeys(role for metric in metrics for role in METRICS[metric].columns))
        for metric in metrics:
            for role in METRICS[metric].required:
                found.setdefault(role, role)
            base = METRICS[metric].base
            if base and not any(role in found for role in base):
                found[base[0]] = base[0]
    for role in found:
        if role not in allowed:
            raise error("unknown_column", f"columns has {role!r}, which is not one of {', '.join(allowed)}")
    return found


def _by(by: Any, week_start: str) -> tuple[list[Any], list[Any]]:
    found: list[Any] = []
    windows: list[Any] = []
    if by is None:
        by = ()
    if isinstance(by, (str, int)):
        by = (by,)
    if not isinstance(by, (list, tuple)):
        raise error("wrong_type", f"by is not a name of a column or a list of them, but {type(by).__name__}")
    for item in by:
        name, window = item, None
        if isinstance(item, (list, tuple)):
            if len(item) != 2:
                raise error("wrong_type", 'by has a group that is not a pair such as ("signup", "month")')
            name, window = item
        name = names("by", name)
        if name in found:
            raise error("unknown_choice", f"by has {name!r} twice")
        found.append(name)
        windows.append(None if window is None else read_window(f"by[{name!r}]", window, week_start))
    return found, windows


def _arms(arms: Any) -> tuple[tuple[Any, ...], Any] | None:
    """The exposed arms and the holdout; the holdout comes last."""
    if arms is None:
        return None
    pair = isinstance(arms, (list, tuple)) and len(arms) >= 2
    exposed: Any = ()
    if pair:
        exposed = tuple(arms[0]) if len(arms) == 2 and isinstance(arms[0], (list, tuple)) else tuple(arms[:-1])
    if not pair or not all(_is_name(arm) for arm in (*exposed, arms[-1])):
        raise error("wrong_type", 'arms is not the names of the arms with the holdout last, such as ("ads", "psa")')
    plain = [arm.item() if hasattr(arm, "item") else arm for arm in (*exposed, arms[-1])]
    if len(set(plain)) != len(plain):
        raise error("equal", "arms names an arm twice")
    return tuple(plain[:-1]), plain[-1]


def _is_name(arm: Any) -> bool:
    return isinstance(arm, (str, int, float)) or (hasattr(arm, "item") and getattr(arm, "ndim", 1) == 0)


def read_metrics(metric: Any, metrics: Any) -> tuple[str, ...]:
    """The metrics that are asked for, by either argument."""
    if metrics is not None:
        if metric is not None:
            raise error("one_goal", "metric and metrics say the same: pass one of them")
        metric = metrics
    if metric is None:
        return ("roas",)
    asked = tuple(metric) if isinstance(metric, (list, tuple)) else (metric,)
    if not asked:
        raise error("missing", "metrics names no metric")
    for name in asked:
        if not isinstance(name, str) or name not in METRICS:
            raise error("unknown_choice", f"metric is not one of {', '.join(METRICS)}")
    if len(set(asked)) != len(asked):
        raise error("equal", "metrics names a metric twice")
    return asked


def make_plan(
    metric: Any = None,
    *,
    metrics: Any = None,
    columns: Mapping[str, str] | None = None,
    by: Any = (),
    date: Any = None,
    window: Any = None,
    week_start: str = "monday",
    tz: str | None = None,
    arms: Any = None,
    nan_policy: str = "propagate",
) -> Plan:
    """The question, checked without a table."""
    asked = read_metrics(metric, metrics)
    if not isinstance(nan_policy, str) or nan_policy not in ("propagate", "omit", "raise"):
        raise error("unknown_choice", "nan_policy is not one of propagate, omit, raise")
    if window is not None and date is None:
        raise error("missing", "window needs date, the name of the column with the day")
    read_window("window", None, week_start)
    found, windows = _by(by, week_start)
    if tz is not None:
        zone_table(tz)
    summed = _columns(asked, columns)
    sides = _arms(arms)
    if arms is not None and "arm" not in summed:
        raise error(
            "missing",
            "arms needs the column that says which arm a row belongs to: name it, as in columns={'arm': 'variant'}",
        )
    return Plan(
        metrics=asked,
        columns=summed,
        by=tuple(found),
        by_windows=tuple(windows),
        date=None if date is None else names("date", date),
        window=read_window("window", window, week_start) if date is not None else None,
        week_start=week_start,
        tz=tz,
        arms=sides,
        nan_policy=nan_policy,
    )
