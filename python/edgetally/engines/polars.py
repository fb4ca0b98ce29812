"""Polars: calculators as expressions, and reports of frames that are not in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._report import Partial, Report, merge
from .._report import summarize as _summarize
from ._columns import needed, outputs, split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["expression", "report", "summarize"]


def expression(function: Callable[..., Any], fields: Sequence[str], *, options: Any = None, **columns: Any) -> Any:
    """A calculator as an expression: a struct of its fields, or the field itself where there is one.

    ``columns`` are the calculator's arguments, as expressions or names of columns; ``options`` a mapping of what is
    the same for all rows. ``x_low`` and ``x_high`` are the ends of an interval ``x``.

    >>> import edgetally as et, polars as pl
    >>> from edgetally.engines.polars import expression
    >>> df = pl.DataFrame({"channel": ["a", "a", "b"], "revenue": [3.0, 1.0, 5.0], "spend": [1.0, 1.0, 2.0]})
    >>> roas = expression(et.roas, ["roas"], revenue=pl.col("revenue").sum(), spend=pl.col("spend").sum())
    >>> df.group_by("channel").agg(roas).sort("channel")["roas"].to_list()
    [2.0, 2.5]
    """
    import polars as pl

    fields = list(fields)
    inputs = [
        (pl.col(value) if isinstance(value, str) else value).cast(pl.Float64).alias(argument)
        for argument, value in columns.items()
    ]

    def answer(batch: pl.Series) -> pl.Series:
        arguments = {argument: batch.struct.field(argument) for argument in columns}
        found = outputs(function, arguments, fields, options or {})
        series = [pl.Series(field, found[field], dtype=pl.Float64) for field in fields]
        return series[0] if len(series) == 1 else pl.DataFrame(series).to_struct()

    one = len(fields) == 1
    kind = pl.Float64() if one else pl.Struct([pl.Field(field, pl.Float64()) for field in fields])
    name = fields[0] if one else getattr(function, "__name__", "calculator")
    return pl.struct(inputs).map_batches(answer, return_dtype=kind, is_elementwise=True).alias(name)


def summarize(frame: Any, metric: Any = None, *, batch_rows: int = 1_000_000, **arguments: Any) -> Partial:
    """The exact sums of a LazyFrame, as ``edgetally.summarize`` gives them for a table in memory.

    Where this Polars streams (``collect_batches``), the rows are summed batch by batch and need not fit memory.
    """
    import polars as pl

    chosen = frame.lazy().select(needed(metric, arguments))
    if not hasattr(chosen, "collect_batches"):
        return _summarize(chosen.collect(), metric, **arguments)
    parts = [_summarize(pl.DataFrame(schema=chosen.collect_schema()), metric, **arguments)]
    for batch in chosen.collect_batches(chunk_size=batch_rows):
        parts = [merge([*parts, _summarize(batch, metric, **arguments)])]
    return parts[0]


def report(frame: Any, metric: Any = None, *, batch_rows: int = 1_000_000, **arguments: Any) -> Report:
    """``edgetally.report`` of a LazyFrame."""
    first, rest = split(arguments)
    return summarize(frame, metric, batch_rows=batch_rows, **first).report(**rest)
