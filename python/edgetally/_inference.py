"""P-values and posterior probabilities of two rates."""

from __future__ import annotations

from ._arguments import choice
from ._edgetally import Calculator
from ._lift import _ALTERNATIVES
from ._result import Result, field, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._arguments import Bounds, Number, Numbers


__all__ = ["LiftBayesResult", "LiftPValueResult", "lift_bayes", "lift_p_value"]


class LiftPValueResult(Result):
    """What ``lift_p_value`` returns."""

    __slots__ = ()

    p_value: Number = field(
        "The one that fits the counts: the score test's, or Fisher's mid-p where a cell expects under 5."
    )
    exact: Number = field("1 where p_value is Fisher's mid-p, 0 where it is the score test's.")
    z_pooled: Number = field("Difference of the rates over its standard error with one rate for both arms.")
    p_pooled: Number = field("p-value of z_pooled.")
    p_score: Number = field("p-value of the score test: z_pooled with the variance times N / (N - 1).")
    z_unpooled: Number = field("Difference of the rates over its standard error with each arm's own rate.")
    p_unpooled: Number = field("p-value of z_unpooled.")
    p_fisher: Number = field("Fisher's exact p-value, given the total of conversions.")
    p_fisher_mid: Number = field(
        "The same with half the probability of what was seen and of what is exactly as likely."
    )
    p_boschloo: Number = field("Boschloo's unconditional p-value; up to 600 users.")
    p_barnard: Number = field("Barnard's unconditional p-value with the pooled statistic; up to 600 users.")
    p_barnard_pooled: Number = field("The same as scipy has it, which splits exact ties by rounding.")


_P_VALUE = Calculator("lift.p_value", LiftPValueResult)


def lift_p_value(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    alternative: str = "two-sided",
    unconditional: bool = True,
    errors: str = "raise",
    threads: int | None = None,
) -> LiftPValueResult:
    """Whether two rates differ: normal, exact and unconditional p-values, and the one that fits the counts.

    ``alternative`` is ``"two-sided"``, ``"greater"`` (exposed above holdout) or ``"less"``. Fisher's test works for any
    number of users; two-sided it sums all tables not more likely than the one seen. Boschloo's and Barnard's tests take
    the supremum over the common rate, up to 600 users in both arms together (a millisecond or two each there;
    ``unconditional=False`` leaves them out); two-sided, Boschloo's is twice the smaller one-sided value, so that it can
    exceed Fisher's. When both rates are 0 or both are 1, every p-value is 1; without users in an arm, ``NaN``.

    Errors: counts that are not whole numbers, more conversions than users. Sources: Miettinen and Nurminen 1985
    (score), Lancaster 1961 (mid-p), Barnard 1947, Boschloo 1970.

    >>> import edgetally as et
    >>> p = et.lift_p_value(70, 56, 80, 48)
    >>> round(p.p_score, 5), round(p.p_fisher, 5), round(p.p_barnard, 5)
    (0.00826, 0.01252, 0.00887)
    >>> round(et.lift_p_value(50, 1, 450, 0).p_value, 6)
    0.05
    """
    return _P_VALUE(
        (
            exposed_users,
            exposed_conversions,
            holdout_users,
            holdout_conversions,
            choice("alternative", alternative, _ALTERNATIVES),
            float(bool(unconditional)),
        ),
        errors,
        threads,
    )


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
    credible: Numbers = 0.95,
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
    ``intervals=False`` leaves out the search for intervals.

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
    answer = _BAYES(
        (
            exposed_users,
            exposed_conversions,
            holdout_users,
            holdout_conversions,
            prior_alpha,
            prior_beta,
            credible,
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
