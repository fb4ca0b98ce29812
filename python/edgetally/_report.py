"""Reports: ratios of sums and lifts by segment and window, from tables of any kind, in one go or in parts."""

from __future__ import annotations

from ._arguments import error
from ._edgetally import EdgetallyError, Interval, Totals
from ._names import family

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

__all__ = ["Comparison", "Partial", "Report", "merge", "report", "summarize"]


def _ratio(numerator: Any, denominator: Any) -> Any:
    import numpy as np

    with np.errstate(all="ignore"):
        return np.where(denominator == 0, np.nan, numerator / denominator)


# --- Metrics ---------------------------------------------------------------------------------------------------------


class _Metric:
    """How a metric is made of sums: which columns, and which calculator they go to."""

    __slots__ = ("calculate", "estimate", "optional", "options", "required")

    def __init__(self, required: str, optional: str, options: str, estimate: str, calculate: Any) -> None:
        self.required = tuple(required.split())
        self.optional = tuple(optional.split())
        self.options = tuple(options.split())
        self.estimate = estimate
        self.calculate = calculate

    @property
    def columns(self) -> tuple[str, ...]:
        return self.required + self.optional


def _of(module: str, name: str, *arguments: str) -> Any:
    """A calculator that takes sums as they are."""

    def calculate(sums: dict[str, Any], options: dict[str, Any]) -> Any:
        from importlib import import_module

        function = getattr(import_module(f".{module}", __package__), name)
        return function(*(sums[argument] for argument in arguments), **options)

    return calculate


def _funnel(sums: dict[str, Any], options: dict[str, Any]) -> Any:
    from ._paid import funnel

    return funnel(
        1000 * _ratio(sums["spend"], sums["impressions"]),
        _ratio(sums["clicks"], sums["impressions"]),
        _ratio(sums["conversions"], sums["clicks"]),
        _ratio(sums["revenue"], sums["conversions"]),
        **options,
    )


def _target_cpa(sums: dict[str, Any], options: dict[str, Any]) -> Any:
    from ._paid import target_cpa

    return target_cpa(_ratio(sums["ltv"], sums.get("customers", sums["rows"])), **options)


def _lift(sums: dict[str, Any], options: dict[str, Any]) -> Any:
    from . import _lift as module

    options = dict(options)
    split = options.get("expected_split")
    if split is not None and not isinstance(split, float):
        exposed, holdout = split
        options["expected_split"] = exposed / (exposed + holdout)
    if "spend" in sums:
        options["spend"] = sums["spend"]
    if "exposed_revenue" in sums:
        options["aov"] = _ratio(sums["exposed_revenue"], sums["exposed_conversions"])
    names = ("exposed_users", "exposed_conversions", "holdout_users", "holdout_conversions")
    return module.lift(*(sums[name] for name in names), **options)


_METRICS = {
    "roas": _Metric(
        "revenue spend",
        "",
        "gross_margin payment_fees shipping returns target_profit",
        "roas",
        _of("_paid", "roas", "revenue", "spend"),
    ),
    "mer": _Metric(
        "revenue spend", "", "margin buffer target_mer target_profit", "mer", _of("_paid", "mer", "revenue", "spend")
    ),
    "roi": _Metric("revenue cost", "", "months", "roi", _of("_paid", "roi", "revenue", "cost")),
    "cpa": _Metric("spend conversions", "", "", "cpa", _of("_paid", "cpa", "spend", "conversions")),
    "cpc": _Metric("spend clicks", "", "", "cpc", _of("_paid", "cpc", "spend", "clicks")),
    "cpm": _Metric("spend impressions", "", "", "cpm", _of("_paid", "cpm", "spend", "impressions")),
    "ctr": _Metric("clicks impressions", "", "", "ctr", _of("_paid", "ctr", "clicks", "impressions")),
    "cac": _Metric(
        "spend new_customers",
        "",
        "arpa gross_margin target_payback_months",
        "cac",
        _of("_paid", "cac", "spend", "new_customers"),
    ),
    "funnel": _Metric(
        "spend impressions clicks conversions revenue",
        "",
        "gross_margin payment_fees shipping returns",
        "profit_per_mille",
        _funnel,
    ),
    "target_cpa": _Metric(
        "ltv",
        "customers",
        "margin buffer max_share ltv_to_cac payback_cpa share_incremental",
        "target_cpa",
        _target_cpa,
    ),
    "lift": _Metric(
        "exposed_users exposed_conversions holdout_users holdout_conversions",
        "spend exposed_revenue",
        "spend aov margin confidence method alternative expected_split mde",
        "rel_lift",
        _lift,
    ),
}

# A row per user or per arm instead of a row with both arms.
_ARM_COLUMNS = ("arm", "users", "conversions", "revenue", "spend")
_EXPOSED = frozenset({"exposed", "treatment", "treated", "test", "1", "true"})
_HOLDOUT = frozenset({"holdout", "control", "0", "false"})

_DEFINITIONS = {
    "window_start": "First day of the window.",
    "window_end": "The day after the last day of the window.",
    "n_days": "Days of the window, whether or not there are data for them.",
    "complete": "All days of the window are over, and the data reach over all of them.",
    "mature": "The lag has passed since the window's end, so late conversions have come.",
    "rows": "Rows of the table that were summed.",
    "p_adjusted": "The p-value, adjusted for the number of rows of the report.",
    "flags": "What to know before a decision, in words with commas between them.",
    "srm": "The users were not split as planned (p below 0.001): believe no lift of this row.",
    "stratified_abs_lift": "Mean of the segments' differences of rates, weighed by exposed users.",
    "mantel_haenszel_abs_lift": "Mantel and Haenszel's difference of rates over the segments.",
    "heterogeneity_p": "p-value of Cochran's Q: do the segments differ in their lift?",
    "simpson": "All users together and the segments have lifts of different signs: believe the segments.",
}


# --- Tables in -------------------------------------------------------------------------------------------------------


def _no_key(name: str, window: Any) -> EdgetallyError:
    return error("wrong_type", f"{name} is not a {'date' if window else 'text, integer, boolean or date'}")


class _Key:
    """A key column as the Rust side takes it."""

    __slots__ = ("kind", "name", "values", "window", "words", "zone")

    def __init__(self, name: str, window: tuple[str, int] | None, zone: tuple[list[int], list[int]]) -> None:
        self.name = name
        self.window = window
        self.zone = zone
        self.values: Any = None
        self.kind: str | None = None
        self.words: list[str | None] | None = None


class _Source:
    """A table of the caller's: pandas, Polars, Arrow, anything that speaks Arrow, or a mapping of columns."""

    def __init__(self, table: Any) -> None:
        module = type(table).__module__.partition(".")[0]
        if module == "polars":
            self.kind = "polars"
            if not hasattr(table, "get_column"):
                table = table.collect()
        elif module == "pandas":
            self.kind = "pandas"
        elif hasattr(table, "__arrow_c_stream__") or hasattr(table, "__arrow_c_array__"):
            self.kind = "arrow"
            if module != "pyarrow" or not hasattr(table, "column"):
                import pyarrow

                table = pyarrow.table(table)
        elif hasattr(table, "keys") and hasattr(table, "__getitem__"):
            self.kind = "mapping"
        else:
            raise error("wrong_type", f"df is not a table, but {type(table).__name__}")
        self.table = table

    def column(self, name: str) -> Any:
        if self.kind == "arrow":
            names = self.table.column_names
        elif self.kind == "mapping":
            names = list(self.table.keys())
        else:
            names = self.table.columns
        if name not in names:
            raise error("unknown_column", f"there is no column {name!r}; there are {', '.join(map(str, names))}")
        return self.table.column(name) if self.kind == "arrow" else self.table[name]

    def number(self, name: str) -> Any:
        """A column to be summed: Arrow as it is, anything else as int64 or float64."""
        import numpy as np

        column = self.column(name)
        if self.kind == "polars":
            if type(column.dtype).__name__ in ("Decimal", "Null"):
                import polars

                return column.cast(polars.Float64)
            return column
        if self.kind == "arrow":
            import pyarrow

            return column.cast(pyarrow.float64()) if pyarrow.types.is_decimal(column.type) else column
        try:
            if self.kind == "pandas":
                if getattr(column.dtype, "kind", "f") in "mMSU":
                    raise TypeError
                if column.dtype == np.int64:
                    return np.ascontiguousarray(column.to_numpy())
                array = np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
            else:
                array = np.asarray(column)
                if array.dtype.kind not in "biuf":
                    raise TypeError
                if array.dtype == np.int64:
                    return np.ascontiguousarray(array)
            return np.ascontiguousarray(array, dtype=np.float64)
        except (TypeError, ValueError):
            kind = getattr(column, "dtype", type(column).__name__)
            raise error("wrong_type", f"{name} is not a column of numbers, but of {kind}") from None

    def key(self, name: str, window: tuple[str, int] | None, zone: tuple[list[int], list[int]]) -> _Key:
        """A column that names groups."""
        key = _Key(name, window, zone)
        column = self.column(name)
        if self.kind in ("polars", "arrow"):
            key.values = self._arrow_key(name, column, window)
        elif self.kind == "pandas":
            self._pandas_key(key, column)
        else:
            self._plain_key(key, column)
        return key

    def _arrow_key(self, name: str, column: Any, window: tuple[str, int] | None) -> Any:
        """Text of days as days, and whole numbers that a table keeps as floats as whole numbers."""
        if self.kind == "polars":
            import polars

            try:
                if window is not None and column.dtype == polars.String:
                    return column.str.to_date()
                if column.dtype == polars.Null:
                    return column.cast(polars.String)
                if not column.dtype.is_float():
                    return column
                whole = column.fill_nan(None).cast(polars.Int64)
            except polars.exceptions.PolarsError:
                raise _no_key(name, window) from None
            if not (whole == column).all():
                raise _no_key(name, window)
            return whole
        import pyarrow

        types = pyarrow.types
        try:
            if window is not None and (types.is_string(column.type) or types.is_large_string(column.type)):
                return column.cast(pyarrow.date32())
            return column.cast(pyarrow.int64()) if types.is_floating(column.type) else column
        except pyarrow.ArrowInvalid:
            raise _no_key(name, window) from None

    def _pandas_key(self, key: _Key, column: Any) -> None:
        import numpy as np

        dtype = column.dtype
        kind = getattr(dtype, "kind", "O")
        if isinstance(dtype, np.dtype) and kind in "iu":
            self._integers(key, column.to_numpy(), "integer")
        elif isinstance(dtype, np.dtype) and kind == "b":
            self._integers(key, column.to_numpy(), "boolean")
        elif kind == "M":
            instants = column.dt.tz_convert("UTC").dt.tz_localize(None) if getattr(dtype, "tz", None) else column
            self._instants(key, instants.to_numpy())
        elif isinstance(dtype, np.dtype) and kind == "f":
            self._floats(key, column.to_numpy())
        elif hasattr(column, "cat"):
            categories = column.cat.categories
            if all(isinstance(category, str) for category in categories):
                key.values = np.ascontiguousarray(column.cat.codes.to_numpy(), dtype=np.int64)
                key.words = list(categories)
            else:
                self._pandas_key(key, column.astype(categories.dtype))
        else:
            self._other(key, column)

    def _plain_key(self, key: _Key, column: Any) -> None:
        import numpy as np

        array = np.asarray(column)
        if array.ndim != 1:
            raise error("wrong_type", f"{key.name} is not a column")
        kind = array.dtype.kind
        if kind in "iu":
            self._integers(key, array, "integer")
        elif kind == "b":
            self._integers(key, array, "boolean")
        elif kind == "M":
            self._instants(key, array)
        elif kind == "f":
            self._floats(key, array)
        else:
            self._other(key, column if kind == "O" else array)

    def _integers(self, key: _Key, array: Any, kind: str) -> None:
        import numpy as np

        key.values = np.ascontiguousarray(array, dtype=np.int64)
        key.kind = kind

    def _floats(self, key: _Key, array: Any) -> None:
        import numpy as np

        # What pandas makes of whole numbers with a missing one among them.
        missing = np.isnan(array)
        if not np.array_equal(array[~missing], np.trunc(array[~missing])):
            raise _no_key(key.name, key.window)
        self._coded(key, [None if m else int(x) for x, m in zip(array.tolist(), missing.tolist(), strict=True)])

    def _instants(self, key: _Key, array: Any) -> None:
        import numpy as np

        if np.datetime_data(array.dtype)[0] in ("D", "M", "Y", "W"):
            key.values = np.ascontiguousarray(array.astype("datetime64[D]").astype(np.int64))
            key.kind = "date"
        else:
            key.values = np.ascontiguousarray(array.astype("datetime64[us]").astype(np.int64))
            key.kind = "instant"

    def _other(self, key: _Key, column: Any) -> None:
        """Objects: through Arrow where it is installed, else one by one."""
        try:
            import pyarrow
        except ImportError:
            self._coded(key, list(column))
            return
        try:
            array = pyarrow.array(column, from_pandas=self.kind == "pandas")
        except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError):
            raise error("wrong_type", f"{key.name} holds values of different types") from None
        key.values = _Source._arrow_key(_ARROW, key.name, array, key.window)

    def _coded(self, key: _Key, values: list[Any]) -> None:
        import datetime

        import numpy as np

        known = [value for value in values if value is not None and value == value]
        if all(isinstance(value, str) for value in known):
            if key.window is not None:
                try:
                    days = np.array([v if v == v else None for v in values], dtype="datetime64[D]")
                except ValueError:
                    raise _no_key(key.name, key.window) from None
                self._instants(key, days)
                return
            codes: dict[str, int] = {}
            key.values = np.array(
                [codes.setdefault(v, len(codes)) if isinstance(v, str) else -1 for v in values], dtype=np.int64
            )
            key.words = list(codes)
        elif all(isinstance(value, datetime.date) for value in known):
            self._instants(key, np.array(values, dtype="datetime64[us]"))
        elif all(isinstance(value, int) for value in known):
            # With a missing one among them.
            numbers: dict[int, int] = {}
            order = sorted(set(known))
            for number in order:
                numbers[number] = len(numbers)
            if len(known) == len(values):
                self._integers(key, np.array(values), "integer")
                return
            import pyarrow

            key.values = pyarrow.array([None if v is None or v != v else v for v in values], type=pyarrow.int64())
        else:
            raise _no_key(key.name, key.window)


class _Arrow:
    kind = "arrow"


_ARROW: Any = _Arrow()


# --- Time ------------------------------------------------------------------------------------------------------------


def _zone(tz: str) -> tuple[list[int], list[int]]:
    """Since when (microseconds of UTC) which offset holds, from 1970 to 2100."""
    if tz.upper() in ("UTC", "ETC/UTC"):
        return [], []
    import datetime
    import zoneinfo

    try:
        zone = zoneinfo.ZoneInfo(tz)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):
        raise error("tz_unknown", f"tz {tz!r} is not a time zone that is known here") from None

    def offset(second: int) -> int:
        found = datetime.datetime.fromtimestamp(second, zone).utcoffset()
        return 0 if found is None else int(found.total_seconds() * 1_000_000)

    since, offsets = [-(2**63)], [offset(0)]
    step = 86_400 * 10
    for second in range(0, 86_400 * 365 * 130, step):
        low, high = second, second + step
        if offset(low) == offset(high):
            continue
        # Two changes within ten days happen (Ramadan in Morocco is longer): the days are looked at one by one.
        for day in range(low, high, 86_400):
            a, b = day, day + 86_400
            if offset(a) == offset(b):
                continue
            after = offset(b)
            while b - a > 1:
                middle = (a + b) // 2
                if offset(middle) == after:
                    b = middle
                else:
                    a = middle
            since.append(b * 1_000_000)
            offsets.append(after)
    return since, offsets


_ZONES: dict[str, tuple[list[int], list[int]]] = {}


def _zone_of(tz: str) -> tuple[list[int], list[int]]:
    if tz not in _ZONES:
        _ZONES[tz] = _zone(tz)
    return _ZONES[tz]


def _window(window: Any, week_start: str) -> tuple[str, int]:
    starts = {"monday": 0, "sunday": 6}
    if week_start not in starts:
        raise error("unknown_choice", "week_start is not one of monday, sunday")
    if window is None:
        return ("all", 0)
    if isinstance(window, str) and window in ("day", "week", "month", "quarter", "year"):
        return (window, starts[week_start] if window == "week" else 0)
    if isinstance(window, int) and not isinstance(window, bool) and window > 0:
        return ("days", window)
    raise error(
        "unknown_choice", "window is not one of day, week, month, quarter, year, and not a number of days from 1"
    )


def _day(value: Any, tz: str) -> int:
    """A date, an instant or ISO text as days from 1970-01-01; nothing is today."""
    import datetime
    import zoneinfo

    if value is None:
        value = datetime.datetime.now(zoneinfo.ZoneInfo(tz) if tz.upper() != "UTC" else datetime.timezone.utc)
    elif isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(zoneinfo.ZoneInfo(tz) if tz.upper() != "UTC" else datetime.timezone.utc)
        value = value.date()
    if not isinstance(value, datetime.date):
        raise error("wrong_type", f"now is not a date, but {type(value).__name__}")
    return value.toordinal() - 719_163


def _date(day: int | None) -> Any:
    import datetime

    if day is None:
        return None
    try:
        return datetime.date.fromordinal(day + 719_163)
    except (ValueError, OverflowError):
        return None


def _days(value: Any, name: str) -> int | None:
    if value is None:
        return None
    if hasattr(value, "total_seconds"):
        return -(-int(value.total_seconds()) // 86_400)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise error("wrong_type", f"{name} is not a whole number of days from 0")


# --- What is asked ---------------------------------------------------------------------------------------------------


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


# --- Parts -----------------------------------------------------------------------------------------------------------


class Partial:
    """Exact sums of a part of a table, by segment and window; made by ``summarize``.

    Parts are merged in any order, and however the rows were parted, the merged part has the same bytes.
    """

    __slots__ = ("_plan", "_totals")

    def __init__(self, plan: _Plan, totals: Totals) -> None:
        """For ``summarize`` and ``from_bytes``."""
        self._plan = plan
        self._totals = totals

    def __len__(self) -> int:
        """How many groups there are: segments times windows, and arms where rows have one."""
        return len(self._totals)

    def __repr__(self) -> str:
        """One line."""
        return f"Partial(metric={self._plan.metric!r}, groups={len(self)})"

    def __eq__(self, other: object) -> bool:
        """The same question, and the same sums."""
        return isinstance(other, Partial) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        """By the bytes."""
        return hash(self.to_bytes())

    def _header(self) -> bytes:
        import json

        totals = self._totals
        return json.dumps(
            {"plan": self._plan.as_dict(), "kinds": totals.kinds, "reach": totals.reach}, sort_keys=True
        ).encode()

    def to_bytes(self) -> bytes:
        """A form for files and networks; ``Partial.from_bytes`` reads it."""
        header = self._header()
        return b"ETP1" + len(header).to_bytes(4, "little") + header + self._totals.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Partial:
        """What ``to_bytes`` gave."""
        import json

        data = bytes(data)
        size = int.from_bytes(data[4:8], "little")
        try:
            if data[:4] != b"ETP1":
                raise ValueError
            header = json.loads(data[8 : 8 + size])
            plan = _Plan.read(header["plan"])
            reach = [None if days is None else tuple(days) for days in header["reach"]]
            kinds = header["kinds"]
        except (ValueError, KeyError, TypeError):
            raise error("not_totals", "these are not the bytes of a Partial") from None
        return cls(plan, Totals.from_bytes(data[8 + size :], kinds, reach))

    def __reduce__(self) -> tuple[Any, ...]:
        """For pickle, which Spark and process pools use."""
        return (Partial.from_bytes, (self.to_bytes(),))

    def to_arrow(self) -> Any:
        """A pyarrow Table with a row per group: the keys to read, and ``name`` and ``state`` to merge.

        The question is in the schema's metadata under ``edgetally``. Rows of several parts can be concatenated or
        shuffled by ``name``; ``Partial.from_arrow`` adds them up.
        """
        import pyarrow as pa

        totals = self._totals
        names = [*self._plan.by, *(["window"] if self._plan.date else []), *(["arm"] if self._plan.has_arm else [])]
        arrays, fields = [], []
        types = {"text": pa.string(), "integer": pa.int64(), "boolean": pa.bool_(), "date": pa.date32()}
        for place, (name, kind) in enumerate(zip(names, totals.kinds, strict=True)):
            values = totals.key(place)
            arrays.append(pa.array([_date(v) for v in values] if kind == "date" else values, type=types[kind]))
            fields.append(pa.field(name, types[kind]))
        arrays += [
            pa.array(totals.rows().astype("int64")),
            pa.array(totals.names(), type=pa.binary()),
            pa.array(totals.states(), type=pa.binary()),
        ]
        fields += [pa.field("rows", pa.int64()), pa.field("name", pa.binary()), pa.field("state", pa.binary())]
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields, metadata={"edgetally": self._header()}))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Arrow's PyCapsule interface: the table of ``to_arrow``."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    @classmethod
    def from_arrow(cls, table: Any) -> Partial:
        """What ``to_arrow`` gave, or rows of several such tables together."""
        import json

        import pyarrow as pa

        table = pa.table(table)
        metadata = (table.schema.metadata or {}).get(b"edgetally")
        if metadata is None:
            raise error("not_totals", "the table has no metadata of a Partial")
        header = json.loads(metadata)
        plan = _Plan.read(header["plan"])
        reach = [None if days is None else tuple(days) for days in header["reach"]]
        names, states = table.column("name").to_pylist(), table.column("state").to_pylist()
        return cls(plan, Totals.from_states(names, states, plan.terms, header["kinds"], reach))

    def report(
        self,
        *,
        now: Any = None,
        lag: Any = None,
        adjust: str | None = None,
        attribution_window: Any = None,
        allow_mismatch: bool = False,
        errors: str = "raise",
        **options: Any,
    ) -> Report:
        """The report of these sums; arguments as in ``report``."""
        return _make(self, "mapping", now, lag, adjust, attribution_window, allow_mismatch, errors, options)


def summarize(
    df: Any,
    metric: str = "roas",
    *,
    columns: Mapping[str, str] | None = None,
    by: Any = (),
    date: str | None = None,
    window: Any = None,
    week_start: str = "monday",
    tz: str = "UTC",
    arms: Sequence[Any] | None = None,
    nan_policy: str = "propagate",
    threads: int | None = None,
) -> Partial:
    """The exact sums behind a report, of a part of the rows.

    Arguments as in ``report``. Sums are exact and rounded only when they are read, so parts of any size, summed
    anywhere and merged in any order, give the same bits as the whole table at once.

    >>> import edgetally as et
    >>> rows = {"channel": ["search", "social", "search"], "spend": [0.1, 50.0, 0.2], "revenue": [1.0, 40.0, 2.0]}
    >>> parts = [et.summarize({k: v[i : i + 1] for k, v in rows.items()}, "roas", by="channel") for i in range(3)]
    >>> et.merge(parts) == et.summarize(rows, "roas", by="channel")
    True
    """
    from ._edgetally import totals as sum_up

    plan = _plan(metric, columns, by, date, window, week_start, tz, arms, nan_policy)
    source = _Source(df)
    zone = _zone_of(tz)
    keys = [source.key(name, key_window, zone) for name, key_window in zip(plan.by, plan.by_windows, strict=True)]
    if plan.date is not None:
        keys.append(source.key(plan.date, plan.window, zone))
    if plan.has_arm:
        keys.append(source.key(plan.columns["arm"], None, zone))
    numbers = [(plan.columns[role], source.number(plan.columns[role])) for role in plan.roles]
    totals = sum_up(keys, numbers, plan.terms, omit=nan_policy == "omit", threads=threads)
    if nan_policy == "raise":
        import numpy as np

        for place, role in enumerate(plan.roles):
            if np.isnan(totals.sums(place)).any():
                raise error("missing_values", f"{plan.columns[role]} has missing values")
    return Partial(plan, totals)


def merge(parts: Iterable[Partial]) -> Partial:
    """Several parts of one table as one; the order does not matter.

    Errors: parts that were made with other arguments are refused.

    >>> import edgetally as et
    >>> part = et.summarize({"spend": [1.0], "revenue": [3.0]}, "roas")
    >>> et.merge([part, part]).report()["spend"].tolist()
    [2.0]
    """
    parts = list(parts)
    if not parts:
        raise error("too_few_rows", "there is nothing to merge")
    # An empty part does not know what its keys are.
    full = [part for part in parts if len(part)] or parts[:1]
    first = full[0]._plan
    for part in parts:
        if part._plan != first:
            raise error("unlike_totals", "the parts were made with different arguments")
    return Partial(first, Totals.merge([part._totals for part in full]))


# --- Reports ---------------------------------------------------------------------------------------------------------


class Report:
    """A table of segments and windows with their numbers; made by ``report``.

    It shows itself as a table. ``to_pandas``, ``to_polars`` and ``to_arrow`` give it as one, ``frame`` in the kind
    that the report was made from; ``report[name]`` is one column. ``total`` is the report of all segments together, a
    row per window: ratios of the sums, not means of the rows. ``warnings`` are sentences to read before the numbers.
    """

    __slots__ = ("_columns", "_kind", "_plan", "_settings", "definition", "total", "warnings")

    def __init__(
        self,
        columns: dict[str, Any],
        definition: dict[str, str],
        plan: _Plan,
        settings: dict[str, Any],
        kind: str,
        total: Report | None,
        warnings: tuple[str, ...],
    ) -> None:
        """For ``report``."""
        self._columns = columns
        self.definition = definition
        self._plan = plan
        self._settings = settings
        self._kind = kind
        self.total = total
        self.warnings = warnings

    @property
    def metric(self) -> str:
        """What was asked for."""
        return str(self._plan.metric)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns; ``definition`` says what they are."""
        return tuple(self._columns)

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._columns["rows"])

    def __getitem__(self, name: str) -> Any:
        """One column: a NumPy array of numbers, or a list."""
        return self._columns[name]

    def __iter__(self) -> Any:
        """The names of the columns."""
        return iter(self._columns)

    def to_dict(self) -> dict[str, list[Any]]:
        """Every column as a list."""
        return {name: list(column) for name, column in self._columns.items()}

    def to_pandas(self, *, total: bool = False) -> Any:
        """A pandas DataFrame; ``total=True`` adds the rows of ``total`` at the end."""
        import pandas as pd

        return pd.DataFrame(self._with_total(total))

    def to_polars(self, *, total: bool = False) -> Any:
        """A Polars DataFrame; ``total=True`` adds the rows of ``total`` at the end."""
        import polars as pl

        return pl.DataFrame(self._with_total(total), strict=False)

    def to_arrow(self, *, total: bool = False) -> Any:
        """A pyarrow Table; ``total=True`` adds the rows of ``total`` at the end."""
        import pyarrow as pa

        return pa.table(self._with_total(total))

    @property
    def frame(self) -> Any:
        """The report as a table of the kind that it was made from."""
        return {"pandas": self.to_pandas, "polars": self.to_polars, "arrow": self.to_arrow}.get(
            self._kind, self.to_dict
        )()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Arrow's PyCapsule interface: the table of ``to_arrow``."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def _with_total(self, total: bool) -> dict[str, Any]:
        if not total or self.total is None:
            return self._columns
        rest = self.total
        return {
            name: [*column, *(rest._columns[name] if name in rest._columns else [None] * len(rest))]
            for name, column in self._columns.items()
        }

    def window(self, start: Any) -> Report:
        """The rows of the window that begins on this day, for ``compare``."""
        import numpy as np

        day = _date(_day(start, self._plan.tz))
        keep = [place for place, first in enumerate(self._columns["window_start"]) if first == day]
        if not keep:
            raise error("unknown_window", f"no window begins on {day}")
        columns = {
            name: column[keep] if isinstance(column, np.ndarray) else [column[place] for place in keep]
            for name, column in self._columns.items()
        }
        total = None if self.total is None else self.total.window(start)
        return Report(columns, self.definition, self._plan, self._settings, self._kind, total, self.warnings)

    def compare(self, other: Report, *, allow_mismatch: bool = False) -> Comparison:
        """Compare with an earlier report; see ``report.compare``."""
        return _compare(self, other, allow_mismatch=allow_mismatch)

    def __repr__(self) -> str:
        """A table of text."""
        return _text(self)

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        return _html(self)


@family
def report(
    df: Any,
    metric: str = "roas",
    *,
    columns: Mapping[str, str] | None = None,
    by: Any = (),
    date: str | None = None,
    window: Any = None,
    week_start: str = "monday",
    tz: str = "UTC",
    now: Any = None,
    lag: Any = None,
    adjust: str | None = None,
    attribution_window: Any = None,
    allow_mismatch: bool = False,
    arms: Sequence[Any] | None = None,
    nan_policy: str = "propagate",
    errors: str = "raise",
    threads: int | None = None,
    **options: Any,
) -> Report:
    """A metric by segment and window: ratios of sums, never means of ratios, with the calculators' own intervals.

    ``df`` is a pandas or Polars DataFrame, an Arrow table, anything that speaks Arrow, or a mapping of columns.
    ``metric`` is ``roas``, ``mer``, ``roi``, ``funnel``, ``target_cpa``, ``cpa``, ``cpc``, ``cpm``, ``ctr``, ``cac``
    or ``lift``. ``columns`` maps the metric's arguments to the table's columns where they are not called the same;
    further keywords, as ``gross_margin`` or ``confidence``, go to the calculator of that name. ``by`` names the
    segments' columns; a pair such as ``("signup", "month")`` makes cohorts of a date. For ``lift``, the table has
    both arms in a row (``exposed_users``, ``exposed_conversions``, ``holdout_users``, ``holdout_conversions``), or
    one (``columns={"arm": "group", "conversions": "bought"}``, with ``users`` where a row is more than one user, and
    ``arms=("ads", "psa")`` to say which is exposed).

    ``date`` names the column with the day, ``window`` is ``day``, ``week``, ``month``, ``quarter``, ``year`` or a
    number of days (counted from Monday, 1970-01-05). Instants are cut to days in ``tz``; those without a zone are
    taken as UTC. A window is ``complete`` when it is over at ``now`` (default: today) and the data reach over all of
    it, and ``mature`` when ``lag`` days (default: ``attribution_window`` where that is a number of days, else none)
    have passed since. ``adjust`` (``bh``, ``holm``) corrects the p-values of a lift for the number of rows;
    ``expected_split``, as ``(9, 1)``, tests the split of the users (``srm``); ``total`` of a lift has the stratified
    estimates too, and a warning where they contradict the pooled one. ``nan_policy`` says what a missing number does:
    ``propagate`` makes the segment's sums ``NaN``, ``omit`` counts it as zero, ``raise`` refuses.
    ``attribution_window`` is noted, so that reports with different ones are not compared by mistake.

    >>> import edgetally as et
    >>> rows = {
    ...     "channel": ["search", "search", "social", "social"],
    ...     "spend": [100.0, 300.0, 50.0, 0.0],
    ...     "revenue": [500.0, 600.0, 40.0, 10.0],
    ... }
    >>> r = et.report(rows, "roas", by="channel")
    >>> r["channel"], r["roas"].tolist(), round(float(r.total["roas"][0]), 4)
    (['search', 'social'], [2.75, 1.0], 2.5556)
    """
    part = summarize(
        df,
        metric,
        columns=columns,
        by=by,
        date=date,
        window=window,
        week_start=week_start,
        tz=tz,
        arms=arms,
        nan_policy=nan_policy,
        threads=threads,
    )
    kind = _Source(df).kind if type(df).__module__.partition(".")[0] in ("pandas", "polars") else "arrow"
    if isinstance(df, dict):
        kind = "mapping"
    return _make(part, kind, now, lag, adjust, attribution_window, allow_mismatch, errors, options)


def _make(
    part: Partial,
    kind: str,
    now: Any,
    lag: Any,
    adjust: str | None,
    attribution_window: Any,
    allow_mismatch: bool,
    errors: str,
    options: dict[str, Any],
) -> Report:
    plan = part._plan
    metric = _METRICS[plan.metric]
    for name in options:
        if name not in metric.options:
            known = f"; it takes {', '.join(metric.options)}" if metric.options else ""
            raise error("unknown_argument", f"{plan.metric} has no argument {name!r}{known}")
    if adjust not in (None, "bh", "holm"):
        raise error("unknown_choice", "adjust is not one of bh, holm")
    wait = _days(lag, "lag")
    if wait is None:
        wait = attribution_window if isinstance(attribution_window, int) else 0
    settings = {
        "options": dict(options),
        "adjust": adjust,
        "attribution_window": attribution_window,
        "lag": wait,
        "allow_mismatch": allow_mismatch,
    }
    today = _day(now, plan.tz) if plan.date is not None else 0
    full = (plan, settings, kind, today, wait, adjust, errors)
    places = list(range(len(plan.by)))
    rest = list(range(len(plan.by), len(part._totals.kinds)))
    total = _table(part._totals.by(rest), 0, full, None) if places else None
    return _table(part._totals, len(places), full, total)


def _table(totals: Totals, by: int, full: Any, total: Report | None) -> Report:
    import numpy as np

    plan, settings, kind, today, wait, adjust, errors = full
    metric = _METRICS[plan.metric]
    columns: dict[str, Any] = {}
    definition = {}
    kinds = totals.kinds
    keys = [totals.key(place) for place in range(len(kinds))]
    sums = {role: totals.sums(place) for place, role in enumerate(plan.roles)}
    rows = totals.rows()
    if plan.has_arm:
        keys, sums, rows = _by_arm(plan, keys, sums, rows)
    for place, name in enumerate(plan.by[:by]):
        column = keys[place]
        columns[name] = [_date(value) for value in column] if kinds[place] == "date" else column
        definition[name] = "A segment." if plan.by_windows[place] is None else "First day of the cohort's window."
    _windows(columns, plan, keys[by] if plan.date is not None else None, len(rows), totals, today, wait)
    columns["rows"] = rows
    sums["rows"] = rows
    for role in sums:
        if role != "rows":
            columns[role] = sums[role]
            definition[role] = f"Sum of {plan.columns.get(role, role)}."
    warnings: list[str] = []
    if len(rows):
        result = metric.calculate(sums, {**settings["options"], "errors": errors})
        for name, value in _flat(result).items():
            if name not in columns:
                columns[name] = np.full(len(rows), value) if isinstance(value, float) else value
                base = name.removesuffix("_low").removesuffix("_high")
                text = result.definition.get(name) or result.definition.get(base, "")
                end = " Lower end." if name == f"{base}_low" else " Upper end." if name == f"{base}_high" else ""
                definition[name] = text + end
        if plan.metric == "lift":
            _lift_flags(columns, result, adjust)
            if total is not None:
                warnings += _stratify(columns, sums, total, settings["options"].get("confidence", 0.95))
    for name in columns:
        if name in _DEFINITIONS:
            definition[name] = _DEFINITIONS[name]
    if plan.date is not None and plan.window != ("all", 0):
        if not all(columns["complete"]):
            warnings.append("Some windows are not complete: do not compare them with complete ones.")
        if not all(columns["mature"]):
            warnings.append("Some windows are not mature: late conversions are still to come.")
    if "srm" in columns and any(columns["srm"]):
        warnings.append("The users of some rows were not split as planned: believe no lift of theirs.")
    return Report(columns, definition, plan, settings, kind, total, tuple(warnings))


def _flat(result: Any) -> dict[str, Any]:
    table: dict[str, Any] = {}
    for name, value in zip(result.fields, result._values, strict=False):
        if isinstance(value, Interval):
            table[name], table[f"{name}_low"], table[f"{name}_high"] = value.estimate, value.low, value.high
        else:
            table[name] = value
    return table


def _windows(
    columns: dict[str, Any], plan: _Plan, days: list[Any] | None, rows: int, totals: Totals, today: int, wait: int
) -> None:
    """The five columns that every row carries; empty where the table has no date."""
    from ._edgetally import window_around

    names = ("window_start", "window_end", "n_days", "complete", "mature")
    if days is None:
        for name in names:
            columns[name] = [None] * rows
        return
    place = len(totals.kinds) - 1 - plan.has_arm
    reach = totals.reach[place]
    known: dict[Any, tuple[Any, ...]] = {None: (None,) * 5}
    for day in set(days) - {None}:
        if plan.window == ("all", 0):
            start, end = reach[0], reach[1] + 1
        else:
            kind, length = plan.window or ("all", 0)
            start, end = window_around(kind, length, day)
        complete = today >= end and reach[0] <= start and end <= reach[1] + 1
        known[day] = (_date(start), _date(end), end - start, complete, today - end >= wait)
    for name, column in zip(names, zip(*(known[day] for day in days), strict=True) if rows else [()] * 5, strict=True):
        columns[name] = list(column)


def _by_arm(plan: _Plan, keys: list[Any], sums: dict[str, Any], rows: Any) -> Any:
    """Rows of one arm each, side by side."""
    import numpy as np

    arm = keys[-1]
    if plan.arms is None:

        def side(value: Any) -> int | None:
            word = str(value).lower()
            return 0 if word in _EXPOSED else 1 if word in _HOLDOUT else None

    else:
        exposed, holdout = plan.arms

        def side(value: Any) -> int | None:
            return 0 if value == exposed else 1 if value == holdout else None

    sides = [side(value) for value in arm]
    unknown = sorted({str(value) for value, s in zip(arm, sides, strict=True) if s is None})
    if unknown and plan.arms is None:
        raise error("unknown_choice", f"which arm is {', '.join(unknown)}? Say it with arms=(exposed, holdout)")
    names = list(zip(*keys[:-1], strict=True)) if keys[:-1] else [()] * len(arm)
    order: dict[Any, int] = {}
    for name, s in zip(names, sides, strict=True):
        if s is not None:
            order.setdefault(name, len(order))
    users = sums.get("users", rows)
    columns: dict[str, Any] = {"users": users, "conversions": sums["conversions"]}
    columns.update({name: sums[name] for name in ("revenue", "spend") if name in sums})
    new = {name: np.zeros((2, len(order))) for name in (*columns, "rows")}
    for place, (name, s) in enumerate(zip(names, sides, strict=True)):
        if s is not None:
            for role, column in columns.items():
                new[role][s, order[name]] = column[place]
            new["rows"][s, order[name]] = rows[place]
    wide = {
        "exposed_users": new["users"][0],
        "exposed_conversions": new["conversions"][0],
        "holdout_users": new["users"][1],
        "holdout_conversions": new["conversions"][1],
    }
    if "revenue" in new:
        wide["exposed_revenue"] = new["revenue"][0]
    if "spend" in new:
        wide["spend"] = new["spend"][0]
    back = [list(column) for column in zip(*order, strict=True)] if keys[:-1] and order else [[] for _ in keys[:-1]]
    return back, wide, new["rows"].sum(axis=0)


def _lift_flags(columns: dict[str, Any], result: Any, adjust: str | None) -> None:
    import numpy as np

    columns.pop("quality", None)
    flags = result.flags
    rows = len(columns["rows"])
    columns["flags"] = [", ".join(name for name, up in flags.items() if up[place]) for place in range(rows)]
    columns["srm"] = [bool(up) for up in flags["srm"]]
    if adjust is not None:
        from ._experiment import adjust_pvalues

        adjusted = adjust_pvalues(np.asarray(columns["p_value"], dtype=np.float64), method=adjust)
        columns["p_adjusted"] = np.asarray(adjusted.adjusted)


def _stratify(columns: dict[str, Any], sums: dict[str, Any], total: Report, confidence: float) -> list[str]:
    """What the segments say together, for the report of all of them; and where all users together say the opposite."""
    import numpy as np

    from ._experiment import segment_lift

    names = ("exposed_users", "exposed_conversions", "holdout_users", "holdout_conversions")
    places: dict[Any, list[int]] = {}
    for place, start in enumerate(columns["window_start"]):
        places.setdefault(start, []).append(place)
    found: dict[str, list[Any]] = {}
    warnings = []
    for start in total["window_start"]:
        rows = places.get(start, [])
        lift = segment_lift(rows, *(sums[name][rows] for name in names), confidence=confidence)
        for name, value in (
            ("stratified_abs_lift", lift.stratified_abs_lift_exposed_weights),
            ("mantel_haenszel_abs_lift", lift.mantel_haenszel_diff),
        ):
            for end, number in (("", value.estimate), ("_low", value.low), ("_high", value.high)):
                found.setdefault(name + end, []).append(number)
        found.setdefault("heterogeneity_p", []).append(lift.heterogeneity_p)
        simpson = bool(lift.simpson_warning)
        found.setdefault("simpson", []).append(simpson)
        if simpson:
            when = "" if start is None else f" in the window from {start}"
            warnings.append(
                f"Simpson's paradox{when}: all users have a lift of {lift.pooled_abs_lift:+.4g}, the segments, "
                f"weighed by exposed users, {lift.stratified_abs_lift_exposed_weights.estimate:+.4g}. Believe the "
                "segments, and ask why the split depends on them."
            )
    for name, values in found.items():
        total._columns[name] = values if name == "simpson" else np.array(values, dtype=np.float64)
        base = name.removesuffix("_low").removesuffix("_high")
        end = " Lower end." if name.endswith("_low") else " Upper end." if name.endswith("_high") else ""
        total.definition[name] = _DEFINITIONS[base] + end
    return warnings


# --- Comparing -------------------------------------------------------------------------------------------------------


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


report.compare = _compare  # type: ignore[attr-defined]


# --- To look at ------------------------------------------------------------------------------------------------------

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
