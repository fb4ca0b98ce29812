"""DuckDB: relations as Arrow streams, reports as relations, calculators as SQL functions."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from .._report import Partial, Report, merge
from .._report import summarize as _summarize
from ._columns import needed, outputs, split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["register", "report", "summarize"]


def register(
    connection: Any,
    function: Callable[..., Any],
    arguments: Sequence[str],
    field: str,
    *,
    name: str | None = None,
    **options: Any,
) -> None:
    """A calculator as a function in SQL, over doubles, that gives one of its fields.

    ``arguments`` are the calculator's arguments in the order in which SQL will give them; ``name`` is the function's.
    By default it is the calculator's where the field is called the same (``roas``), else both (``roas_profit``).
    ``NULL`` in is ``NULL`` out.

    ::

        duckdb.register(connection, et.roas, ["revenue", "spend"], "roas")
        connection.sql("select channel, roas(sum(revenue), sum(spend)) from orders group by channel")
    """
    from duckdb.sqltypes import DOUBLE

    def answer(*columns: Any) -> Any:
        import pyarrow as pa

        found = outputs(function, dict(zip(arguments, columns, strict=True)), [field], options)[field]
        return pa.array(found, type=pa.float64())

    # DuckDB counts the parameters of what it is given.
    parameter = inspect.Parameter.POSITIONAL_ONLY
    answer.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(argument, parameter) for argument in arguments]
    )
    own = getattr(function, "__name__", "calculator")
    parameters: Any = [DOUBLE] * len(arguments)
    own = own if field == own else f"{own}_{field}"
    connection.create_function(name or own, answer, parameters, DOUBLE, type="arrow")


def summarize(relation: Any, metric: Any = None, *, batch_rows: int = 1_000_000, **arguments: Any) -> Partial:
    """The exact sums of a relation, as ``edgetally.summarize`` gives them for a table in memory.

    The rows come as a stream of batches and are summed one after the other, so the relation may be larger than
    memory.
    """
    import pyarrow as pa

    chosen = relation.select(*(f'"{name.replace(chr(34), 2 * chr(34))}"' for name in needed(metric, arguments)))
    reader = chosen.to_arrow_reader(batch_rows)
    parts = [_summarize(reader.schema.empty_table(), metric, **arguments)]
    for batch in reader:
        parts = [merge([*parts, _summarize(pa.table(batch), metric, **arguments)])]
    return parts[0]


def report(relation: Any, metric: Any = None, *, batch_rows: int = 1_000_000, **arguments: Any) -> Report:
    """``edgetally.report`` of a relation. DuckDB reads the result as it is: ``connection.from_arrow(r.to_arrow())``."""
    first, rest = split(arguments)
    return summarize(relation, metric, batch_rows=batch_rows, **first).report(**rest)
