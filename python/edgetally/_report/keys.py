"""Columns that name groups: segments, cohorts, days, arms. How they are read, and how they are given back."""

from __future__ import annotations

from .. import _dates
from .._arguments import error, missing
from .._dates import MISSING, Dates
from .tables import library

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Like:
    """How the caller has the values of a key, so that they come back the same.

    ``library`` is whose column it was, ``dtype`` of what; ``form`` is ``date``, ``instant``, ``period``, ``object`` or
    ``text`` for days and empty for other values. ``order`` are the categories of an ordered column.
    """

    __slots__ = ("dtype", "form", "library", "order", "unit", "zone")

    def __init__(
        self, library: str, dtype: Any, form: str = "", unit: str = "us", zone: str | None = None, order: Any = None
    ) -> None:
        """Nothing but what is said."""
        self.library = library
        self.dtype = dtype
        self.form = form
        self.unit = unit
        self.zone = zone
        self.order = order


class Key:
    """A key column as the Rust side takes it."""

    __slots__ = ("kind", "like", "name", "tz", "values", "whose", "window", "words", "zone")

    def __init__(self, name: str, window: tuple[str, int] | None, tz: str | None) -> None:
        """Nothing read yet."""
        self.name = name
        self.window = window
        self.tz = tz
        # The time zone whose days are meant, and its offsets.
        self.whose: str | None = None
        self.zone: tuple[list[int], list[int]] = ([], [])
        self.values: Any = None
        self.kind: str | None = None
        self.words: list[str | None] | None = None
        self.like = Like("python", None)


def read(name: str, column: Any, window: tuple[str, int] | None, tz: str | None, *, dates: bool = False) -> Key:
    """A column that names groups; with a window, or where ``dates`` are asked for, one of dates in any form."""
    key = Key(str(name), window, tz)
    module = library(column)
    if module not in ("pandas", "polars", "pyarrow"):
        if isinstance(column, (str, bytes)) or not hasattr(column, "__iter__"):
            raise error("wrong_type", f"{name} is not a column, but {type(column).__name__}")
        if getattr(column, "ndim", 1) != 1:
            raise error("wrong_type", f"{name} has {column.ndim} dimensions where a column has one")
    if dates or _is_time(module, column):
        _of_dates(key, column)
    elif module == "polars":
        _polars(key, column)
    elif module == "pyarrow":
        _arrow(key, column)
    elif module == "pandas":
        _pandas(key, column)
    else:
        _plain(key, column)
    return key


def _not_a_key(name: str, what: Any, row: int | None = None) -> Exception:
    place = "" if row is None else f"[{row}]"
    return error("wrong_type", f"{name}{place} is not a text, integer, boolean or date, but {what}")


# --- Dates -----------------------------------------------------------------------------------------------------------


def _is_time(module: str, column: Any) -> bool:
    """Whether the type says that these are dates or instants."""
    if module == "polars":
        return bool(column.dtype.is_temporal()) and str(column.dtype).startswith("Date")
    if module == "pyarrow":
        import pyarrow as pa

        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        return bool(pa.types.is_date(kind) or pa.types.is_timestamp(kind))
    dtype: Any = getattr(column, "dtype", None)
    if hasattr(dtype, "categories"):
        dtype = dtype.categories.dtype
    return (
        getattr(dtype, "kind", "O") == "M"
        or type(dtype).__name__ == "PeriodDtype"
        or str(dtype).startswith(("date32", "date64", "timestamp["))
    )


def _of_dates(key: Key, column: Any) -> None:
    from .._edgetally import window_around

    window = key.window

    def span(day: int) -> tuple[int, int]:
        return window_around(*window, day) if window not in (None, ("all", 0)) else (MISSING, -MISSING)

    found: Dates = _dates.read(key.name, column, key.tz, span)
    key.values = found.values
    key.kind = found.kind
    key.whose = found.zone
    key.zone = _dates.zone_table(found.zone) if found.zone is not None else ([], [])
    module = library(column)
    # Only a column whose type has a zone gets its days back with one.
    own = getattr(found.dtype, "tz", None) or getattr(found.dtype, "time_zone", None)
    own = own or getattr(getattr(found.dtype, "pyarrow_dtype", None), "tz", None)
    key.like = Like(module, found.dtype, found.form, found.unit, found.zone if own is not None else None)


# --- Other keys ------------------------------------------------------------------------------------------------------


def _polars(key: Key, column: Any) -> None:
    import polars as pl

    dtype = column.dtype
    key.like = Like("polars", dtype)
    if dtype == pl.Enum:
        key.like.order = dtype.categories.to_list()
    if dtype.is_float():
        whole = column.fill_nan(None)
        bad = (whole != whole.floor()).fill_null(value=False) | whole.is_infinite().fill_null(value=False)
        if bad.any():
            raise _not_a_key(key.name, dtype, int(bad.arg_true()[0]))
        key.values = whole.cast(pl.Int64, strict=False)
    elif dtype == pl.Null:
        key.values = column.cast(pl.String)
    elif dtype == pl.Object:
        _objects(key, column.to_list())
    elif dtype.is_integer() or dtype in (pl.String, pl.Boolean, pl.Categorical, pl.Enum):
        key.values = column
        if dtype == pl.UInt64 or "128" in str(dtype):
            if len(column) and not -(2**63) < (column.min() or 0) <= (column.max() or 0) < 2**63:
                raise error("out_of_range", f"{key.name} has numbers from 2^63")
            key.values = column.cast(pl.Int64)
    else:
        raise _not_a_key(key.name, dtype)


def _arrow(key: Key, column: Any) -> None:
    import pyarrow as pa

    kind = column.type
    key.like = Like("arrow", kind)
    if pa.types.is_dictionary(kind) and kind.ordered:
        chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        key.like.order = chunks[0].dictionary.to_pylist() if chunks else None
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        try:
            column = column.cast(pa.float64())
            values = [None if v is not None and v != v else v for v in column.to_pylist()]
            key.values = pa.array(values, pa.float64()).cast(pa.int64())
        except pa.ArrowInvalid:
            raise _not_a_key(key.name, kind) from None
        return
    if pa.types.is_uint64(kind) and column.null_count < len(column):
        import pyarrow.compute as pc

        if pc.max(column).as_py() >= 2**63:
            raise error("out_of_range", f"{key.name} has numbers from 2^63")
    key.values = column


def _pandas(key: Key, column: Any) -> None:
    import numpy as np

    dtype = column.dtype
    kind = getattr(dtype, "kind", "O")
    key.like = Like("pandas", dtype)
    if isinstance(dtype, np.dtype) and kind in "iub":
        _integers(key, column.to_numpy(), kind)
    elif isinstance(dtype, np.dtype) and kind == "f":
        _objects(key, column.to_numpy().tolist(), str(dtype))
    elif hasattr(dtype, "categories"):
        categories = dtype.categories
        texts = all(isinstance(category, str) for category in categories)
        codes = np.asarray(column.cat.codes if hasattr(column, "cat") else column.codes)
        spans = type(categories).__name__ == "IntervalIndex"
        if texts or spans:
            # Spans as pandas.cut makes them are named as it writes them.
            key.values = np.ascontiguousarray(codes, dtype=np.int64)
            key.words = [str(category) for category in categories]
        else:
            table = [*categories.tolist(), None]
            _objects(key, [table[code] for code in codes.tolist()])
        if dtype.ordered or spans:
            key.like.order = key.words if spans else categories.tolist()
    elif kind in "iub":
        _objects(key, column.to_list())
    elif kind in "mcV":
        raise _not_a_key(key.name, dtype)
    else:
        try:
            import pyarrow as pa

            array = pa.array(column, from_pandas=True)
        except (ImportError, ValueError, TypeError, OverflowError, NotImplementedError):
            # Without Arrow, or of types that it refuses: pyarrow's errors are these.
            _objects(key, column.to_list())
            return
        if pa.types.is_date(array.type) or pa.types.is_timestamp(array.type):
            _of_dates(key, column)
        elif (
            pa.types.is_dictionary(array.type) or pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
        ):
            key.values = array
        else:
            _objects(key, column.to_list())


def _plain(key: Key, column: Any) -> None:
    import numpy as np

    if isinstance(column, np.ndarray):
        key.like = Like("numpy", column.dtype)
        kind = column.dtype.kind
        if isinstance(column, np.ma.MaskedArray):
            column = column.tolist()
        elif kind in "iub":
            _integers(key, column, kind)
            return
        _objects(key, column.tolist() if hasattr(column, "tolist") else column)
        return
    _objects(key, list(column))


def _torn(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _integers(key: Key, array: Any, kind: str) -> None:
    import numpy as np

    if kind == "u" and array.size and array.max() >= 2**63:
        raise error("out_of_range", f"{key.name} has numbers from 2^63")
    key.values = np.ascontiguousarray(array, dtype=np.int64)
    key.kind = "boolean" if kind == "b" else "integer"


def _objects(key: Key, values: list[Any], what: str | None = None) -> None:
    """Values one by one: all texts, all whole numbers, all booleans, or all dates; missing ones among them."""
    import datetime

    import numpy as np

    kinds = set()
    clean: list[Any] = []
    for row, value in enumerate(values):
        if missing(value) or (isinstance(value, float) and value != value):
            clean.append(None)
            continue
        if isinstance(value, str):
            kind = "text"
            if not value.isascii() and _torn(value):
                raise error("invalid_unicode", f"{key.name}[{row}] holds half a surrogate pair")
        elif isinstance(value, (bool, np.bool_)):
            kind, value = "boolean", bool(value)
        elif isinstance(value, (datetime.date, np.datetime64)) or hasattr(value, "start_time"):
            kind = "date"
        elif isinstance(value, (int, float)) or hasattr(value, "__index__") or type(value).__name__ == "Decimal":
            if value in (float("inf"), float("-inf")) or value != int(value) or not -(2**63) <= value < 2**63:
                raise _not_a_key(key.name, what or type(value).__name__, row)
            kind, value = "integer", int(value)
        else:
            raise _not_a_key(key.name, type(value).__name__, row)
        kinds.add(kind)
        if len(kinds) > 1:
            raise error("wrong_type", f"{key.name}[{row}] is a {kind}, and values before it are not")
        clean.append(value)
    kind = next(iter(kinds), "text")
    if kind == "date":
        _of_dates(key, clean)
        return
    if kind == "text":
        codes: dict[str, int] = {}
        key.values = np.array([-1 if v is None else codes.setdefault(v, len(codes)) for v in clean], dtype=np.int64)
        key.words = list(codes)
        return
    absent = [v is None for v in clean]
    if not any(absent):
        _integers(key, np.array(clean, dtype=np.int64), "b" if kind == "boolean" else "i")
        return
    key.values = np.array([MISSING if v is None else v for v in clean], dtype=np.int64)
    key.kind = f"{kind}?"
