"""What every result has in common: named fields, their definitions, and ways to look at them."""

from __future__ import annotations

from operator import itemgetter

from . import _edgetally
from ._arguments import missing
from ._edgetally import Interval

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import GenericAlias
    from typing import Any, ClassVar

# What the bits of ``status`` mean.
INVALID = 1
UNDEFINED = 2
EXTRAPOLATED = 4
LOW_COUNTS = 8
SRM = 16


class _Field:
    """What a class body says of a field, until ``Result`` makes a property of it."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        """Keep the sentence."""
        self.text = text


def field(text: str) -> Any:
    """One field of a result, in a class body: the sentence beside its name and type."""
    return _Field(text)


class Result(_edgetally.Record):
    """The base of all results: fields that cannot be changed, each with a one-line definition.

    A subclass names its fields in the order of the values, each with its type and a sentence (``field``). Fields of
    the parent come first.
    """

    # What a picture needs that no field says; no part of the value, but pickled with it.
    __slots__ = ("_kept",)
    _kept: dict[str, Any]

    fields: ClassVar[tuple[str, ...]] = ()
    definition: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls) -> None:
        """Give each field that the class declares its place among the values."""
        super().__init_subclass__()
        own = {name: value.text for name, value in cls.__dict__.items() if isinstance(value, _Field)}
        for place, (name, text) in enumerate(own.items(), len(cls.fields)):
            setattr(cls, name, property(itemgetter(place), doc=text))
        cls.definition = {**cls.definition, **own}
        cls.fields = tuple(cls.definition)

    def __reduce__(self) -> Any:
        """Pickled with what stands beside the fields, so that a result opened again draws and warns as it did."""
        made = (type(self), (self._values, self._refused))
        beside = {name: getattr(self, name) for name in ("_kept", "_notes") if hasattr(self, name)}
        return (*made, (None, beside)) if beside else made

    def __class_getitem__(cls, item: object) -> GenericAlias:
        """``FunnelResult[float]``, for annotations."""
        from types import GenericAlias

        return GenericAlias(cls, item)

    def __repr__(self) -> str:
        """One line, numbers with six digits."""
        parts = [f"{name}={_short(value)}" for name, value in self._items()]
        return f"{type(self).__name__}({', '.join(parts)})"

    def __eq__(self, other: object) -> bool:
        """Equal class and equal fields; of columns, all rows. Two NaN in the same place are equal."""
        if type(other) is not type(self) or not isinstance(other, Result):
            return NotImplemented
        return all(_same(a, b) for a, b in zip(self._values, other._values, strict=True))

    def __hash__(self) -> int:
        """By the fields; columns have no hash."""
        return hash((type(self), self._values))

    def _items(self) -> Iterator[tuple[str, Any]]:
        return zip(self.fields, self._values, strict=False)

    @property
    def status(self) -> Any:
        """Bits per row: 1 refused (``errors="coerce"``), 2 some field is undefined, 8 low counts, 16 uneven arms."""
        from . import _columns

        return _columns.status(self)

    def to_dict(self, *, strict: bool = False) -> dict[str, Any]:
        """The fields by name as plain data that ``json.dumps`` takes; columns become lists, dates text.

        An interval is a dictionary of ``estimate``, ``low`` and ``high``. JSON as it is standardised has neither
        ``NaN`` nor infinity: with ``strict`` they become ``None``, so that an end that is ``None`` is open or
        undefined.
        """
        plain = {name: _plain(value) for name, value in self._items()}
        return _without_nan(plain) if strict else plain

    def _table(self) -> dict[str, Any]:
        """One flat column per number: an interval becomes ``x``, ``x_low`` and ``x_high``, a dictionary ``x_key``."""
        table: dict[str, Any] = {}
        for name, value in self._items():
            if isinstance(value, Interval):
                table |= value.columns(name)
            elif isinstance(value, Result):
                table.update({f"{name}_{inner}": v for inner, v in value._table().items()})
            elif isinstance(value, dict):
                for key, item in value.items():
                    table |= item.columns(f"{name}_{key}") if isinstance(item, Interval) else {f"{name}_{key}": item}
            else:
                table[name] = value
        return table

    def to_pandas(self) -> Any:
        """A pandas DataFrame: a row per row, a column per number."""
        from . import _columns

        return _columns.to_pandas(self._table())

    def to_polars(self) -> Any:
        """A Polars DataFrame: a row per row, a column per number."""
        from . import _columns

        return _columns.to_polars(self._table())

    def to_arrow(self) -> Any:
        """A pyarrow Table: a row per row, a column per number."""
        from . import _columns

        return _columns.to_arrow(self._table())

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Arrow's PyCapsule interface: the table of ``to_arrow``."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def summary(self, currency: str = "") -> str:
        """What decides in a sentence, then every field in its unit with what it is, then flags with what to do.

        No currency is known: amounts are plain numbers unless one is named, ``"EUR"`` or ``"$"``.
        """
        from . import _show

        return _show.summary(self, currency)

    def _flags(self) -> tuple[str, ...]:
        """What a reader has to be told beside the numbers; a subclass may have some."""
        return ()

    def _repr_html_(self) -> str:
        """For notebooks, light or dark: the sentence that decides, flags, a small picture, and the fields."""
        from . import _show

        return _show.html(self)

    def plot(self, ax: Any = None, *, currency: str = "", **options: Any) -> Any:
        """Draw the result with matplotlib, under a title that says the finding; returns the axes.

        Without ``ax`` in a new figure, in panels by unit: a list of axes where there are several. Into an ``ax`` goes
        the main panel alone. ``currency`` is written at amounts. A look at a running test (``sequential``) takes
        ``looks=``, the results of the looks before; a plan (``allocate``) ``before=``, the spends before it.
        """
        from . import _show

        return _show.plot(self, ax, currency, options)


def kept(result: Any, **inputs: Any) -> Any:
    """The result with what its picture needs beside the fields; columns of many rows keep nothing."""
    first = result[0]
    if isinstance(getattr(first, "estimate", first), (float, list)):
        result._kept = inputs
    return result


def headline(result: Result, name: str) -> float:
    """One number of a result, for where a number is wanted."""
    value = result[name]
    if isinstance(value, float):
        return value
    if hasattr(value, "__float__") and not getattr(value, "ndim", 1):
        return float(value)
    from ._arguments import error

    raise error("wrong_type", f"{type(result).__name__} holds columns: pass its .{name}")


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, Interval):
        parts = (value.estimate, value.low, value.high)
        if all(isinstance(part, float) for part in parts):
            return "{:.6g} [{:.6g}, {:.6g}]".format(*parts)
        return f"interval of {len(value.estimate)} rows"
    if isinstance(value, (str, int, bool, type(None), tuple, dict, list)):
        return repr(value)
    if hasattr(value, "__len__") and not isinstance(value, Result):
        return f"{len(value)} rows"
    return repr(value)


def _plain(value: Any) -> Any:
    """Numbers, text, ``None``, lists and dictionaries, whatever it was made of."""
    if value is None or isinstance(value, (str, bool)) or type(value) in (float, int):
        return value
    if isinstance(value, Interval):
        return {"estimate": _plain(value.estimate), "low": _plain(value.low), "high": _plain(value.high)}
    if isinstance(value, Result):
        return value.to_dict()
    if isinstance(value, dict):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    if missing(value):
        return None
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    # Columns of every library, and the scalars of NumPy.
    for method in ("to_pylist", "to_list", "tolist", "to_dict"):
        if hasattr(value, method):
            made = getattr(value, method)()
            return str(value) if made is value or type(made) is type(value) else _plain(made)
    return float(value) if hasattr(value, "__float__") else str(value)


def _key(key: Any) -> Any:
    """A name as JSON has it."""
    key = _plain(key)
    return " / ".join(map(str, key)) if isinstance(key, list) else key


def _without_nan(value: Any) -> Any:
    if isinstance(value, float):
        return value if value - value == 0.0 else None
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return value


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (a != a and b != b)
    if isinstance(a, Interval) and isinstance(b, Interval):
        return all(_same(x, y) for x, y in ((a.estimate, b.estimate), (a.low, b.low), (a.high, b.high)))
    if isinstance(a, Interval) or isinstance(b, Interval):
        return False
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(map(_same, a.values(), b.values()))
    equal = a == b
    if isinstance(equal, bool):
        return equal
    from . import _columns

    return _columns.same(a, b)
