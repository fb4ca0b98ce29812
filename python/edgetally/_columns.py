"""Columns in, columns out: NumPy, pandas, Polars, Arrow, lists. Imported with NumPy when the first column arrives."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arguments import error, item, missing
from ._edgetally import Calculator, EdgetallyError, Interval
from ._memory import columns
from ._result import INVALID, UNDEFINED, Result

# What NumPy's kinds are called in a refusal, and what to do about them.
_KINDS = {
    "b": "booleans: where a flag shall count as 0 or 1, convert it with .astype(float)",
    "c": "complex numbers",
    "m": "time spans: divide them by a unit first",
    "M": "dates",
    "S": "bytes",
    "T": "text: convert it first, for example with pandas.to_numeric",
    "U": "text: convert it first, for example with pandas.to_numeric",
    "V": "records",
}


class Form:
    """How the caller's columns look, so that the answers look the same.

    pandas wins over Polars over Arrow over NumPy where several kinds meet in one call. One form is for columns of which
    a row stands for one unit: those of pandas have to have the same index. Columns that are samples of their own are
    read by a form each (``_arguments.arrays``).
    """

    __slots__ = ("_first", "_masks", "index", "kind", "shape")

    def __init__(self) -> None:
        """Nothing seen yet: numbers."""
        self.kind = "number"
        self.index: Any = None
        self.shape: tuple[int, ...] = ()
        self._first = ""
        self._masks: list[Any] = []

    def _saw(self, kind: str) -> None:
        order = ("number", "numpy", "arrow", "polars", "pandas")
        if order.index(kind) > order.index(self.kind):
            self.kind = kind

    def read(self, argument: str, value: Any) -> Any:
        """One argument as ``None``, a float, or a NumPy array of float64; what is missing is ``NaN``."""
        if value is None or type(value) is float:
            return value
        if isinstance(value, (bool, str, bytes)):
            text = ": convert text first, for example with float()" if isinstance(value, str) else ""
            raise error(
                "wrong_type", f"{argument} is not a number or a column of numbers, but {type(value).__name__}{text}"
            )
        if isinstance(value, (int, float)):
            try:
                return float(value)
            except OverflowError:
                raise error("not_finite", f"{argument} is too large") from None
        if missing(value):
            return float("nan")
        if isinstance(value, Interval):
            return self.read(argument, value.estimate)
        if isinstance(value, Result):
            # Its headline, where it has one. A result is a table too, and would be taken for an Arrow column below.
            try:
                return float(value)  # type: ignore[arg-type]
            except EdgetallyError:
                raise
            except (TypeError, ValueError):
                raise error("wrong_type", f"{argument} is not a number, but {type(value).__name__}") from None
        module = type(value).__module__.partition(".")[0]
        if module == "pandas":
            return self._pandas(argument, value)
        if module == "polars":
            return self._polars(argument, value)
        if module == "pyarrow" or hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__"):
            return self._arrow(argument, value)
        if isinstance(value, (np.ndarray, np.generic, list, tuple)):
            return self._numpy(argument, value)
        if hasattr(value, "__array__") or (hasattr(value, "__len__") and hasattr(value, "__getitem__")):
            try:
                array = np.asarray(value)
            except Exception:  # whatever a stranger's object does
                raise _not_numbers(argument, value) from None
            if array.dtype.kind == "O" and not array.ndim:
                raise _not_numbers(argument, value)
            return self._numpy(argument, array)
        if hasattr(value, "__float__"):
            try:
                return float(value)
            except OverflowError:
                raise error("not_finite", f"{argument} is too large") from None
            except Exception:  # whatever a stranger's object does
                raise _not_numbers(argument, value) from None
        raise _not_numbers(argument, value)

    def _numpy(self, argument: str, value: Any) -> Any:
        if isinstance(value, np.ma.MaskedArray):
            array = np.array(_floats(argument, np.ma.getdata(value)))
            array[np.ma.getmaskarray(value)] = np.nan
        elif isinstance(value, (list, tuple)):
            array = _listed(argument, value)
        else:
            array = _floats(argument, value)
        if array.ndim == 0:
            return float(array)
        self._saw("numpy")
        return array

    def _pandas(self, argument: str, value: Any) -> Any:
        import pandas as pd

        if isinstance(value, pd.DataFrame):
            raise error("wrong_type", f"{argument} is a whole DataFrame: pass one of its columns")
        if not isinstance(value, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
            raise _not_numbers(argument, value)
        self._saw("pandas")
        if isinstance(value, pd.Series):
            self._align(argument, value.index)
        dtype: Any = value.dtype
        if isinstance(dtype, pd.CategoricalDtype):
            # Of numbers, which a category may be made of; the same refusals apply to what it is made of.
            _refuse_kind(argument, dtype.categories.dtype)
            return _objects(argument, list(value))
        _refuse_kind(argument, dtype)
        if dtype.kind in "iuf" and not isinstance(dtype, pd.SparseDtype):
            return np.asarray(value.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
        return _objects(argument, list(value))

    def _align(self, argument: str, index: Any) -> None:
        if self.index is None:
            self.index, self._first = index, argument
            return
        if self.index is index or self.index.equals(index):
            return
        if len(index) != len(self.index):
            one = " (a single value is passed as a number: .item())" if 1 in (len(index), len(self.index)) else ""
            raise error(
                "length_mismatch",
                f"{argument} has {len(index)} rows and {self._first} has {len(self.index)}, but a row of one belongs"
                f" to a row of the other{one}",
            )
        raise error(
            "index_mismatch",
            f"{argument} has another index than {self._first}, and rows are matched by it: bring both into one table,"
            " or pass .to_numpy() or .reset_index(drop=True) where their order already agrees",
        )

    def _polars(self, argument: str, value: Any) -> Any:
        import polars as pl

        if isinstance(value, pl.DataFrame):
            raise error("wrong_type", f"{argument} is a whole DataFrame: pass one of its columns")
        if not isinstance(value, pl.Series):
            raise _not_numbers(argument, value)
        if value.dtype == pl.Object:
            self._saw("polars")
            return _objects(argument, value.to_list())
        if not (value.dtype.is_numeric() or value.dtype == pl.Null):
            hint = _hint(value.dtype)
            raise error("wrong_type", f"{argument} is not a column of numbers, but of {value.dtype}{hint}")
        self._saw("polars")
        if value.null_count():
            self._masks.append(value.is_null().to_numpy())
        return np.asarray(value.cast(pl.Float64).to_numpy(), dtype=np.float64)

    def _arrow(self, argument: str, value: Any) -> Any:
        import pyarrow

        if isinstance(value, pyarrow.Scalar):
            return self.read(argument, float("nan") if value.as_py() is None else value.as_py())
        if isinstance(value, (pyarrow.Table, pyarrow.RecordBatch)):
            raise error("wrong_type", f"{argument} is a whole table: pass one of its columns")
        try:
            if not isinstance(value, (pyarrow.Array, pyarrow.ChunkedArray)):
                value = pyarrow.chunked_array(value) if hasattr(value, "__arrow_c_stream__") else pyarrow.array(value)
        except (pyarrow.ArrowException, TypeError, ValueError):
            raise _not_numbers(argument, value) from None
        if isinstance(value, pyarrow.ChunkedArray):
            value = value.combine_chunks() if value.num_chunks != 1 else value.chunk(0)
        types = pyarrow.types
        if types.is_dictionary(value.type):
            value = value.dictionary_decode()
        kind = value.type
        if not (types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_null(kind)):
            raise error("wrong_type", f"{argument} is not a column of numbers, but of {kind}{_hint(kind)}")
        self._saw("arrow")
        if value.null_count:
            self._masks.append(value.is_null().to_numpy(zero_copy_only=False))
        return np.asarray(value.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)

    @property
    def missing(self) -> Any:
        """Which rows had a null in some column; ``None`` when none had."""
        found: Any = None
        for mask in self._masks:
            found = mask if found is None else found | mask
        return found if found is None or not self.shape else np.broadcast_to(found, self.shape)

    def columns(self, arguments: tuple[str, ...], values: Any) -> tuple[list[Any], int]:
        """All arguments, spread over one shape: ``None``, floats and contiguous columns; and how many rows."""
        read = [self.read(argument, value) for argument, value in zip(arguments, values, strict=True)]
        shapes = {value.shape for value in read if isinstance(value, np.ndarray)}
        if len(shapes) > 1:
            try:
                self.shape = np.broadcast_shapes(*shapes)
            except ValueError:
                sizes = [
                    f"{argument} {'x'.join(map(str, value.shape))}"
                    for argument, value in zip(arguments, read, strict=True)
                    if isinstance(value, np.ndarray)
                ]
                raise error("length_mismatch", f"columns of different lengths: {', '.join(sizes)}") from None
        elif shapes:
            self.shape = shapes.pop()
        if self.index is not None and self.shape != (len(self.index),):
            raise error(
                "length_mismatch",
                f"{self._first} has {len(self.index)} rows, and the columns beside it {'x'.join(map(str, self.shape))}",
            )
        flat = [
            np.ascontiguousarray(np.broadcast_to(value, self.shape)).reshape(-1)
            if isinstance(value, np.ndarray)
            else value
            for value in read
        ]
        return flat, int(np.prod(self.shape, dtype=np.int64))

    def wrap(self, column: Any) -> Any:
        """An answer in the caller's own kind."""
        if self.kind == "number":
            return float(column[0])
        if len(self.shape) != 1:
            return column.reshape(self.shape)
        if self.kind == "pandas":
            import pandas as pd

            return pd.Series(column, index=self.index, copy=False)
        missing = self.missing
        if self.kind == "polars":
            import polars as pl

            series = pl.Series(column)
            if missing is None:
                return series
            return pl.select(pl.when(~pl.Series(missing)).then(series)).to_series().alias("")
        if self.kind == "arrow":
            import pyarrow

            return pyarrow.array(column, mask=missing)
        return column


def _not_numbers(argument: str, value: Any) -> Exception:
    kind, hint = type(value).__name__, ""
    if kind == "LazyFrame":
        hint = ": collect() it, and pass one of its columns"
    elif hasattr(value, "__next__") or kind in ("dict_values", "dict_keys"):
        hint = ": list() makes a column of it"
    return error("wrong_type", f"{argument} is not a number or a column of numbers, but {kind}{hint}")


def _hint(kind: Any) -> str:
    text = any(word in str(kind).lower() for word in ("str", "utf8", "categorical", "enum"))
    return ": convert text to numbers first" if text else ""


def _refuse_kind(argument: str, dtype: Any) -> None:
    """Refuse what is stored as numbers and means something else, and text."""
    kind = getattr(dtype, "kind", "O")
    if str(dtype) in ("string", "str") or str(dtype).startswith("string["):
        kind = "U"
    if kind in _KINDS:
        raise error("wrong_type", f"{argument} is not a column of numbers, but of {_KINDS[kind]}")


def _floats(argument: str, value: Any) -> Any:
    """A NumPy array or scalar as float64, if it is of numbers."""
    array = np.asarray(value)
    kind = array.dtype.kind
    if kind in "fiu":
        return array.astype(np.float64, copy=False)
    if kind == "O" and array.ndim:
        return _objects(argument, array.reshape(-1).tolist()).reshape(array.shape)
    what = _KINDS.get(kind, type(value).__name__)
    if not array.ndim:
        raise error("wrong_type", f"{argument} is not a number or a column of numbers, but {type(value).__name__}")
    raise error("wrong_type", f"{argument} is not a column of numbers, but of {what}")


def _listed(argument: str, value: Any) -> Any:
    """A list or tuple as float64; lists of lists are rows of several."""
    kinds = set(map(type, value))
    plain = (int, float, np.integer, np.floating, type(None))
    if all(issubclass(kind, plain) and not issubclass(kind, bool) for kind in kinds):
        try:
            return np.asarray(value, dtype=np.float64)
        except OverflowError:
            return _objects(argument, value)
    if any(issubclass(kind, (list, tuple, np.ndarray)) for kind in kinds):
        try:
            array = np.asarray(value)
        except ValueError:
            raise error("wrong_type", f"{argument} has rows of different lengths") from None
        return _floats(argument, array)
    return _objects(argument, value)


def _objects(argument: str, values: Any) -> Any:
    """Any objects, one by one: numbers, or missing."""
    return np.array([item(argument, row, value) for row, value in enumerate(values)], dtype=np.float64)


def ordered(a: Any, b: Any) -> tuple[Any, Any]:
    """The lesser and the greater of two columns, row by row, as columns of the same kind."""
    if type(a).__module__.startswith("pyarrow"):
        import pyarrow.compute as pc

        return pc.min_element_wise(a, b, skip_nulls=False), pc.max_element_wise(a, b, skip_nulls=False)
    if hasattr(a, "zip_with"):  # Polars
        return a.zip_with((a <= b) | (a != a), b), b.zip_with((a <= b) | (a != a), a)
    if hasattr(a, "where"):  # pandas
        in_order = (a <= b) | a.isna() | b.isna()
        return a.where(in_order, b), b.where(in_order, a)
    return np.minimum(a, b), np.maximum(a, b)


# From so many rows on, the fields are made when they are read: few callers read all, and making them takes longer than
# the rest.
_LONG = 1 << 17
# So many are made one by one; who reads more is likely to read all, and making the rest together is faster.
_ONE_BY_ONE = 3
# By calculator, what was read of its last long result: of the next one it is made along with the check of the columns,
# which have to be gone through anyway. What is guessed wrongly costs time and changes nothing.
_ASKED: dict[str, set[int]] = {}


class _Unread:
    """The fields of a result, each made when it is first read."""

    __slots__ = ("_asked", "_calculator", "_form", "_held", "_made", "_rows")

    def __init__(self, calculator: Calculator, form: Form, rows: int) -> None:
        """Nothing made yet."""
        self._calculator, self._form, self._rows = calculator, form, rows
        self._held: Any = None
        self._made: list[Any] = [None] * len(calculator._shapes)
        self._asked: set[int] = set()

    def hold(self, flat: list[Any], threads: Any) -> bool:
        """Check the columns and keep them; ``False`` where they cannot be kept, or break a rule."""
        for field in self._calculator._undefined(flat):
            # One NaN, seen as a column.
            self._made[field] = self._form.wrap(np.broadcast_to(np.nan, self._rows))
        asked = _ASKED.get(self._calculator.name, ())
        places, outputs, keep = self._room([field for field in sorted(asked) if self._made[field] is None])
        self._held = self._calculator._hold(flat, self._rows, threads, places, outputs)
        keep()
        return self._held is not None

    def _room(self, fields: list[int]) -> tuple[list[int], list[Any], Any]:
        """Where some fields begin among the outputs, room for them, and what to call when it is filled."""
        shapes = [self._calculator._shapes[field] for field in fields]
        places = [place for first, interval in shapes for place in range(first, first + (3 if interval else 1))]
        outputs = columns(len(places), self._rows)

        def keep() -> None:
            filled = map(self._form.wrap, outputs)
            for field, (_, interval) in zip(fields, shapes, strict=True):
                self._made[field] = Interval(next(filled), next(filled), next(filled)) if interval else next(filled)

        return places, outputs, keep

    def _make(self, fields: list[int]) -> None:
        held = self._held
        if fields and held is not None:
            places, outputs, keep = self._room(fields)
            held.fill(places, outputs)
            keep()

    def at(self, field: int) -> Any:
        """One field."""
        if field not in self._asked:
            self._asked.add(field)
            _ASKED[self._calculator.name] = self._asked
        if self._made[field] is None:
            if len(self._asked) > _ONE_BY_ONE:
                return self.all()[field]
            self._make([field])
        return self._made[field]

    def all(self) -> tuple[Any, ...]:
        """All fields."""
        self._asked.update(range(len(self._made)))
        _ASKED[self._calculator.name] = self._asked
        self._make([field for field, made in enumerate(self._made) if made is None])
        # The columns are needed no longer.
        self._held = None
        return tuple(self._made)


def calculate(calculator: Calculator, values: Any, errors: Any, threads: Any) -> Any:
    """Run a calculator over columns; see ``Calculator.__call__``."""
    if not (isinstance(errors, str) and errors in ("raise", "coerce")):
        raise error("unknown_choice", "errors is not one of raise, coerce")
    form = Form()
    flat, rows = form.columns(calculator.arguments, values)
    if form.kind == "number":
        rows = 1
    if rows >= _LONG and errors == "raise":
        unread = _Unread(calculator, form, rows)
        if unread.hold(flat, threads):
            return calculator._result(unread)
    outputs = columns(calculator._width, rows)
    refused = calculator._fill(flat, outputs, rows, errors == "coerce", threads)
    fields = [
        Interval(form.wrap(outputs[at]), form.wrap(outputs[at + 1]), form.wrap(outputs[at + 2]))
        if interval
        else form.wrap(outputs[at])
        for at, interval in calculator._shapes
    ]
    return calculator._result(tuple(fields), None if refused is None else np.asarray(refused))


def status(result: Result) -> Any:
    """Bits per row, as ``Result.status`` says."""
    undefined: Any = np.zeros((), dtype=bool)
    for _, value in result._items():
        for part in (value.estimate, value.low, value.high) if isinstance(value, Interval) else (value,):
            if isinstance(part, float) or hasattr(part, "__len__"):
                try:
                    missing = np.isnan(np.asarray(part, dtype=np.float64))
                except (TypeError, ValueError):
                    continue
                # A field that is not row by row says nothing of a row.
                if undefined.ndim == 0 or missing.ndim == 0 or missing.shape == undefined.shape:
                    undefined = undefined | missing
    bits = np.where(undefined, UNDEFINED, 0).astype(np.uint8)
    if result._refused is not None and np.size(result._refused) == bits.size:
        bits = bits | np.where(np.reshape(result._refused, bits.shape), INVALID, 0).astype(np.uint8)
    return int(bits) if bits.ndim == 0 else bits


def _as_columns(table: dict[str, Any]) -> dict[str, Any]:
    """Every value as long as the longest; a single value is repeated, and intervals are columns of their own."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Interval):
            flat |= value.columns(name)
        elif isinstance(value, list) and value and all(isinstance(row, Interval) for row in value):
            flat[name] = [row.estimate for row in value]
            flat[f"{name}_low"] = [row.low for row in value]
            flat[f"{name}_high"] = [row.high for row in value]
        else:
            flat[name] = value
    lengths = {
        name: np.size(value) if isinstance(value, np.ndarray) else len(value)
        for name, value in flat.items()
        if hasattr(value, "__len__") and not isinstance(value, (str, bytes, dict, tuple))
    }
    # Lists of another length than the columns, or than each other, are no columns but stand in a cell.
    listed = {name for name in lengths if isinstance(flat[name], list)}
    whole = {lengths[name] for name in lengths.keys() - listed} or {lengths[name] for name in listed}
    rows = max(whole) if len(whole) == 1 or lengths.keys() - listed else 1
    columns = {
        name: value if name in lengths and (name not in listed or lengths[name] == rows) else [value] * rows
        for name, value in flat.items()
    }
    # More dimensions than one become rows, the last running fastest.
    return {name: value.reshape(-1) if isinstance(value, np.ndarray) else value for name, value in columns.items()}


def to_pandas(table: dict[str, Any]) -> Any:
    """A pandas DataFrame of the columns."""
    import pandas as pd

    return pd.DataFrame(_as_columns(table))


def to_polars(table: dict[str, Any]) -> Any:
    """A Polars DataFrame of the columns."""
    import polars as pl

    return pl.DataFrame(_as_columns(table))


def to_arrow(table: dict[str, Any]) -> Any:
    """A pyarrow Table of the columns."""
    import pyarrow as pa

    return pa.table(_as_columns(table))


def same(a: Any, b: Any) -> bool:
    """Two columns with the same values; NaN is NaN."""
    try:
        return bool(np.array_equal(np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64), equal_nan=True))
    except (TypeError, ValueError):
        return bool(np.array_equal(np.asarray(a), np.asarray(b)))
