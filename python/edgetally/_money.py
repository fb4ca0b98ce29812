"""Cash flows, lifetime value, payback, and the funnel backwards."""

from __future__ import annotations

__all__: list[str] = []
