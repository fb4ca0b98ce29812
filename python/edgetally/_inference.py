"""P-values and posterior probabilities of two rates."""

from __future__ import annotations

__all__: list[str] = []
