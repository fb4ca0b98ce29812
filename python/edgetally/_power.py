"""Power: how many users a test needs, what it can find, what a holdout costs."""

from __future__ import annotations

from ._arguments import error, error_rate, place
from ._edgetally import Calculator
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ._arguments import Number, Numbers


__all__ = [
    "HoldoutCostResult",
    "LiftMdeResult",
    "LiftMdeRevenueResult",
    "LiftPowerResult",
    "LiftPowerRevenueResult",
    "SampleSizeResult",
    "SampleSizeRevenueResult",
    "ab_sample_size",
    "holdout_cost",
    "lift_mde",
    "lift_mde_revenue",
    "lift_power",
    "lift_power_revenue",
    "sample_size",
    "sample_size_revenue",
]


def _refuse(
    result: Any,
    errors: str,
    rule: tuple[str, str, str],
    pair: tuple[tuple[str, Any], tuple[str, Any]],
    breaks: Callable[[Any, Any], Any],
) -> Any:
    """Refuse rows that break a rule on two arguments; their numbers are ``NaN`` already."""
    (first_name, first), (second_name, second) = pair
    for name, value in pair:
        if value is None:
            raise error("missing", f"{name} is required")
    argument, code, sentence = rule
    scalar = isinstance(first, (int, float)) and isinstance(second, (int, float))
    if scalar and not breaks(first, second):
        return result
    import numpy as np

    from ._columns import Form

    form = Form()
    bad = np.asarray(breaks(form.read(first_name, first), form.read(second_name, second)))
    if not bad.any():
        return result
    if errors == "raise":
        if bad.ndim == 0:
            raise error(code, f"{argument} {sentence}")
        more = int(bad.sum()) - 1
        tail = f" (and {more} more row{'s' if more > 1 else ''})" if more else ""
        raise error(code, f"{argument}[{int(bad.reshape(-1).argmax())}] {sentence}{tail}")
    shape = np.shape(result._values[0])
    bad = np.broadcast_to(bad, shape).reshape(-1)
    refused = bad if result._refused is None else np.logical_or(np.reshape(result._refused, -1), bad)
    return type(result)(result._values, refused)


class SampleSizeResult(Result):
    """What ``sample_size`` returns."""

    __slots__ = ()

    n_control: Number = field("Users in the control arm, rounded up.")
    n_treatment: Number = field("Users in the treatment arm, rounded up: ratio times the control arm.")
    n_total: Number = field("Users in both arms.")
    n_control_exact: Number = field("Users in the control arm before rounding; pooled variance without an effect.")
    n_control_unpooled: Number = field("Users in the control arm for a test that does not pool the variances.")
    n_control_arcsine: Number = field("Users in the control arm for a test on the arcsine scale.")


_SAMPLE_SIZE = Calculator("ab_sample_size", SampleSizeResult)


def sample_size(
    baseline: Numbers,
    target: Numbers = None,
    *,
    mde: Numbers = None,
    ratio: Numbers = 1.0,
    confidence: Numbers = None,
    alpha: Numbers = None,
    power: Numbers = 0.8,
    errors: str = "raise",
    threads: int | None = None,
) -> SampleSizeResult:
    """How many users a test of two conversion rates needs.

    ``baseline`` and ``target`` are rates; instead of the target, ``mde`` gives its difference to the baseline.
    ``ratio`` is treatment users per control user, ``confidence`` (0.95, or ``alpha``, one less) that of the two-sided
    test, ``power`` the chance to find the difference. The test is the score test (pooled variance without an effect);
    Fleiss, Levin and Paik (2003), the arcsine form after Cohen (1988).

    ``ab_sample_size`` is the same function. A target that equals the baseline and a power that alpha alone reaches
    are refused. Numbers give numbers, columns give columns.

    >>> import edgetally as et
    >>> need = et.sample_size(0.025, 0.03)
    >>> need.n_control, need.n_treatment
    (16792.0, 16792.0)
    >>> et.sample_size(0.009, mde=0.003, ratio=9).n_treatment
    94440.0
    """
    if (target is None) == (mde is None):
        raise error("missing", "target or mde is required, and only one of them")
    alpha = error_rate(confidence, alpha)
    result = _SAMPLE_SIZE((baseline, target, mde, ratio, alpha, power), errors, threads)
    if mde is None:
        goal, rule = ("target", target), ("target", "equal", "equals baseline")
    else:
        goal, rule = ("mde", mde), ("mde", "equal", "is zero")
        outside = ("mde", "not_a_rate", "leads to a target that is not a rate from 0 to 1")
        result = _refuse(result, errors, outside, (("baseline", baseline), goal), _outside)
    result = _refuse(result, errors, rule, (("baseline", baseline), goal), _equal if mde is None else _no_step)
    return _refuse(result, errors, _WEAK, (("alpha", alpha), ("power", power)), _weak)


_WEAK = ("power", "not_above_alpha", "is not above alpha")


def _equal(baseline: Any, target: Any) -> Any:
    return baseline == target


def _no_step(baseline: Any, mde: Any) -> Any:
    return baseline + mde == baseline


def _outside(baseline: Any, mde: Any) -> Any:
    return (baseline + mde < 0.0) | (baseline + mde > 1.0)


def _weak(alpha: Any, power: Any) -> Any:
    return power <= alpha


ab_sample_size = sample_size


class LiftPowerResult(Result):
    """What ``lift_power`` returns."""

    __slots__ = ()

    power: Number = field("The chance that the test finds the difference.")


_LIFT_POWER = Calculator("lift.power", LiftPowerResult)


def lift_power(
    exposed_rate: Numbers,
    holdout_rate: Numbers,
    exposed_users: Numbers,
    holdout_users: Numbers,
    *,
    confidence: Numbers = None,
    alpha: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> LiftPowerResult:
    """The chance that a test finds the difference between two conversion rates, at the users that there are.

    Two-sided score test at ``confidence`` (0.95, or ``alpha``, one less), both tails counted, so that equal rates give
    ``alpha``. ``NaN`` where nothing can vary.

    >>> import edgetally as et
    >>> round(float(et.lift_power(0.03, 0.025, 16_792, 16_792).power), 4)
    0.8
    """
    plan = (exposed_rate, holdout_rate, exposed_users, holdout_users)
    return _LIFT_POWER((*plan, error_rate(confidence, alpha)), errors, threads)


class LiftMdeResult(Result):
    """What ``lift_mde`` returns."""

    __slots__ = ()

    mde_abs: Number = field("The smallest difference of rates that the test finds with this power.")
    mde_rel: Number = field("The same relative to the holdout's rate.")


_LIFT_MDE = Calculator("lift.mde", LiftMdeResult)


def lift_mde(
    holdout_rate: Numbers,
    exposed_users: Numbers,
    holdout_users: Numbers,
    *,
    confidence: Numbers = None,
    alpha: Numbers = None,
    power: Numbers = 0.8,
    direction: str = "up",
    errors: str = "raise",
    threads: int | None = None,
) -> LiftMdeResult:
    """The smallest effect that a test can be expected to find: where the power reaches ``power``.

    ``direction`` is ``"up"`` or ``"down"``. ``NaN`` when these users cannot reach the power with any rate.

    >>> import edgetally as et
    >>> round(et.lift_mde(0.009, 100_000, 100_000).mde_rel, 4)
    0.1358
    """
    alpha = error_rate(confidence, alpha)
    sign = 1.0 - 2.0 * place("direction", direction, ("up", "down"))
    result = _LIFT_MDE((holdout_rate, exposed_users, holdout_users, alpha, power, sign), errors, threads)
    return _refuse(result, errors, _WEAK, (("alpha", alpha), ("power", power)), _weak)


class HoldoutCostResult(Result):
    """What ``holdout_cost`` returns."""

    __slots__ = ()

    variance_inflation: Any = field("The variance of the lift, relative to an even split of the same users.")
    width_inflation: Any = field("The width of its interval, relative to an even split.")
    effective_share: Any = field("The share of the users that would see as much when split evenly.")


_HOLDOUT_COST = Calculator("holdout_cost", HoldoutCostResult)


def holdout_cost(holdout_share: Numbers, *, errors: str = "raise", threads: int | None = None) -> HoldoutCostResult:
    """What a small holdout costs in precision: a share ``f`` inflates the variance by ``1 / (4 f (1 - f))``.

    >>> import edgetally as et
    >>> round(et.holdout_cost(0.1).variance_inflation, 2)
    2.78
    """
    return _HOLDOUT_COST((holdout_share,), errors, threads)


class SampleSizeRevenueResult(Result):
    """What ``sample_size_revenue`` returns."""

    __slots__ = ()

    n_control: Number = field("Users in the holdout, rounded up.")
    n_treatment: Number = field("Exposed users, rounded up: ratio times the holdout.")
    n_total: Number = field("Users in both arms.")
    n_control_exact: Number = field("Users in the holdout before rounding.")
    diff: Number = field("The difference per user that is to be found.")


_SAMPLE_SIZE_REVENUE = Calculator("sample_size_revenue", SampleSizeRevenueResult)


def sample_size_revenue(
    holdout_mean: Numbers,
    holdout_sd: Numbers,
    *,
    mde: Numbers = None,
    mde_rel: Numbers = None,
    exposed_sd: Numbers = None,
    ratio: Numbers = 1.0,
    confidence: Numbers = None,
    alpha: Numbers = None,
    power: Numbers = 0.8,
    errors: str = "raise",
    threads: int | None = None,
) -> SampleSizeRevenueResult:
    """How many users a test of revenue (or of any mean) per user needs.

    Mean and standard deviation of a user are those of before, users without revenue counted with zero. ``mde`` is the
    difference per user to be found, or ``mde_rel`` the same relative to the mean. ``exposed_sd`` is the holdout's where
    it is not given; ``ratio`` is exposed users per holdout user. Welch's two-sided test (noncentral t distribution;
    Cohen 1988). Revenue is skewed: below some thousand users per arm the power is optimistic.

    >>> import edgetally as et
    >>> need = et.sample_size_revenue(1.2, 12.0, mde_rel=0.1)
    >>> need.n_control
    156979.0
    """
    if (mde is None) == (mde_rel is None):
        raise error("missing", "mde or mde_rel is required, and only one of them")
    alpha = error_rate(confidence, alpha)
    goal = ("mde", mde) if mde_rel is None else ("mde_rel", mde_rel)
    arguments = (holdout_mean, holdout_sd, mde, mde_rel, exposed_sd, ratio, alpha, power)
    result = _SAMPLE_SIZE_REVENUE(arguments, errors, threads)
    result = _refuse(result, errors, (goal[0], "equal", "is zero"), (("holdout_sd", holdout_sd), goal), _zero)
    return _refuse(result, errors, _WEAK, (("alpha", alpha), ("power", power)), _weak)


def _zero(_: Any, effect: Any) -> Any:
    return effect == 0.0


class LiftPowerRevenueResult(Result):
    """What ``lift_power_revenue`` returns."""

    __slots__ = ()

    power: Number = field("The chance that the test finds the difference.")


_LIFT_POWER_REVENUE = Calculator("lift.power_revenue", LiftPowerRevenueResult)


def lift_power_revenue(
    diff: Numbers,
    exposed_sd: Numbers,
    exposed_users: Numbers,
    holdout_sd: Numbers,
    holdout_users: Numbers,
    *,
    confidence: Numbers = None,
    alpha: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> LiftPowerRevenueResult:
    """The chance that Welch's test finds a difference of ``diff`` in revenue (or any mean) per user.

    Two-sided at ``confidence`` (0.95, or ``alpha``, one less); standard deviations are of one user. ``NaN`` below two
    users in an arm.

    >>> import edgetally as et
    >>> round(et.lift_power_revenue(0.12, 12.0, 100_000, 12.0, 100_000).power, 3)
    0.609
    """
    plan = (diff, exposed_sd, exposed_users, holdout_sd, holdout_users)
    return _LIFT_POWER_REVENUE((*plan, error_rate(confidence, alpha)), errors, threads)


class LiftMdeRevenueResult(Result):
    """What ``lift_mde_revenue`` returns."""

    __slots__ = ()

    mde_abs: Number = field("The smallest difference per user that the test finds with this power.")
    mde_rel: Number = field("The same relative to the holdout's mean; NaN without one.")


_LIFT_MDE_REVENUE = Calculator("lift.mde_revenue", LiftMdeRevenueResult)


def lift_mde_revenue(
    exposed_sd: Numbers,
    exposed_users: Numbers,
    holdout_sd: Numbers,
    holdout_users: Numbers,
    *,
    holdout_mean: Numbers = None,
    confidence: Numbers = None,
    alpha: Numbers = None,
    power: Numbers = 0.8,
    errors: str = "raise",
    threads: int | None = None,
) -> LiftMdeRevenueResult:
    """The smallest difference in revenue (or any mean) per user that Welch's test finds with the chance ``power``.

    >>> import edgetally as et
    >>> least = et.lift_mde_revenue(12.0, 90_000, 12.0, 10_000, holdout_mean=1.2)
    >>> round(least.mde_abs, 3), round(least.mde_rel, 3)
    (0.354, 0.295)
    """
    alpha = error_rate(confidence, alpha)
    plan = (exposed_sd, exposed_users, holdout_sd, holdout_users, holdout_mean, alpha, power)
    result = _LIFT_MDE_REVENUE(plan, errors, threads)
    return _refuse(result, errors, _WEAK, (("alpha", alpha), ("power", power)), _weak)
