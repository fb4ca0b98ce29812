"""Windows of time that can be compared."""

from __future__ import annotations

__all__: list[str] = []
