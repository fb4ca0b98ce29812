"""Credit over touches, campaign parameters, channel groups."""

from __future__ import annotations

__all__: list[str] = []
