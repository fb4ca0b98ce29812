"""Revenue per user: the lift of a mean."""

from __future__ import annotations

from . import _edgetally
from ._arguments import arrays, choice, error, number, optional, place
from ._edgetally import Calculator
from ._flags import Flagged, equals_zero, includes_zero
from ._result import field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Bounds, Number, Numbers


__all__ = [
    "LiftRevenueResult",
    "LiftRevenueValuesResult",
    "lift_revenue",
    "lift_revenue_values",
]


class LiftRevenueResult(Flagged):
    """What ``lift_revenue`` returns."""

    __slots__ = ()

    diff: Number = field("Mean per exposed user less mean per holdout user.")
    se: Number = field("Standard error of the difference.")
    t: Number = field("The difference over its standard error.")
    df: Number = field("Satterthwaite's degrees of freedom.")
    p_value: Number = field("Welch's two-sided p-value; NaN when neither arm varies.")
    diff_ci: Bounds = field("The difference with Student's interval.")
    rel_lift: Bounds = field("The difference relative to the holdout's mean, with the interval that was asked for.")
    rel_ci_delta: Bounds = field("The relative lift with the symmetric interval of the delta method.")
    rel_ci_fieller: Bounds = field(
        "The relative lift with Fieller's interval; infinite where the holdout's mean may be zero."
    )
    incremental_revenue: Bounds = field("The difference times the exposed users.")
    incremental_roas: Bounds = field("Incremental revenue per unit of spend.")
    incremental_profit: Bounds = field("Margin of the incremental revenue less the spend.")

    def _marks(self) -> dict[str, Any]:
        return {"interval_includes_zero": includes_zero(self[5]), "no_variation": equals_zero(self[1])}


_LIFT_REVENUE = Calculator("lift.revenue", LiftRevenueResult)


def lift_revenue(
    exposed_mean: Numbers,
    exposed_sd: Numbers,
    exposed_users: Numbers,
    holdout_mean: Numbers,
    holdout_sd: Numbers,
    holdout_users: Numbers,
    *,
    spend: Numbers = None,
    margin: Numbers = None,
    confidence: Numbers = 0.95,
    relative: str = "fieller",
    errors: str = "raise",
    threads: int | None = None,
) -> LiftRevenueResult:
    """The lift of revenue (or of any mean) per user, from each arm's mean, standard deviation and users.

    Users without revenue count, with zero. Welch's test with Satterthwaite's degrees of freedom; the relative lift
    with Fieller's interval (1954) or, with ``relative="delta"``, the symmetric one. Without spend or margin the
    fields that need them are ``NaN``. When neither arm varies, p-value and intervals are ``NaN``: a difference
    without noise has no error to be measured by.

    >>> import edgetally as et
    >>> r = et.lift_revenue(1.2, 12.0, 100_000, 0.95, 10.5, 100_000, spend=20_000, margin=0.4)
    >>> f"{r.incremental_revenue:.0f}", f"{r.rel_ci_fieller:.3f}"
    ('25000 [15117, 34883]', '0.263 [0.152, 0.386]')
    """
    which = place("relative", relative, ("fieller", "delta"))
    arms = (exposed_mean, exposed_sd, exposed_users, holdout_mean, holdout_sd, holdout_users)
    return _LIFT_REVENUE((*arms, spend, margin, confidence, which), errors, threads)


class LiftRevenueValuesResult(LiftRevenueResult):
    """What ``lift_revenue_values`` returns."""

    __slots__ = ()

    winsorize_cap: float = field("The cap on a user's value; NaN without one.")
    exposed_capped: int = field("Exposed users whose value was cut.")
    holdout_capped: int = field("Holdout users whose value was cut.")
    exposed_omitted: int = field('Exposed users whose value is missing, left out by nan_policy="omit".')
    holdout_omitted: int = field("The same of the holdout.")

    def _marks(self) -> dict[str, Any]:
        more = {"winsorized": bool(self[13] or self[14]), "missing_omitted": bool(self[15] or self[16])}
        return {**super()._marks(), **more}


def lift_revenue_values(
    exposed: Numbers,
    holdout: Numbers,
    *,
    winsorize: float | None = None,
    nan_policy: str = "propagate",
    spend: float | None = None,
    margin: float | None = None,
    confidence: float = 0.95,
    relative: str = "fieller",
) -> LiftRevenueValuesResult:
    """``lift_revenue`` from a column of values per user for each arm; the two are independent samples.

    ``winsorize=0.99`` cuts the values of both arms down to the 99 % quantile of all of them: a little bias for much
    less noise. How many were cut is in the result, and flagged. A missing value makes everything ``NaN``;
    ``nan_policy="omit"`` leaves such users out (and counts them), ``"raise"`` refuses them. A user without revenue is
    not missing: count them with zero. Variances are computed with 32 digits on the way, so large values lose nothing;
    whether an arm varies at all is asked of its values, not of their sums.

    >>> import edgetally as et
    >>> r = et.lift_revenue_values([3, 0, 5, 2, 90], [1, 0, 2, 4, 0], winsorize=0.9)
    >>> round(r.winsorize_cap, 1), r.exposed_capped, round(r.diff, 2)
    (13.5, 1, 3.3)
    """
    policy = choice("nan_policy", nan_policy, ("propagate", "omit", "raise"))
    _, flat = arrays(samples=[("exposed",), ("holdout",)], exposed=exposed, holdout=holdout)
    omitted = [0, 0]
    if policy != "propagate":
        for place_of, (name, values) in enumerate(flat.items()):
            missing = values != values
            omitted[place_of] = int(missing.sum())
            if omitted[place_of] and policy == "raise":
                first = int(missing.argmax())
                raise error("missing_values", f'{name}[{first}] is missing: nan_policy="omit" leaves such users out')
            flat[name] = values[~missing]
    quantile = optional("winsorize", winsorize)
    (n1, m1, s1), (n0, m0, s0), *cut = _edgetally._winsorized(flat["exposed"], flat["holdout"], quantile)
    values = lift_revenue(
        m1,
        s1,
        n1,
        m0,
        s0,
        n0,
        spend=optional("spend", spend),
        margin=optional("margin", margin),
        confidence=number("confidence", confidence),
        relative=relative,
    )._values
    return LiftRevenueValuesResult((*values, *cut, *omitted))
