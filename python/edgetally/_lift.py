"""Lift: intervals and economics."""

from __future__ import annotations

__all__: list[str] = []
