"""The dotted names: ``lift.diff_ci`` is ``lift_diff_ci``."""

from __future__ import annotations

from types import SimpleNamespace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Generic, ParamSpec, TypeVar

    _P = ParamSpec("_P")
    _R = TypeVar("_R", covariant=True)

    class Family(Generic[_P, _R]):
        """A function with further functions on it, as the type checker sees it: ``lift`` and ``lift.diff_ci``."""

        def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R: ...
        def __getattr__(self, name: str) -> Any: ...


def family(function: Callable[_P, _R]) -> Family[_P, _R]:
    """Tell the type checker that further functions hang on this one; it stays what it is."""
    return function  # type: ignore[return-value]


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
