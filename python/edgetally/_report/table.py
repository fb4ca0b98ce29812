"""The report as a table."""

from __future__ import annotations

from .._arguments import error
from .showing import _html, _text
from .times import _date, _day

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .comparing import Comparison
    from .plan import _Plan


class Report:
    """A table of segments and windows with their numbers; made by ``report``.

    It shows itself as a table. ``to_pandas``, ``to_polars`` and ``to_arrow`` give it as one, ``frame`` in the kind
    that the report was made from; ``report[name]`` is one column. ``total`` is the report of all segments together, a
    row per window: ratios of the sums, not means of the rows. ``warnings`` are sentences to read before the numbers.
    """

    __slots__ = ("_columns", "_kind", "_plan", "_settings", "definition", "total", "warnings")

    def __init__(
        self,
        columns: dict[str, Any],
        definition: dict[str, str],
        plan: _Plan,
        settings: dict[str, Any],
        kind: str,
        total: Report | None,
        warnings: tuple[str, ...],
    ) -> None:
        """For ``report``."""
        self._columns = columns
        self.definition = definition
        self._plan = plan
        self._settings = settings
        self._kind = kind
        self.total = total
        self.warnings = warnings

    @property
    def metric(self) -> str:
        """What was asked for."""
        return str(self._plan.metric)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns; ``definition`` says what they are."""
        return tuple(self._columns)

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._columns["rows"])

    def __getitem__(self, name: str) -> Any:
        """One column: a NumPy array of numbers, or a list."""
        return self._columns[name]

    def __iter__(self) -> Any:
        """The names of the columns."""
        return iter(self._columns)

    def to_dict(self) -> dict[str, list[Any]]:
        """Every column as a list."""
        return {name: list(column) for name, column in self._columns.items()}

    def to_pandas(self, *, total: bool = False) -> Any:
        """A pandas DataFrame; ``total=True`` adds the rows of ``total`` at the end."""
        import pandas as pd

        return pd.DataFrame(self._with_total(total))

    def to_polars(self, *, total: bool = False) -> Any:
        """A Polars DataFrame; ``total=True`` adds the rows of ``total`` at the end."""
        import polars as pl

        return pl.DataFrame(self._with_total(total), strict=False)

    def to_arrow(self, *, total: bool = False) -> Any:
        """A pyarrow Table; ``total=True`` adds the rows of ``total`` at the end."""
        import pyarrow as pa

        return pa.table(self._with_total(total))

    @property
    def frame(self) -> Any:
        """The report as a table of the kind that it was made from."""
        return {"pandas": self.to_pandas, "polars": self.to_polars, "arrow": self.to_arrow}.get(
            self._kind, self.to_dict
        )()

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Arrow's PyCapsule interface: the table of ``to_arrow``."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def _with_total(self, total: bool) -> dict[str, Any]:
        if not total or self.total is None:
            return self._columns
        rest = self.total
        return {
            name: [*column, *(rest._columns[name] if name in rest._columns else [None] * len(rest))]
            for name, column in self._columns.items()
        }

    def window(self, start: Any) -> Report:
        """The rows of the window that begins on this day, for ``compare``."""
        import numpy as np

        day = _date(_day(start, self._plan.tz))
        keep = [place for place, first in enumerate(self._columns["window_start"]) if first == day]
        if not keep:
            raise error("unknown_window", f"no window begins on {day}")
        columns = {
            name: column[keep] if isinstance(column, np.ndarray) else [column[place] for place in keep]
            for name, column in self._columns.items()
        }
        total = None if self.total is None else self.total.window(start)
        return Report(columns, self.definition, self._plan, self._settings, self._kind, total, self.warnings)

    def compare(self, other: Report, *, allow_mismatch: bool = False) -> Comparison:
        """Compare with an earlier report; see ``report.compare``."""
        from .comparing import _compare

        return _compare(self, other, allow_mismatch=allow_mismatch)

    def __repr__(self) -> str:
        """A table of text."""
        return _text(self)

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        return _html(self)
