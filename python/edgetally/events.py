"""The quality of the events: coverage, duplicates, changes of volume."""

from __future__ import annotations

__all__: list[str] = []
