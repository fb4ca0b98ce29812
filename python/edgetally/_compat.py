"""The numbers of another engine, to see both side by side."""

from __future__ import annotations

from ._arguments import error_rate, place
from ._edgetally import Calculator
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._arguments import Bounds, Number, Numbers


__all__ = [
    "GbstatsCompatResult",
    "gbstats_compat",
    "lift_gbstats_compat",
]


class GbstatsCompatResult(Result):
    """What ``gbstats_compat`` returns."""

    __slots__ = ()

    expected: Number = field("The effect.")
    ci: Bounds = field("The effect with Student's interval.")
    p_value: Number = field("Two-sided, Student's.")
    se: Number = field("Standard error of the effect.")
    sequential_ci: Bounds = field("The effect with the asymptotic confidence sequence.")
    sequential_p: Number = field("Its always-valid p-value, of this look alone.")
    chance_to_win: Number = field("Probability that the exposed rate is the higher one, flat prior.")
    credible: Bounds = field("The effect with the credible interval, flat prior.")
    risk: Number = field("Expected loss of keeping the holdout's variant, and of choosing the exposed one.")
    prior_chance_to_win: Number = field("Probability that the exposed rate is the higher one, under the prior.")
    prior_expected: Number = field("Posterior mean of the effect.")
    prior_ci: Bounds = field("The posterior mean with the credible interval under the prior.")


class _GbstatsRow(Result):
    """The fields as the core gives them."""

    __slots__ = ()


_GBSTATS = Calculator("lift.gbstats_compat", _GbstatsRow)


def gbstats_compat(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    difference: str = "relative",
    confidence: Numbers = None,
    alpha: Numbers = None,
    tuning: Numbers = 5000.0,
    prior_mean: Numbers = 0.0,
    prior_sd: Numbers = 0.3,
    errors: str = "raise",
    threads: int | None = None,
) -> GbstatsCompatResult:
    """The numbers of GrowthBook's engine (gbstats 0.8.0) for two conversion rates, to see both side by side.

    They differ from ``lift``: a symmetric interval of the relative lift by the delta method, Student's quantile on
    rates, a normal posterior of the effect. With few conversions that interval misses nearly always on the same side,
    so ``lift`` does not use it. Where gbstats answers "effect 0, interval from 0 to 0, p-value 1" because the counts
    allow no answer, the fields here are ``NaN``.

    ``difference`` is ``"relative"`` or ``"absolute"``; the prior is one of the relative effect and is scaled by the
    holdout's rate for the absolute one.

    >>> import edgetally as et
    >>> g = et.gbstats_compat(100_000, 1_200, 100_000, 900)
    >>> f"{g.ci:.4f}", f"{g.sequential_ci:.4f}"
    ('0.3333 [0.2187, 0.4480]', '0.3333 [0.1325, 0.5342]')
    """
    which = place("difference", difference, ("relative", "absolute"))
    arms = (exposed_users, exposed_conversions, holdout_users, holdout_conversions)
    row = _GBSTATS((*arms, which, error_rate(confidence, alpha), tuning, prior_mean, prior_sd), errors, threads)
    *start, keep, choose, chance, expected, interval = row._values
    return GbstatsCompatResult((*start, (keep, choose), chance, expected, interval), row._refused)


lift_gbstats_compat = gbstats_compat
