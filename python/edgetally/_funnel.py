"""Funnels: from impressions to profit, backwards, input by input, from counts, and between two periods."""

from __future__ import annotations

from . import _edgetally
from ._arguments import choice, error, number
from ._arguments import confidence as checked
from ._edgetally import Calculator
from ._flags import Flagged, holds, noted
from ._names import family
from ._result import field, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Bounds, Number, Numbers

__all__ = [
    "FunnelDecomposition",
    "FunnelElasticity",
    "FunnelResult",
    "FunnelSolution",
    "FunnelTornado",
    "FunnelUncertainty",
    "funnel",
    "funnel_decompose",
    "funnel_elasticity",
    "funnel_from_counts",
    "funnel_solve",
    "funnel_tornado",
    "funnel_uncertainty",
]


class FunnelResult(Flagged):
    """What ``funnel`` returns."""

    __slots__ = ()

    clicks_per_mille: Number = field("Clicks per 1,000 impressions.")
    conversions_per_mille: Number = field("Conversions per 1,000 impressions.")
    revenue_per_mille: Number = field("Revenue per 1,000 impressions.")
    contribution_margin: Number = field("Share of revenue left after goods, payment fees, shipping and returns.")
    contribution_per_mille: Number = field("Contribution before advertising per 1,000 impressions.")
    profit_per_mille: Number = field("Contribution less advertising per 1,000 impressions.")
    cpc: Number = field("Cost per click.")
    cpa: Number = field("Cost per conversion.")
    roas: Number = field("Revenue per unit of ad spend.")
    break_even_roas: Number = field("Return on ad spend at which contribution pays exactly for the ads.")
    break_even_cpa: Number = field("Cost per conversion at which contribution pays exactly for the ads.")
    profit_per_order: Number = field("Contribution of one order before advertising.")
    break_even_cpm: Number = field("Cost per 1,000 impressions at which profit is zero.")
    break_even_ctr: Number = field("Click rate at which profit is zero.")
    break_even_cvr: Number = field("Conversion rate at which profit is zero.")
    break_even_aov: Number = field("Order value at which profit is zero.")

    def _marks(self) -> dict[str, Any]:
        return {
            "not_reachable": holds(
                lambda ctr, cvr: (ctr > 1.0) | (cvr > 1.0), self["break_even_ctr"], self["break_even_cvr"]
            )
        }


_FUNNEL = Calculator("funnel", FunnelResult)


@family
def funnel(
    cpm: Numbers,
    ctr: Numbers,
    cvr: Numbers,
    aov: Numbers,
    *,
    gross_margin: Numbers = None,
    payment_fees: Numbers = 0.0,
    shipping: Numbers = 0.0,
    returns: Numbers = 0.0,
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelResult:
    """From a thousand impressions to profit.

    Rates and shares are fractions: ``ctr`` clicks per impression, ``cvr`` orders per click, the four margins shares
    of revenue. ``cpm`` and ``aov`` are money. The contribution margin may be negative and is not clamped; break-
    even points are then undefined.

    Numbers give numbers; where any argument is a column (NumPy, pandas, Polars, Arrow, list) the fields are columns
    of its kind. ``errors="coerce"`` turns rows that break a rule into ``NaN`` and marks them in
    ``.status``.

    >>> import edgetally as et
    >>> f = et.funnel(cpm=12, ctr=0.015, cvr=0.03, aov=80, gross_margin=0.60, payment_fees=0.03)
    >>> round(f.profit_per_mille, 2), round(f.cpa, 2), round(f.break_even_cpa, 2)
    (8.52, 26.67, 45.6)
    """
    return noted(
        _FUNNEL(
            (
                cpm,
                ctr,
                cvr,
                aov,
                gross_margin,
                payment_fees,
                shipping,
                returns,
            ),
            errors,
            threads,
        ),
        margin_not_given=gross_margin is None,
    )


class FunnelSolution(Flagged):
    """What ``funnel_solve`` returns."""

    __slots__ = ()

    required_cvr: Number = field("Conversion rate that reaches the goal while the rest stays.")
    required_ctr: Number = field("Click rate that does.")
    required_aov: Number = field("Order value that does.")
    max_cpm: Number = field("Highest cost per 1,000 impressions that does.")
    max_cpc: Number = field("Highest cost per click.")
    max_cpa: Number = field("Highest cost per conversion.")
    feasible: bool = field("Whether every one of them can be reached.")

    def _marks(self) -> dict[str, Any]:
        return {"not_reachable": holds(lambda feasible: feasible == 0.0, self._number("feasible"))}

    def _number(self, name: str) -> Any:
        value = self[name]
        return float(value) if isinstance(value, bool) else value


_SOLVE = {
    "target_roas": Calculator("funnel.solve.roas", FunnelSolution),
    "target_profit_per_mille": Calculator("funnel.solve.profit", FunnelSolution),
}


def funnel_solve(
    cpm: Numbers,
    ctr: Numbers,
    cvr: Numbers,
    aov: Numbers,
    *,
    margin: Numbers = None,
    target_roas: Numbers = None,
    target_profit_per_mille: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelSolution:
    """Each input of a funnel as it has to be for a goal, while the others stay.

    The goal is either ``target_roas``, revenue per ad spend, or ``target_profit_per_mille``, profit per 1,000
    impressions after a contribution ``margin``. What cannot be reached, such as a rate above 1, is ``NaN``, and
    ``feasible`` false.

    >>> import edgetally as et
    >>> goal = et.funnel_solve(12, 0.015, 0.03, 80, target_roas=4)
    >>> round(goal.required_cvr, 6), round(goal.max_cpc, 6), goal.feasible
    (0.04, 0.6, True)
    """
    given = {"target_roas": target_roas, "target_profit_per_mille": target_profit_per_mille}
    goals = [name for name, value in given.items() if value is not None]
    if len(goals) != 1:
        raise error("one_goal", "exactly one of target_roas and target_profit_per_mille is needed")
    result = _SOLVE[goals[0]]((cpm, ctr, cvr, aov, margin, given[goals[0]]), errors, threads)
    *numbers, feasible = result._values
    if feasible == feasible if isinstance(feasible, float) else hasattr(feasible, "__eq__"):
        answer = feasible == 1.0
        # Arrow's columns do not compare by ==.
        feasible = answer if isinstance(feasible, float) or not isinstance(answer, bool) else feasible
    of_profit = margin is None and target_roas is None
    return noted(FunnelSolution((*numbers, feasible), result._refused), margin_not_given=of_profit)


# Outputs that are of no use without a margin.
_OF_PROFIT = ("profit_per_mille", "contribution_per_mille")
_OUTPUTS = ("profit_per_mille", "contribution_per_mille", "revenue_per_mille", "roas", "cpa", "cpc")


class FunnelTornado(Flagged):
    """What ``funnel_tornado`` returns."""

    __slots__ = ()

    base: float = field("The output as it is.")
    order: Any = field("The inputs that move it, the strongest first.")
    low: Any = field("The output with each input lowered by the swing.")
    high: Any = field("The output with each input raised by the swing.")
    swing: Any = field("How far the two are apart.")


def funnel_tornado(
    cpm: float,
    ctr: float,
    cvr: float,
    aov: float,
    *,
    gross_margin: float | None = None,
    payment_fees: float = 0.0,
    shipping: float = 0.0,
    returns: float = 0.0,
    swing: float = 0.2,
    output: str = "profit_per_mille",
) -> FunnelTornado:
    """Move each input of a funnel on its own by ``swing`` of itself, down and up, and sort by what that does.

    ``output`` is one of profit_per_mille, contribution_per_mille, revenue_per_mille, roas, cpa, cpc. Rates are not
    raised above 1; inputs that do nothing are left out; ties keep the order of the inputs.

    >>> import edgetally as et
    >>> bars = et.funnel_tornado(12, 0.015, 0.03, 80, gross_margin=0.6, payment_fees=0.03)
    >>> bars.order[0], round(bars.swing[0], 2)
    ('gross_margin', 8.64)
    """
    given = {
        "cpm": cpm,
        "ctr": ctr,
        "cvr": cvr,
        "aov": aov,
        "gross_margin": 1.0 if gross_margin is None else gross_margin,
        "payment_fees": payment_fees,
        "shipping": shipping,
        "returns": returns,
    }
    inputs = [number(name, value) for name, value in given.items()]
    share = number("swing", swing)
    made = _edgetally._funnel_tornado(inputs, share, choice("output", output, _OUTPUTS))
    of_profit = gross_margin is None and output in _OF_PROFIT
    answer = kept(FunnelTornado(made), output=output, swing=share)
    return noted(answer, margin_not_given=of_profit)


class FunnelElasticity(Flagged):
    """What ``funnel_elasticity`` returns."""

    __slots__ = ()

    cpm: Number = field("Per cent of the output for one per cent of the cost per 1,000 impressions.")
    ctr: Number = field("For one per cent of the click rate.")
    cvr: Number = field("For one per cent of the conversion rate.")
    aov: Number = field("For one per cent of the order value.")
    gross_margin: Number = field("For one per cent of the gross margin.")
    payment_fees: Number = field("For one per cent of the payment fees.")
    shipping: Number = field("For one per cent of shipping.")
    returns: Number = field("For one per cent of returns.")


_ELASTICITY = {name: Calculator(f"funnel.elasticity.{name}", FunnelElasticity) for name in _OUTPUTS}


def funnel_elasticity(
    cpm: Numbers,
    ctr: Numbers,
    cvr: Numbers,
    aov: Numbers,
    *,
    gross_margin: Numbers = None,
    payment_fees: Numbers = 0.0,
    shipping: Numbers = 0.0,
    returns: Numbers = 0.0,
    output: str = "profit_per_mille",
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelElasticity:
    """By how many per cent an output of the funnel moves for one per cent of each input, by formula.

    ``output`` as in ``funnel_tornado``. Undefined where the output is zero.

    >>> import edgetally as et
    >>> e = et.funnel_elasticity(12, 0.015, 0.03, 80, gross_margin=0.6, payment_fees=0.03)
    >>> round(e.cpm, 3), round(e.ctr, 3)
    (-1.408, 2.408)
    """
    values = (cpm, ctr, cvr, aov, gross_margin, payment_fees, shipping, returns)
    return noted(
        _ELASTICITY[choice("output", output, _OUTPUTS)](values, errors, threads),
        margin_not_given=gross_margin is None and output in _OF_PROFIT,
    )


class FunnelUncertainty(Flagged):
    """What ``funnel_uncertainty`` and ``funnel_from_counts`` return."""

    __slots__ = ()

    cpa: Number = field("Cost per conversion.")
    log_cpa_se: Number = field("Standard error of its logarithm.")
    cpa_ci_delta: Bounds = field("Cost per conversion, with its interval symmetric on the logarithm.")
    roas: Number = field("Revenue per unit of ad spend.")
    roas_ci_delta: Bounds = field("The same, with the interval of the cost per conversion.")
    prob_profit_positive: Number = field(
        "Probability that impressions bring more than they cost, given counts and prior."
    )
    posterior_mean_conversion_per_impression: Number = field("Mean of ctr times cvr given counts and prior.")
    cpa_ci_poisson: Bounds = field("Cost per conversion, with the exact interval of a Poisson number of conversions.")

    def _marks(self) -> dict[str, Any]:
        return {
            "no_conversions": holds(
                lambda cpa, low: (cpa != cpa) & (low == low), self["cpa"], self["cpa_ci_poisson"].low
            ),
            "no_variance": holds(lambda cpa, low: (cpa == cpa) & (low != low), self["cpa"], self["cpa_ci_delta"].low),
        }


_UNCERTAINTY = Calculator("funnel.uncertainty", FunnelUncertainty)


_COUNTS = Calculator("funnel.from_counts", FunnelUncertainty)


def _prior(prior: Any) -> tuple[Any, Any]:
    try:
        pair: Any = () if isinstance(prior, (str, bytes, dict, set)) else prior
        conversions, others = pair
    except (TypeError, ValueError):
        raise error("wrong_type", "prior is not a pair of numbers") from None
    return conversions, others


def funnel_uncertainty(
    impressions: Numbers,
    clicks: Numbers,
    conversions: Numbers,
    *,
    cpm: Numbers,
    aov: Numbers,
    margin: Numbers = None,
    confidence: Numbers = 0.95,
    prior: Any = (1.0, 1.0),
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelUncertainty:
    """Cost per conversion, return, and probability of a profit, with the uncertainty of what was counted.

    Price, order value and contribution ``margin`` are taken as known. Delta method with two independent binomial
    stages; exact interval by Garwood (1936); probability by quadrature over beta distributions of both rates that
    start from ``prior``. Without conversions the cost has no estimate, and its exact interval no upper end.

    >>> import edgetally as et
    >>> sparse = et.funnel_uncertainty(20_000, 300, 9, cpm=12, aov=80, margin=0.57)
    >>> f"{sparse.cpa_ci_delta:.4g}", round(sparse.prob_profit_positive, 3)
    ('26.67 [13.88, 51.24]', 0.957)
    """
    values = (impressions, clicks, conversions, cpm, aov, margin, checked(confidence), *_prior(prior))
    return noted(_UNCERTAINTY(values, errors, threads), margin_not_given=margin is None)


def funnel_from_counts(
    impressions: Numbers,
    clicks: Numbers,
    conversions: Numbers,
    spend: Numbers,
    revenue: Numbers,
    *,
    margin: Numbers = None,
    aov: Numbers = None,
    confidence: Numbers = 0.95,
    prior: Any = (1.0, 1.0),
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelUncertainty:
    """``funnel_uncertainty`` from what a report holds: spend and revenue in place of price and order value.

    The order value is revenue per conversion; where there are none, give ``aov`` to have a probability at all.

    >>> import edgetally as et
    >>> report = et.funnel_from_counts(20_000, 300, 9, spend=240, revenue=720, margin=0.57)
    >>> round(report.roas, 6), round(report.prob_profit_positive, 3)
    (3.0, 0.957)
    """
    values = (impressions, clicks, conversions, spend, revenue, margin, checked(confidence), *_prior(prior), aov)
    return noted(_COUNTS(values, errors, threads), margin_not_given=margin is None)


class FunnelDecomposition(Flagged):
    """What ``funnel_decompose`` returns."""

    __slots__ = ()

    cpa_before: Any = field("Cost per conversion before.")
    cpa_after: Any = field("Cost per conversion after.")
    log_ratio: Any = field("Logarithm of their ratio: the sum of the next three.")
    cpm: Any = field("What the price of impressions adds to it.")
    ctr: Any = field("What the click rate adds; negative when it rose.")
    cvr: Any = field("What the conversion rate adds; negative when it rose.")
    cpm_share: Any = field("Share of the price of impressions; shares add up to 1 and may be negative.")
    ctr_share: Any = field("Share of the click rate.")
    cvr_share: Any = field("Share of the conversion rate.")
    profit_change: Any = field("Change of the profit per 1,000 impressions: the sum of the next five.")
    profit_cpm: Any = field("What the price of impressions adds to it.")
    profit_ctr: Any = field("What the click rate adds.")
    profit_cvr: Any = field("What the conversion rate adds.")
    profit_aov: Any = field("What the order value adds.")
    profit_margin: Any = field("What the margin adds.")


_DECOMPOSE = Calculator("funnel.decompose", FunnelDecomposition)


def funnel_decompose(
    *,
    cpm_before: Numbers,
    ctr_before: Numbers,
    cvr_before: Numbers,
    cpm_after: Numbers,
    ctr_after: Numbers,
    cvr_after: Numbers,
    aov_before: Numbers = None,
    aov_after: Numbers = None,
    margin_before: Numbers = None,
    margin_after: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> FunnelDecomposition:
    """What changed the cost per conversion, and the profit, between two periods, stage by stage without a remainder.

    The cost is a product, so the logarithms of the ratios add up. The change of the contribution is shared by the
    logarithmic mean (Ang 2005), which leaves no remainder either; profit needs the order values.

    >>> import edgetally as et
    >>> change = et.funnel_decompose(
    ...     cpm_before=12, ctr_before=0.015, cvr_before=0.03, cpm_after=15, ctr_after=0.018, cvr_after=0.03
    ... )
    >>> round(change.cpm, 4), round(change.ctr, 4), round(change.log_ratio, 4)
    (0.2231, -0.1823, 0.0408)
    """
    values = (
        cpm_before,
        ctr_before,
        cvr_before,
        cpm_after,
        ctr_after,
        cvr_after,
        aov_before,
        aov_after,
        margin_before,
        margin_after,
    )
    return noted(
        _DECOMPOSE(values, errors, threads),
        margin_not_given=margin_before is None and margin_after is None and aov_before is not None,
    )
