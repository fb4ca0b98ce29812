"""Reports: ratios of sums and lifts by segment and window, from tables of any kind, in one go or in parts."""

from __future__ import annotations

from .comparing import Comparison, compare
from .making import report
from .parts import Partial, merge, summarize
from .table import Report

__all__ = ["Comparison", "Partial", "Report", "merge", "report", "summarize"]

report.compare = compare  # type: ignore[attr-defined]
