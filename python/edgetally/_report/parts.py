"""Parts of a report: exact sums that can be merged in any order."""

from __future__ import annotations

from .._arguments import error
from .._edgetally import Totals
from .plan import _Plan, _plan
from .tables import _Source
from .times import _date, _zone_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from .table import Report


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
        from .making import _make

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
    from .._edgetally import totals as sum_up

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
