"""Spark: calculators as columns and reports from executors, through ``mapInArrow``.

Executors need ``edgetally`` and ``pyarrow``. Nothing is pickled but names and options, and rows go over in Arrow
batches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._report import Partial, Report, merge
from .._report import summarize as _summarize
from ._columns import needed, outputs, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["report", "summarize", "with_columns"]


def with_columns(
    df: Any, function: Callable[..., Any], columns: Mapping[str, str], fields: Sequence[str], **options: Any
) -> Any:
    """The DataFrame with the calculator's fields as further columns of doubles.

    ``columns`` maps the calculator's arguments to the DataFrame's columns; ``x_low`` and ``x_high`` are the ends of
    an interval ``x``. Options go to the calculator.

    ::

        spark.with_columns(
            experiments,
            et.lift,
            {name: name for name in ("exposed_users", "exposed_conversions", "holdout_users", "holdout_conversions")},
            ["rel_lift", "rel_lift_low", "rel_lift_high", "p_value"],
        )
    """
    fields = list(fields)

    def batch_by_batch(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        for batch in batches:
            arguments = {argument: batch.column(name) for argument, name in columns.items()}
            found = outputs(function, arguments, fields, options)
            arrays = [*batch.columns, *(pa.array(found[field], type=pa.float64()) for field in fields)]
            yield pa.RecordBatch.from_arrays(arrays, names=[*batch.schema.names, *fields])

    from pyspark.sql.types import DoubleType, StructField, StructType

    schema = StructType([*df.schema.fields, *(StructField(field, DoubleType()) for field in fields)])
    return df.mapInArrow(batch_by_batch, schema)


def summarize(df: Any, metric: Any = None, **arguments: Any) -> Partial:
    """The exact sums of a Spark DataFrame, as ``edgetally.summarize`` gives them for a table in memory.

    Every partition is summed on its executor; the driver gets one row per partition. How Spark parts the rows cannot
    be seen in the result.
    """
    names = needed(metric, arguments)

    def one_part(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        part = None
        for batch in batches:
            new = _summarize(pa.table(batch), metric, **arguments)
            part = new if part is None else merge([part, new])
        if part is not None:
            yield pa.RecordBatch.from_pydict({"part": [part.to_bytes()]})

    chosen = df.select(*names)
    rows = chosen.mapInArrow(one_part, "part binary").collect()
    if not rows:
        return _summarize(chosen.limit(0).toArrow(), metric, **arguments)
    return merge(Partial.from_bytes(row.part) for row in rows)


def report(df: Any, metric: Any = None, **arguments: Any) -> Report:
    """``edgetally.report`` of a Spark DataFrame; the report itself is small and on the driver."""
    first, rest = split(arguments)
    return summarize(df, metric, **first).report(**rest)
