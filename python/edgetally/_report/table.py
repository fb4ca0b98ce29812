"""The report as a table."""

from __future__ import annotations

from .. import _dates
from .._arguments import error
from . import showing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from .comparing import Comparison
    from .keys import Like
    from .plan import Plan


class Table:
    """What a report and a comparison have in common: named columns, and ways to take them along."""

    __slots__ = ("_columns", "_day", "_kind", "_likes", "_plan", "definition", "warnings")

    _columns: dict[str, Any]
    _day: Like | None
    _kind: str
    _likes: tuple[Like, ...]
    _plan: Plan
    definition: dict[str, str]
    warnings: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns; ``definition`` says what they are."""
        return tuple(self._columns)

    def __len__(self) -> int:
        """The number of rows."""
        return len(next(iter(self._columns.values())))

    def __getitem__(self, name: str) -> Any:
        """One column: a NumPy array of numbers, or a list."""
        if isinstance(name, str) and name in self._columns:
            return self._columns[name]
        raise error("unknown_column", f"the report has no column {name!r}; there are {', '.join(self._columns)}")

    def __getattr__(self, name: str) -> Any:
        """A column by its name, where no method is called the same."""
        if not name.startswith("_") and name in self._columns:
            return self._columns[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        """The columns too, for completion."""
        return [*super().__dir__(), *(name for name in self._columns if name.isidentifier())]

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""
        return iter(self._columns)

    def __contains__(self, name: object) -> bool:
        """Whether there is such a column."""
        return isinstance(name, str) and name in self._columns

    def to_dict(self) -> dict[str, list[Any]]:
        """Every column as a list of plain values."""
        return {
            name: column.tolist() if hasattr(column, "tolist") else list(column)
            for name, column in self._columns.items()
        }

    def _like(self, name: str) -> Like | None:
        """How the caller has what stands in a column; numbers have no like."""
        if name in ("window_start", "window_end"):
            return self._day
        known = dict(zip(map(str, self._plan.by), self._likes, strict=False))
        return known.get(name)

    def _with_total(self, total: bool) -> dict[str, Any]:
        rest = getattr(self, "total", None)
        if not total or rest is None:
            return self._columns
        return {
            name: [*column, *(rest._columns[name] if name in rest._columns else [None] * len(rest))]
            for name, column in self._columns.items()
        }

    def to_pandas(self, *, total: bool = False) -> Any:
        """A pandas DataFrame; ``total=True`` adds the rows of ``total`` at the end.

        Segments and dates are of the type that they had in a pandas table, so that the two can be merged.
        """
        import pandas as pd

        from . import frames

        return pd.DataFrame({n: frames.pandas(v, self._like(n)) for n, v in self._with_total(total).items()})

    def to_polars(self, *, total: bool = False) -> Any:
        """A Polars DataFrame; ``total=True`` adds the rows of ``total`` at the end.

        Segments and dates are of the type that they had in a Polars table, so that the two can be joined.
        """
        import polars as pl

        from . import frames

        return pl.DataFrame({n: frames.polars(v, self._like(n)) for n, v in self._with_total(total).items()})

    def to_arrow(self, *, total: bool = False) -> Any:
        """A pyarrow Table; ``total=True`` adds the rows of ``total`` at the end."""
        import pyarrow as pa

        from . import frames

        return pa.table({n: frames.arrow(v, self._like(n)) for n, v in self._with_total(total).items()})

    @property
    def frame(self) -> Any:
        """The report as a table of the kind that it was made from."""
        return {"pandas": self.to_pandas, "polars": self.to_polars, "arrow": self.to_arrow}.get(
            self._kind, self.to_dict
        )()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Arrow's PyCapsule interface: the table of ``to_arrow``."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        """A table of text."""
        return showing.text(self)

    def _repr_html_(self) -> str:
        """A table for notebooks, with the sentence and a small picture."""
        from .._show import report as show

        return show.html(self)


class Report(Table):
    """A table of segments and windows with their numbers; made by ``report``.

    It shows itself as a table. ``to_pandas``, ``to_polars`` and ``to_arrow`` give it as one, ``frame`` in the kind
    that the report was made from; ``report[name]`` and ``report.name`` are one column. ``total`` is the report of
    all segments together, a row per window: ratios of the sums, not means of the rows. ``warnings`` are sentences to
    read before the numbers, each with its word before a colon.
    """

    __slots__ = ("_settings", "total")

    def __init__(
        self,
        columns: dict[str, Any],
        definition: dict[str, str],
        plan: Plan,
        settings: dict[str, Any],
        kind: str,
        total: Report | None,
        warnings: tuple[str, ...],
        likes: Sequence[Like] = (),
    ) -> None:
        """For ``report``."""
        self._columns = columns
        self.definition = definition
        self._plan = plan
        self._settings = settings
        self._kind = kind
        self.total = total
        self.warnings = warnings
        self._likes = tuple(likes)
        self._day = None

    @property
    def metric(self) -> str:
        """What was asked for; the first of several."""
        return self._plan.metrics[0]

    @property
    def metrics(self) -> tuple[str, ...]:
        """All that was asked for."""
        return self._plan.metrics

    def _take(self, places: list[int]) -> None:
        """Keep these rows, in this order."""
        import numpy as np

        self._columns = {
            name: column[places] if isinstance(column, np.ndarray) else [column[place] for place in places]
            for name, column in self._columns.items()
        }

    def window(self, start: Any) -> Report:
        """The rows of the window that begins on this day, for ``compare``."""
        day = _dates.date(_dates.day("start", start, self._plan.tz))
        keep = [place for place, first in enumerate(self._columns["window_start"]) if first == day]
        if not keep:
            known = sorted({first for first in self._columns["window_start"] if first is not None})
            hint = f"; the first is {known[0]}, the last {known[-1]}" if known else "; the report has no windows"
            raise error("unknown_window", f"no window begins on {day}{hint}")
        total = None if self.total is None else self.total.window(start)
        made = Report(
            self._columns, self.definition, self._plan, self._settings, self._kind, total, self.warnings, self._likes
        )
        made._day = self._day
        made._take(keep)
        return made

    def compare(self, other: Report, *, allow_mismatch: bool = False) -> Comparison:
        """Compare with an earlier report; see ``report.compare``."""
        from .comparing import compare

        return compare(self, other, allow_mismatch=allow_mismatch)

    def summary(self, currency: str = "") -> str:
        """A few lines of text: what the report says of each metric, the best and the worst segment, and warnings."""
        from .._show import report as show

        return show.summary(self, currency)

    def plot(self, ax: Any = None, *, metric: str | None = None, currency: str = "") -> Any:
        """Draw a metric (the first) by window, or by segment, with matplotlib, into ``ax`` or a new figure."""
        from .._show import report as show

        return show.draw(self, ax, metric=metric, currency=currency)
