"""Response curves: fits, optimum, allocation."""

from __future__ import annotations

__all__: list[str] = []
