"""Power, sequential tests, sample ratio, revenue per user, segments."""

from __future__ import annotations

__all__: list[str] = []
