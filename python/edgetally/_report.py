"""Reports by segment and window."""

from __future__ import annotations

__all__: list[str] = []
