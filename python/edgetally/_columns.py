"""Columns in, columns out: NumPy, pandas, Polars, Arrow, lists. Imported with NumPy when the first column arrives."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._arguments import error
from ._edgetally import Calculator, Interval
from ._result import INVALID, UNDEFINED, Result


class Form:
    """How the caller's columns look, so that the answers look the same.

    pandas wins over Polars over Arrow over NumPy where several kinds meet in one call.
    """

    __slots__ = ("index", "kind", "missing", "name", "shape")

    def __init__(self) -> None:
        """Nothing seen yet: numbers."""
        self.kind = "number"
        self.index: Any = None
        self.name: Any = None
        self.missing: Any = None
        self.shape: tuple[int, ...] = ()

    def _saw(self, kind: str) -> None:
        order = ("number", "numpy", "arrow", "polars", "pandas")
        if order.index(kind) > order.index(self.kind):
            self.kind = kind

    def read(self, argument: str, value: Any) -> Any:
        """One argument as ``None``, a float, or a NumPy array of float64."""
        if value is None or type(value) is float:
            return value
        if isinstance(value, (bool, str, bytes)):
            raise error("wrong_type", f"{argument} is not a number or a column of numbers, but {type(value).__name__}")
        if isinstance(value, (int, float)):
            try:
                return float(value)
            except OverflowError:
                raise error("not_finite", f"{argument} is too large") from None
        if isinstance(value, Result):
            # Its headline, where it has one. A result is a table too, and would be taken for an Arrow column below.
            if not hasattr(value, "__float__"):
                raise error("wrong_type", f"{argument} is not a number, but {type(value).__name__}")
            return float(value)
        module = type(value).__module__.partition(".")[0]
        if module == "pandas":
            return self._pandas(argument, value)
        if module == "polars":
            return self._polars(argument, value)
        if module == "pyarrow" or hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__"):
            return self._arrow(argument, value)
        if hasattr(value, "__float__") and not hasattr(value, "__len__"):
            return self._numpy(argument, float(value) if not isinstance(value, Interval) else value.estimate)
        return self._numpy(argument, value)

    def _numpy(self, argument: str, value: Any) -> Any:
        try:
            if isinstance(value, np.ma.MaskedArray):
                value = np.ma.filled(value.astype(np.float64), np.nan)
            array = np.asarray(value)
            if array.dtype.kind in "bSUMmV":
                raise TypeError
            array = np.asarray(array, dtype=np.float64)
        except (TypeError, ValueError):
            raise error(
                "wrong_type", f"{argument} is not a number or a column of numbers, but {type(value).__name__}"
            ) from None
        if array.ndim == 0:
            return float(array)
        self._saw("numpy")
        return array

    def _pandas(self, argument: str, value: Any) -> Any:
        if getattr(value, "ndim", 1) != 1 or not hasattr(value, "to_numpy"):
            raise error("wrong_type", f"{argument} is not a column of numbers, but {type(value).__name__}")
        self._saw("pandas")
        index = value.index if hasattr(value, "index") and not callable(value.index) else None
        if index is not None:
            if self.index is None:
                self.index = index
                self.name = value.name
            elif not self.index.equals(index):
                raise error("index_mismatch", f"{argument} has another index than the column before it")
        try:
            return np.asarray(value.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
        except (TypeError, ValueError):
            raise error("wrong_type", f"{argument} is not a column of numbers, but of {value.dtype}") from None

    def _polars(self, argument: str, value: Any) -> Any:
        if not hasattr(value, "null_count") or not hasattr(value, "dtype") or not value.dtype.is_numeric():
            raise error("wrong_type", f"{argument} is not a column of numbers, but {type(value).__name__}")
        self._saw("polars")
        if value.null_count():
            self._nulls(value.is_null().to_numpy())
        return np.asarray(value.to_numpy(), dtype=np.float64)

    def _arrow(self, argument: str, value: Any) -> Any:
        import pyarrow

        if not isinstance(value, (pyarrow.Array, pyarrow.ChunkedArray)):
            value = pyarrow.chunked_array(value) if hasattr(value, "__arrow_c_stream__") else pyarrow.array(value)
        if isinstance(value, pyarrow.ChunkedArray):
            value = value.combine_chunks() if value.num_chunks != 1 else value.chunk(0)
        types = pyarrow.types
        if not (types.is_integer(value.type) or types.is_floating(value.type) or types.is_decimal(value.type)):
            raise error("wrong_type", f"{argument} is not a column of numbers, but of {value.type}")
        self._saw("arrow")
        if value.null_count:
            self._nulls(value.is_null().to_numpy(zero_copy_only=False))
        return np.asarray(value.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)

    def _nulls(self, mask: Any) -> None:
        self.missing = mask if self.missing is None else (self.missing | mask)

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
        if self.kind == "polars":
            import polars as pl

            series = pl.Series(column)
            if self.missing is None:
                return series
            return pl.select(pl.when(~pl.Series(self.missing)).then(series)).to_series().alias("")
        if self.kind == "arrow":
            import pyarrow

            return pyarrow.array(column, mask=self.missing)
        return column


def calculate(calculator: Calculator, values: Any, errors: Any, threads: Any) -> Any:
    """Run a calculator over columns; see ``Calculator.__call__``."""
    if not (isinstance(errors, str) and errors in ("raise", "coerce")):
        raise error("unknown_choice", "errors is not one of raise, coerce")
    form = Form()
    flat, rows = form.columns(calculator.arguments, values)
    if form.kind == "number":
        rows = 1
    outputs = np.empty((calculator._width, rows))
    # Rows of an array without elements all begin at one address, which looks like one array lent twice.
    lent = list(outputs) if rows else [np.empty(0) for _ in outputs]
    refused = calculator._fill(flat, lent, rows, errors == "coerce", threads)
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
    """Every value as long as the longest; a single value is repeated."""
    rows = max(
        (
            np.size(value) if isinstance(value, np.ndarray) else len(value)
            for value in table.values()
            if hasattr(value, "__len__") and not isinstance(value, str)
        ),
        default=1,
    )
    columns = {
        name: value if hasattr(value, "__len__") and not isinstance(value, (str, dict, tuple)) else [value] * rows
        for name, value in table.items()
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
