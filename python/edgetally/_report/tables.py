"""Tables of the caller's: number columns to be summed, and key columns that name groups."""

from __future__ import annotations

from .._arguments import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .._edgetally import EdgetallyError


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
