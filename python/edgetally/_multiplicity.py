"""P-values adjusted for their number."""

from __future__ import annotations

from . import _edgetally
from ._arguments import arrays, error_rate, number, place
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Numbers


__all__ = [
    "AdjustPvaluesResult",
    "adjust_pvalues",
]


class AdjustPvaluesResult(Result):
    """What ``adjust_pvalues`` returns; columns in the order of the p-values."""

    __slots__ = ()

    adjusted: Any = field("Adjusted by the method that was asked for.")
    reject: Any = field("Whether that is at most alpha.")
    holm: Any = field("Step-down Bonferroni.")
    fdr_bh: Any = field("False discovery rate of Benjamini and Hochberg.")
    bonferroni: Any = field("Times the number of tests.")
    hommel: Any = field("The closed test with Simes' inequality.")
    fdr_by: Any = field("False discovery rate of Benjamini and Yekutieli, under any dependence.")
    simes_hochberg: Any = field('Step-up Bonferroni; also result["simes-hochberg"].')
    reject_holm: Any = field("Whether holm is at most alpha.")
    reject_bh: Any = field("Whether fdr_bh is at most alpha.")

    def __getitem__(self, key: Any) -> Any:
        """A field; ``simes-hochberg`` as other libraries spell it."""
        return super().__getitem__("simes_hochberg" if key == "simes-hochberg" else key)


_METHODS = ("holm", "fdr_bh", "bonferroni", "hommel", "fdr_by", "simes-hochberg")


def adjust_pvalues(
    p_values: Numbers, *, method: str = "holm", confidence: float | None = None, alpha: float | None = None
) -> AdjustPvaluesResult:
    """P-values adjusted for their number, in six ways at once.

    ``method`` says which of them ``adjusted`` and ``reject`` are: ``holm``, ``fdr_bh`` (or ``bh``), ``bonferroni``,
    ``hommel``, ``fdr_by`` (or ``by``), ``simes-hochberg`` (or ``hochberg``). Holm's and Bonferroni's hold the chance
    of any false discovery under any dependence. ``reject`` is at ``alpha`` (0.05; or one less the ``confidence``). A
    ``NaN`` is no test: it stays ``NaN`` and does not count among the others.

    >>> import edgetally as et
    >>> many = et.adjust_pvalues([0.01, 0.04, 0.03], method="bh")
    >>> many.adjusted.round(3).tolist(), many.reject.tolist(), many.reject_holm.tolist()
    ([0.03, 0.04, 0.04], [True, True, True], [True, False, False])
    """
    rate = number("alpha", error_rate(confidence, alpha))
    names = {"bh": "fdr_bh", "by": "fdr_by", "hochberg": "simes-hochberg"}
    chosen = int(place("method", names.get(method, method) if isinstance(method, str) else method, _METHODS))
    form, flat = arrays(p_values=p_values)
    form.shape = flat["p_values"].shape
    adjusted, rejects = _edgetally._adjust_pvalues(flat["p_values"], rate)
    reject = adjusted[chosen] <= rate
    return AdjustPvaluesResult(tuple(form.wrap(column) for column in (adjusted[chosen], reject, *adjusted, *rejects)))
