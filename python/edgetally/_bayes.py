"""Posterior probabilities of two rates."""

from __future__ import annotations

from ._arguments import confidence as checked_confidence
from ._arguments import error
from ._edgetally import Calculator
from ._result import Result, field, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._arguments import Bounds, Number, Numbers


__all__ = ["LiftBayesResult", "lift_bayes"]


class LiftBayesResult(Result):
    """What ``lift_bayes`` returns."""

    __slots__ = ()

    prob_lift_positive: Number = field("Posterior probability that the exposed rate is above the holdout's.")
    prob_lift_not_positive: Number = field("The rest, with its own digits however small.")
    posterior_mean_diff: Number = field("Posterior mean of exposed rate less holdout rate.")
    expected_loss_ship: Number = field(
        "Mean of what is lost, in rate, by running the campaign where the holdout is better."
    )
    expected_loss_keep: Number = field("Mean of what is lost, in rate, by stopping the campaign where it is better.")
    diff_credible: Bounds = field("Difference of the rates: posterior mean and equal-tailed credible interval.")
    ratio_credible: Bounds = field("Ratio of the rates: posterior median and equal-tailed credible interval.")
    prob_above_threshold: Number = field("Posterior probability that the difference is above threshold.")
    prob_in_rope: Number = field("Posterior probability that the difference is within rope of zero.")


_BAYES = Calculator("lift.bayes", LiftBayesResult)


def lift_bayes(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    prior_alpha: Numbers = 1.0,
    prior_beta: Numbers = 1.0,
    confidence: Numbers = None,
    credible: Numbers = None,
    rope: Numbers = None,
    threshold: Numbers = None,
    intervals: bool = True,
    errors: str = "raise",
    threads: int | None = None,
) -> LiftBayesResult:
    """What the posteriors of two rates say, with one Beta prior for both: probabilities, losses, credible intervals.

    By quadrature, without simulation: the same numbers every time, to ten digits and more, also for a probability of
    1e-100. ``prior_alpha`` and ``prior_beta`` are the conversions and the users without one that the prior has seen
    (1 and 1 uniform, 0.5 and 0.5 Jeffreys). ``threshold`` is the difference of rates from which on it pays: for a
    campaign, ``spend / (exposed_users * aov * margin)``. ``rope`` is the difference, either way, that would not matter.
    ``intervals=False`` leaves out the search for intervals, which are at ``confidence`` (0.95; ``credible`` is the
    same).

    Errors: counts that are not whole numbers, more conversions than users, a prior that is not above 0. An arm without
    users has its prior for posterior.

    A prior below 0.3 is undefined (``NaN``) for an arm without such a user: its density has a spike at the end.

    >>> import edgetally as et
    >>> b = et.lift_bayes(10_000, 500, 10_000, 460, threshold=0.002)
    >>> round(b.prob_lift_positive, 4), round(b.prob_above_threshold, 4), round(b.expected_loss_ship, 6)
    (0.907, 0.7457, 0.000131)
    >>> print(f"{b.diff_credible:.4f}")
    0.0040 [-0.0019, 0.0099]
    """
    if credible is not None and confidence is not None:
        raise error("one_goal", "confidence and credible say the same: pass one of them")
    level = checked_confidence(confidence) if credible is None else credible
    answer = _BAYES(
        (
            exposed_users,
            exposed_conversions,
            holdout_users,
            holdout_conversions,
            prior_alpha,
            prior_beta,
            level,
            rope,
            threshold,
            float(bool(intervals)),
        ),
        errors,
        threads,
    )
    return kept(
        answer,
        exposed_users=exposed_users,
        exposed_conversions=exposed_conversions,
        holdout_users=holdout_users,
        holdout_conversions=holdout_conversions,
        prior_alpha=prior_alpha,
        prior_beta=prior_beta,
        threshold=threshold,
    )
