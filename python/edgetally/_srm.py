"""Sample ratio mismatch: whether the split was kept."""

from __future__ import annotations

from . import _edgetally
from ._arguments import floats
from ._flags import Flagged
from ._result import field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Numbers


__all__ = [
    "SrmResult",
    "srm",
]


class SrmResult(Flagged):
    """What ``srm`` returns."""

    __slots__ = ()

    chi2: float = field("Pearson's statistic of fit.")
    df: float = field("Its degrees of freedom.")
    p_value: float = field("The p-value of the chi-square test.")
    p_exact_binomial: float = field("The exact two-sided p-value; NaN without users, and unless there are two arms.")
    log_bayes_factor_k100: float = field(
        "Logarithm of the Bayes factor against the plan, concentration 100: for gross faults."
    )
    p_sequential_k100: float = field("Its always-valid p-value at this look.")
    log_bayes_factor_k10000: float = field("The same, concentration 10,000: for small faults in large tests.")
    p_sequential_k10000: float = field("Its always-valid p-value at this look.")
    mismatch: bool = field("Whether p_value is below 0.001: no lift of such a test can be believed.")

    def _marks(self) -> dict[str, Any]:
        return {"srm": self[8]}


def srm(observed: Numbers, weights: Numbers = None) -> SrmResult:
    """Sample ratio mismatch: whether the users of the arms fit the planned split.

    ``observed`` has the users of each arm, ``weights`` the planned split in any unit; without weights all arms are
    alike. Chi-square test, exact binomial test for two arms (two-sided: all outcomes that are no more likely), and
    the Bayes factor of Lindon and Malek (2022), which may be looked at as often as one likes.

    >>> import edgetally as et
    >>> check = et.srm([821_588, 815_482])
    >>> check.mismatch, f"{check.p_value:.2g}"
    (True, '1.8e-06')
    """
    arms = floats("observed", observed)
    split = [1.0] * len(arms) if weights is None else floats("weights", weights)
    return SrmResult(_edgetally._srm(arms, split))
