"""The dotted names: ``lift.diff_ci`` is ``lift_diff_ci``."""

from __future__ import annotations

from types import SimpleNamespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Calculators whose further functions hang on them.
FAMILIES = ("attribution", "funnel", "lift", "ltv", "payback", "roi", "target_cpa")
# Words that only gather functions.
SPACES = ("geo", "rate", "response", "segment")


def members(family: str, names: Any) -> dict[str, str]:
    """Short name to full name, of the functions that begin with the family's."""
    start = f"{family}_"
    return {name[len(start) :]: name for name in names if name.startswith(start) and name[:1].islower()}


def join(module: dict[str, Any]) -> None:
    """Hang the functions of each family on it."""
    for family in FAMILIES:
        for short, name in members(family, list(module)).items():
            if callable(module[name]):
                setattr(module[family], short, module[name])
    for space in SPACES:
        found = {short: module[name] for short, name in members(space, list(module)).items()}
        module[space] = SimpleNamespace(**found)
