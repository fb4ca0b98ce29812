"""Parts of a report: exact sums that can be merged in any order."""

from __future__ import annotations

from .. import _dates
from .._arguments import error
from .._edgetally import Totals
from .keys import Like
from .keys import read as read_key
from .plan import Plan, make_plan
from .tables import Source, library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from .table import Report


class Partial:
    """Exact sums of a part of a table, by segment and window; made by ``summarize``.

    Parts are merged in any order, and however the rows were parted, the merged part has the same bytes.
    """

    __slots__ = ("_kind", "_likes", "_notes", "_plan", "_totals")

    def __init__(
        self, plan: Plan, totals: Totals, likes: Sequence[Like] = (), kind: str = "mapping", notes: Sequence[str] = ()
    ) -> None:
        """For ``summarize`` and ``from_bytes``; how the caller has the keys is not in the bytes."""
        self._plan = plan
        self._totals = totals
        self._likes = tuple(likes) or tuple(Like("python", None) for _ in totals.kinds)
        self._kind = kind
        self._notes = tuple(notes)

    def __len__(self) -> int:
        """How many groups there are: segments times windows, and arms where rows have one."""
        return len(self._totals)

    def __repr__(self) -> str:
        """One line."""
        return f"Partial(metric={', '.join(self._plan.metrics)}, groups={len(self)})"

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

        try:
            data = bytes(memoryview(data))
        except TypeError:
            raise error("not_totals", "these are not the bytes of a Partial") from None
        size = int.from_bytes(data[4:8], "little")
        try:
            if data[:4] != b"ETP1":
                raise ValueError
            header = json.loads(data[8 : 8 + size])
            plan = Plan.read(header["plan"])
            reach = [None if days is None else tuple(days) for days in header["reach"]]
            kinds = header["kinds"]
        except (ValueError, KeyError, TypeError, AttributeError):
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
        plan = self._plan
        names = [*map(str, plan.by), *(["window"] if plan.date is not None else []), *(["arm"] if plan.has_arm else [])]
        arrays, fields = [], []
        types = {"text": pa.string(), "integer": pa.int64(), "boolean": pa.bool_(), "date": pa.date32()}
        for place, (name, kind) in enumerate(zip(names, totals.kinds, strict=True)):
            values = totals.key(place)
            arrays.append(pa.array([_dates.date(v) for v in values] if kind == "date" else values, type=types[kind]))
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

        try:
            table = pa.table(table)
        except (TypeError, ValueError):
            raise error("not_totals", "this is not the table of a Partial") from None
        metadata = (table.schema.metadata or {}).get(b"edgetally")
        if metadata is None:
            raise error("not_totals", "the table has no metadata of a Partial")
        header = json.loads(metadata)
        plan = Plan.read(header["plan"])
        reach = [None if days is None else tuple(days) for days in header["reach"]]
        names, states = table.column("name").to_pylist(), table.column("state").to_pylist()
        return cls(plan, Totals.from_states(names, states, plan.layout.terms, header["kinds"], reach))

    def report(
        self,
        *,
        now: Any = None,
        lag: Any = None,
        adjust: str | None = None,
        attribution_window: Any = None,
        allow_mismatch: bool = False,
        errors: str = "coerce",
        **options: Any,
    ) -> Report:
        """The report of these sums; arguments as in ``report``."""
        from .making import make

        return make(self, now, lag, adjust, attribution_window, allow_mismatch, errors, options)


def summarize(
    df: Any,
    metric: Any = None,
    *,
    metrics: Sequence[str] | None = None,
    columns: Mapping[str, str] | None = None,
    by: Any = (),
    date: Any = None,
    window: Any = None,
    week_start: str = "monday",
    tz: str | None = None,
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
    from .._edgetally import totals as sum_up

    plan = make_plan(
        metric,
        metrics=metrics,
        columns=columns,
        by=by,
        date=date,
        window=window,
        week_start=week_start,
        tz=tz,
        arms=arms,
        nan_policy=nan_policy,
    )
    source = Source(df)
    asked = [
        *zip(plan.by, plan.by_windows, strict=True),
        *([(plan.date, plan.window)] if plan.date is not None else []),
    ]
    keys = [read_key(name, source.column(name), cut, tz, dates=cut is not None) for name, cut in asked]
    # Whose days they are is part of the question.
    zones = [key.whose for key in reversed(keys) if key.whose is not None]
    plan.tz = _dates.zone_name(tz) if tz is not None else next(iter(zones), "UTC")
    if plan.has_arm:
        keys.append(read_key(plan.columns["arm"], source.column(plan.columns["arm"]), None, tz))
    numbers = [(str(plan.columns[role]), source.number(plan.columns[role])) for role in plan.roles]
    _same_length([(key.name, key.values) for key in keys] + numbers)
    layout = plan.layout
    totals = sum_up(keys, numbers, layout.terms, views=layout.views, masks=layout.masks, threads=threads)
    if nan_policy == "raise":
        for (name, values), role in zip(numbers, plan.roles, strict=True):
            row = _first_missing(values)
            if row is not None:
                raise error(
                    "missing_values", f"{name}[{row}] is missing: nan_policy='omit' leaves such rows out ({role})"
                )
    notes = []
    if tz is not None and plan.date is not None:
        like = keys[len(plan.by)].like
        if like.form == "instant" and like.zone is None and plan.tz != "UTC" and keys[len(plan.by)].kind != "date":
            notes.append(f"no_zone: {plan.date} has no time zone, so it was taken as UTC and cut to days of {plan.tz}.")
    kind = source.kind if source.kind != "arrow" or library(df) == "pyarrow" else "arrow"
    return Partial(plan, totals, [key.like for key in keys], kind, notes)


def _same_length(columns: list[tuple[str, Any]]) -> None:
    lengths = [len(values) for _, values in columns]
    for (name, _), length in zip(columns, lengths, strict=True):
        if length != lengths[0]:
            message = f"the columns differ in length: {columns[0][0]} has {lengths[0]} rows, {name} {length}"
            raise error("length_mismatch", message)


def _first_missing(values: Any) -> int | None:
    """The first row without a number."""
    import numpy as np

    if library(values) == "polars":
        absent = values.is_null().to_numpy()
        absent = absent | (values.is_nan().fill_null(value=False).to_numpy() if values.dtype.is_float() else False)
    elif library(values) == "pyarrow":
        import pyarrow.compute as pc

        absent = np.asarray(pc.is_null(values, nan_is_null=True).to_numpy(zero_copy_only=False))
    else:
        absent = np.isnan(values) if values.dtype.kind == "f" else np.zeros(0, dtype=bool)
    return int(np.argmax(absent)) if absent.any() else None


def _same_kinds(parts: list[Partial]) -> list[Partial]:
    """Parts whose keys are of the same kinds: one that has nothing but missing values takes the kind of the others."""
    if all(part._totals.kinds == parts[0]._totals.kinds for part in parts):
        return parts
    known = [
        [any(value is not None for value in part._totals.key(at)) for at in range(len(part._totals.kinds))]
        for part in parts
    ]
    kinds = list(parts[0]._totals.kinds)
    for at in range(len(kinds)):
        found = {part._totals.kinds[at] for part, there in zip(parts, known, strict=True) if there[at]}
        if len(found) > 1:
            raise error(
                "unlike_totals", f"the parts have different kinds of values in a key: {', '.join(sorted(found))}"
            )
        kinds[at] = found.pop() if found else kinds[at]
    made = []
    for part in parts:
        totals = part._totals
        if totals.kinds != kinds:
            terms = part._plan.layout.terms
            totals = Totals.from_states(totals.names(), totals.states(), terms, kinds, totals.reach)
        made.append(Partial(part._plan, totals, part._likes, part._kind, part._notes))
    return made


def merge(parts: Iterable[Partial]) -> Partial:
    """Several parts of one table as one; the order does not matter.

    Errors: parts that were made with other arguments are refused.

    >>> import edgetally as et
    >>> part = et.summarize({"spend": [1.0], "revenue": [3.0]}, "roas")
    >>> et.merge([part, part]).report()["spend"].tolist()
    [2.0]
    """
    if not hasattr(parts, "__iter__"):
        raise error("wrong_type", f"parts is not a list of parts, but {type(parts).__name__}")
    parts = list(parts)
    if not parts:
        raise error("too_few_rows", "there is nothing to merge")
    for place, part in enumerate(parts):
        if not isinstance(part, Partial):
            raise error("wrong_type", f"parts[{place}] is not a Partial, but {type(part).__name__}")
    # An empty part does not know what its keys are.
    full = [part for part in parts if len(part)] or parts[:1]
    first = full[0]
    for part in full:
        if part._plan != first._plan:
            raise error("unlike_totals", "the parts were made with different arguments")
    empty = first._plan.as_dict()
    for part in parts:
        if {**part._plan.as_dict(), "tz": empty["tz"]} != empty:
            raise error("unlike_totals", "the parts were made with different arguments")
    full = _same_kinds(full)
    notes = dict.fromkeys(note for part in parts for note in part._notes)
    return Partial(first._plan, Totals.merge([part._totals for part in full]), first._likes, first._kind, tuple(notes))
