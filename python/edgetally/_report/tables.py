"""Tables of the caller's: what they are, and their columns of numbers."""

from __future__ import annotations

from .._arguments import error, missing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def library(value: Any) -> str:
    """Whose class it is: ``pandas``, ``polars``, ``pyarrow``, ``numpy`` or another."""
    return type(value).__module__.partition(".")[0]


def names(argument: str, value: Any) -> str | int:
    """The name of a column: a text, or a number as pandas has them."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return value
    raise error("wrong_type", f"{argument} is not the name of a column, but {type(value).__name__}")


class Source:
    """A table: pandas, Polars, Arrow, anything that speaks Arrow, or a mapping of columns."""

    def __init__(self, table: Any) -> None:
        """Say what kind it is, and refuse what is not a table."""
        module = library(table)
        if module == "polars" and hasattr(table, "collect"):
            table = table.collect()
        if module == "polars" and hasattr(table, "get_column"):
            self.kind = "polars"
        elif module == "pandas" and getattr(table, "ndim", 0) == 2 and hasattr(table, "columns"):
            self.kind = "pandas"
        elif module == "pyspark":
            raise error("wrong_type", "df is a Spark DataFrame: edgetally.engines.spark.report takes it")
        elif not hasattr(table, "keys") and (
            hasattr(table, "__arrow_c_stream__") or hasattr(table, "__arrow_c_array__")
        ):
            self.kind = "arrow"
            if module != "pyarrow" or not hasattr(table, "column"):
                import pyarrow

                try:
                    table = pyarrow.table(table)
                except (pyarrow.ArrowException, TypeError, ValueError):
                    raise error("wrong_type", f"df is not a table, but {type(table).__name__}") from None
        elif hasattr(table, "keys") and hasattr(table, "__getitem__") and module not in ("pandas", "polars"):
            self.kind = "mapping"
        else:
            hint = ""
            if isinstance(table, (list, tuple)) or module == "numpy":
                hint = ": pandas.DataFrame(rows) makes one"
            elif "GroupBy" in type(table).__name__:
                hint = ": pass the table itself, and name the groups with by="
            raise error("wrong_type", f"df is not a table, but {type(table).__name__}{hint}")
        self.table = table

    @property
    def columns(self) -> list[Any]:
        """The names of the columns."""
        if self.kind == "arrow":
            return list(self.table.column_names)
        return list(self.table.keys() if self.kind == "mapping" else self.table.columns)

    def column(self, name: Any) -> Any:
        """One column, as the table has it."""
        known = self.columns
        if known.count(name) != 1:
            if name in known:
                raise error("unknown_column", f"there is more than one column {name!r}")
            hint = ""
            if self.kind == "pandas" and name in self.table.index.names:
                hint = "; it is in the index: df.reset_index() makes a column of it"
            said = ", ".join(map(str, known[:30])) + (", ..." if len(known) > 30 else "")
            raise error("unknown_column", f"there is no column {name!r}; there are {said or 'none'}{hint}")
        return self.table.column(name) if self.kind == "arrow" else self.table[name]

    def number(self, name: Any) -> Any:
        """A column to be summed: Arrow as it is, anything else as int64 or float64."""
        return numbers(str(name), self.column(name))


def _not_numbers(name: str, kind: Any) -> Exception:
    from .._columns import _hint

    return error("wrong_type", f"{name} is not a column of numbers, but of {kind}{_hint(kind)}")


def numbers(name: str, column: Any) -> Any:
    """Numbers of any library; what is missing is ``NaN`` or Arrow's null."""
    import numpy as np

    module = library(column)
    if module == "polars":
        import polars as pl

        if column.dtype == pl.Object:
            return _listed(name, column.to_list())
        if not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)):
            raise _not_numbers(name, column.dtype)
        plain = column.dtype.is_integer() and "128" not in str(column.dtype)
        return column if plain or column.dtype in (pl.Float64, pl.Float32, pl.Boolean) else column.cast(pl.Float64)
    if module == "pyarrow":
        import pyarrow as pa

        types = pa.types
        if types.is_decimal(column.type) or types.is_float16(column.type):
            return column.cast(pa.float64())
        if not (
            types.is_integer(column.type)
            or types.is_floating(column.type)
            or types.is_boolean(column.type)
            or types.is_null(column.type)
        ):
            raise _not_numbers(name, column.type)
        return column
    kind = getattr(getattr(column, "dtype", None), "kind", "O")
    if module == "pandas":
        dtype = column.dtype
        arrow = str(getattr(dtype, "pyarrow_dtype", "double"))
        if kind in "mMSU" or hasattr(dtype, "categories") or type(dtype).__name__ == "StringDtype":
            raise _not_numbers(name, dtype)
        if dtype == np.int64:
            return np.ascontiguousarray(column.to_numpy())
        if kind in "biuf" or arrow.startswith("decimal"):
            try:
                return np.ascontiguousarray(column.to_numpy(dtype=np.float64, na_value=np.nan))
            except (TypeError, ValueError):
                raise _not_numbers(name, dtype) from None
        if kind != "O" or arrow != "double":
            raise _not_numbers(name, dtype)
        return _listed(name, column.to_list())
    if isinstance(column, np.ndarray):
        if column.ndim != 1:
            raise error("wrong_type", f"{name} has {column.ndim} dimensions where a column has one")
        if isinstance(column, np.ma.MaskedArray):
            column = np.ma.filled(column.astype(np.float64), np.nan)
        if column.dtype == np.int64:
            return np.ascontiguousarray(column)
        if kind in "biuf":
            return np.ascontiguousarray(column, dtype=np.float64)
        if kind != "O":
            raise _not_numbers(name, column.dtype)
        return _listed(name, column.tolist())
    if isinstance(column, (str, bytes)) or not hasattr(column, "__iter__"):
        raise error("wrong_type", f"{name} is not a column, but {type(column).__name__}")
    return _listed(name, list(column))


def _listed(name: str, values: list[Any]) -> Any:
    import numpy as np

    plain = {float, int, bool, np.float64, np.int64}
    if set(map(type, values)) <= plain:
        try:
            return np.array(values, dtype=np.float64)
        except OverflowError:
            pass
    found = np.empty(len(values))
    for row, value in enumerate(values):
        if missing(value):
            found[row] = np.nan
            continue
        if isinstance(value, (str, bytes, complex)) or not hasattr(value, "__float__"):
            raise error("wrong_type", f"{name}[{row}] is not a number, but {type(value).__name__}")
        try:
            found[row] = float(value)
        except (TypeError, ValueError):
            raise error("wrong_type", f"{name}[{row}] is not a number, but {type(value).__name__}") from None
        except OverflowError:
            raise error("not_finite", f"{name}[{row}] is too large") from None
    return found
