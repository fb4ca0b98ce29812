"""Power, sequential tests, sample ratio, revenue per user, segments."""

from __future__ import annotations

from . import _edgetally
from ._arguments import arrays, error, place, same_length
from ._edgetally import Calculator, Interval
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from typing import Any

    from ._arguments import Bounds, Number, Numbers


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
    alpha: Numbers = 0.05,
    power: Numbers = 0.8,
    errors: str = "raise",
    threads: int | None = None,
) -> SampleSizeResult:
    """How many users a test of two conversion rates needs.

    ``baseline`` and ``target`` are rates; instead of the target, ``mde`` gives its difference to the baseline.
    ``ratio`` is treatment users per control user, ``alpha`` the two-sided error rate, ``power`` the chance to find
    the difference. The test is the score test (pooled variance without an effect); Fleiss, Levin and Paik (2003), the
    arcsine form after Cohen (1988).

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
    holdout_rate: Numbers,
    exposed_rate: Numbers,
    holdout_users: Numbers,
    exposed_users: Numbers,
    *,
    alpha: Numbers = 0.05,
    errors: str = "raise",
    threads: int | None = None,
) -> LiftPowerResult:
    """The chance that a test finds the difference between two conversion rates, at the users that there are.

    Two-sided score test, both tails counted, so that equal rates give ``alpha``. ``NaN`` where nothing can vary.

    >>> import edgetally as et
    >>> round(float(et.lift_power(0.025, 0.03, 16_792, 16_792).power), 4)
    0.8
    """
    plan = (holdout_rate, exposed_rate, holdout_users, exposed_users, alpha)
    return _LIFT_POWER(plan, errors, threads)


class LiftMdeResult(Result):
    """What ``lift_mde`` returns."""

    __slots__ = ()

    mde_abs: Number = field("The smallest difference of rates that the test finds with this power.")
    mde_rel: Number = field("The same relative to the holdout's rate.")


_LIFT_MDE = Calculator("lift.mde", LiftMdeResult)


def lift_mde(
    holdout_rate: Numbers,
    holdout_users: Numbers,
    exposed_users: Numbers,
    *,
    alpha: Numbers = 0.05,
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
    sign = 1.0 - 2.0 * place("direction", direction, ("up", "down"))
    result = _LIFT_MDE((holdout_rate, holdout_users, exposed_users, alpha, power, sign), errors, threads)
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


class SequentialResult(Result):
    """What ``sequential`` returns."""

    __slots__ = ()

    e_value: Number = field("Evidence against no difference; its mean is at most 1 when there is none.")
    p_always_valid: Number = field("Always-valid p-value: the smallest so far of 1, previous_p and 1/e_value.")
    e_value_pooled: Number = field("The evidence with the variance of both arms together.")
    p_always_valid_pooled: Number = field("The p-value from it.")
    confidence_sequence: Bounds = field("The difference of rates, with an interval that holds at all looks at once.")
    log_e_value: Number = field("The natural logarithm of the evidence.")

    def _flags(self) -> tuple[str, ...]:
        interval = self[4]
        if isinstance(interval.low, float) and interval.low <= 0.0 <= interval.high:
            return ("interval includes zero",)
        return ()


_SEQUENTIAL = Calculator("lift.sequential", SequentialResult)


def sequential(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    tau: Numbers = None,
    alpha: Numbers = 0.05,
    kind: str = "msprt",
    previous_p: Numbers = 1.0,
    tuning: Numbers = 5000.0,
    errors: str = "raise",
    threads: int | None = None,
) -> SequentialResult:
    """A look at a test that is still running, valid however often one looks.

    ``kind="msprt"`` is the mixture sequential probability ratio test (Robbins 1970; Johari, Pekelis and Walsh 2022).
    ``tau``, the standard deviation of the mixture in units of the difference of rates, is fixed before the test; the
    effect that one hopes to find is near the best choice. ``kind="asympcs"`` is the asymptotic confidence sequence
    (Waudby-Smith et al. 2021), tightest at ``tuning`` users in both arms together.

    Pass the p-value of the look before as ``previous_p``. Counts are counts of users, not of events.

    >>> import edgetally as et
    >>> look = et.sequential(100_000, 1_200, 100_000, 900, tau=0.001)
    >>> round(look.confidence_sequence.low, 5), look.p_always_valid < 1e-7
    (0.00161, True)
    """
    which = place("kind", kind, ("msprt", "asympcs"))
    if which == 0.0 and tau is None:
        raise error("missing", "tau is required")
    arms = (exposed_users, exposed_conversions, holdout_users, holdout_conversions)
    return _SEQUENTIAL((*arms, tau, alpha, previous_p, tuning, which), errors, threads)


lift_sequential = sequential


class SequentialSimulationResult(Result):
    """What ``sequential_simulation`` returns; shares of the repetitions."""

    __slots__ = ()

    rejected: Any = field("The always-valid p-value was at most alpha at some look.")
    missed: Any = field("The confidence sequence missed the true difference at some look.")
    naive: Any = field("A fixed-sample z test was below alpha at some look: what peeking does.")
    fixed: Any = field("The fixed-sample z test was below alpha at the last look.")
    mean_stop: Any = field("The mean look at which the tests stopped.")


def sequential_simulation(
    exposed_rate: float,
    holdout_rate: float,
    *,
    exposed_users_per_look: int,
    holdout_users_per_look: int,
    looks: int = 20,
    tau: float | None = None,
    tuning: float = 5000.0,
    alpha: float = 0.05,
    repetitions: int = 1000,
    seed: int = 0,
) -> SequentialSimulationResult:
    """Play tests that are looked at, and count how often each method errs.

    With ``tau`` the mixture test is played, without it the asymptotic confidence sequence with ``tuning``. Equal
    seeds give equal results on every machine.

    >>> import edgetally as et
    >>> played = et.sequential_simulation(
    ...     0.02, 0.02, exposed_users_per_look=500, holdout_users_per_look=500, tau=0.008, repetitions=200
    ... )
    >>> played.rejected <= 0.05, played.naive > 0.15
    (True, True)
    """
    rates = []
    for name, rate in (("exposed_rate", exposed_rate), ("holdout_rate", holdout_rate)):
        if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0.0 <= rate <= 1.0:
            raise error("not_a_rate", f"{name} is not a rate from 0 to 1")
        rates.append(abs(float(rate)))  # a negative zero is a zero
    for name, count in (
        ("exposed_users_per_look", exposed_users_per_look),
        ("holdout_users_per_look", holdout_users_per_look),
        ("looks", looks),
        ("repetitions", repetitions),
    ):
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count < 2**32:
            raise error("not_a_count", f"{name} is not a whole number from 1 below 2^32")
    drawn = looks * repetitions * (exposed_users_per_look * rates[0] + holdout_users_per_look * rates[1])
    if drawn > 1e9:
        raise error("out_of_range", "repetitions of this size play more than 10^9 conversions: play fewer")
    values = _edgetally._sequential_simulation(
        *rates,
        exposed_users_per_look,
        holdout_users_per_look,
        looks,
        None if tau is None else float(tau),
        float(tuning),
        float(alpha),
        repetitions,
        seed,
    )
    return SequentialSimulationResult(values)


class SrmResult(Result):
    """What ``srm`` returns."""

    __slots__ = ()

    chi2: float = field("Pearson's statistic of fit.")
    df: float = field("Its degrees of freedom.")
    p_value: float = field("The p-value of the chi-square test.")
    p_exact_binomial: float = field("The exact two-sided p-value; NaN unless there are two arms.")
    log_bayes_factor_k100: float = field(
        "Logarithm of the Bayes factor against the plan, concentration 100: for gross faults."
    )
    p_sequential_k100: float = field("Its always-valid p-value at this look.")
    log_bayes_factor_k10000: float = field("The same, concentration 10,000: for small faults in large tests.")
    p_sequential_k10000: float = field("Its always-valid p-value at this look.")
    mismatch: bool = field("Whether p_value is below 0.001: no lift of such a test can be believed.")

    def _flags(self) -> tuple[str, ...]:
        return ("sample ratio mismatch",) if self[8] else ()


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
    arms = _floats("observed", observed)
    split = [1.0] * len(arms) if weights is None else _floats("weights", weights)
    return SrmResult(_edgetally._srm(arms, split))


def _floats(name: str, values: Any) -> list[float]:
    """A short column as a list; plain lists of numbers without NumPy."""
    if isinstance(values, (list, tuple)) and all(type(value) in (int, float) for value in values):
        return [float(value) for value in values]
    _, flat = arrays(**{name: values})
    return flat[name].tolist()


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


def adjust_pvalues(p_values: Numbers, *, method: str = "holm", alpha: float = 0.05) -> AdjustPvaluesResult:
    """P-values adjusted for their number, in six ways at once.

    ``method`` says which of them ``adjusted`` and ``reject`` are: ``holm``, ``fdr_bh`` (or ``bh``), ``bonferroni``,
    ``hommel``, ``fdr_by`` (or ``by``), ``simes-hochberg`` (or ``hochberg``). Holm's and Bonferroni's hold the chance
    of any false discovery under any dependence. A ``NaN`` is no test: it stays ``NaN`` and does not count among the
    others.

    >>> import edgetally as et
    >>> many = et.adjust_pvalues([0.01, 0.04, 0.03], method="bh")
    >>> many.adjusted.round(3).tolist(), many.reject.tolist(), many.reject_holm.tolist()
    ([0.03, 0.04, 0.04], [True, True, True], [True, False, False])
    """
    names = {"bh": "fdr_bh", "by": "fdr_by", "hochberg": "simes-hochberg"}
    chosen = int(place("method", names.get(method, method), _METHODS))
    form, flat = arrays(p_values=p_values)
    form.shape = flat["p_values"].shape
    adjusted, rejects = _edgetally._adjust_pvalues(flat["p_values"], float(alpha))
    reject = adjusted[chosen] <= alpha
    return AdjustPvaluesResult(tuple(form.wrap(column) for column in (adjusted[chosen], reject, *adjusted, *rejects)))


class LiftRevenueResult(Result):
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

    def _flags(self) -> tuple[str, ...]:
        low, high = self[5]
        return ("interval includes zero",) if isinstance(low, float) and low <= 0.0 <= high else ()


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

    winsorize_cap: Any = field("The cap on a user's value; NaN without one.")
    exposed_capped: Any = field("Exposed users whose value was cut.")
    holdout_capped: Any = field("Holdout users whose value was cut.")

    def _flags(self) -> tuple[str, ...]:
        low, high = self[5]
        flags = ("interval includes zero",) if low <= 0.0 <= high else ()
        return (*flags, "winsorized") if self[13] or self[14] else flags


def lift_revenue_values(
    exposed: Numbers,
    holdout: Numbers,
    *,
    winsorize: float | None = None,
    spend: float | None = None,
    margin: float | None = None,
    confidence: float = 0.95,
    relative: str = "fieller",
) -> LiftRevenueValuesResult:
    """``lift_revenue`` from a column of values per user for each arm.

    ``winsorize=0.99`` cuts the values of both arms down to the 99 % quantile of all of them: a little bias for much
    less noise. How many were cut is in the result, and flagged. Variances are computed with 32 digits on the way, so
    large values lose nothing.

    >>> import edgetally as et
    >>> r = et.lift_revenue_values([3, 0, 5, 2, 90], [1, 0, 2, 4, 0], winsorize=0.9)
    >>> round(r.winsorize_cap, 1), r.exposed_capped, round(r.diff, 2)
    (13.5, 1, 3.3)
    """
    _, flat = arrays(exposed=exposed, holdout=holdout)
    quantile = None if winsorize is None else float(winsorize)
    (n1, m1, s1), (n0, m0, s0), *cut = _edgetally._winsorized(flat["exposed"], flat["holdout"], quantile)
    values = lift_revenue(
        m1, s1, n1, m0, s0, n0, spend=spend, margin=margin, confidence=confidence, relative=relative
    )._values
    return LiftRevenueValuesResult((*values, *cut))


class RatioMetricResult(Result):
    """What ``lift_ratio_metric`` returns."""

    __slots__ = ()

    ratio_exposed: float = field("Sum of numerators over sum of denominators of the exposed.")
    se_exposed: float = field("Its standard error.")
    ratio_holdout: float = field("Sum of numerators over sum of denominators of the holdout.")
    se_holdout: float = field("Its standard error.")
    diff: float = field("Exposed ratio less holdout ratio.")
    se: float = field("Standard error of the difference.")
    z: float = field("The difference over its standard error.")
    p_value: float = field("Two-sided normal p-value; NaN when nothing varies.")
    diff_ci_z: Interval[float] = field("The difference with the normal interval.")
    rel_lift: Interval[float] = field("The difference relative to the holdout's ratio, with Fieller's interval.")

    def _flags(self) -> tuple[str, ...]:
        low, high = self[8]
        return ("interval includes zero",) if low <= 0.0 <= high else ()


def lift_ratio_metric(
    exposed_num: Numbers,
    exposed_den: Numbers,
    holdout_num: Numbers,
    holdout_den: Numbers,
    *,
    confidence: float = 0.95,
) -> RatioMetricResult:
    """The lift of a ratio such as revenue per order, from two columns per arm with a row per user.

    Users are randomised, orders are not: the numerator and the denominator of a user belong together, so the variance
    takes their covariance (delta method; Deng, Knoblich and Lu 2018).

    >>> import edgetally as et
    >>> r = et.lift_ratio_metric([3, 0, 5, 2], [4, 1, 6, 3], [2, 1, 3, 0], [4, 2, 5, 1])
    >>> round(r.ratio_exposed, 4), r.ratio_holdout
    (0.7143, 0.5)
    """
    _, flat = arrays(exposed_num=exposed_num, exposed_den=exposed_den, holdout_num=holdout_num, holdout_den=holdout_den)
    return RatioMetricResult(_edgetally._ratio_metric(*flat.values(), float(confidence)))


ratio_metric = lift_ratio_metric


class CupedAdjustment(Result):
    """One variant of the adjustment that ``cuped`` makes."""

    __slots__ = ()

    theta: float = field("The factor of the covariate.")
    mean_exposed: float = field("Adjusted mean of the exposed.")
    mean_holdout: float = field("Adjusted mean of the holdout.")
    var_exposed: float = field("Variance of an adjusted exposed user.")
    var_holdout: float = field("Variance of an adjusted holdout user.")
    diff: float = field("Adjusted mean of the exposed less that of the holdout.")
    diff_ci: Interval[float] = field("The difference with Student's interval.")
    se: float = field("Standard error of the difference.")
    t: float = field("The difference over its standard error.")
    df: float = field("Satterthwaite's degrees of freedom.")
    p_value: float = field("Welch's two-sided p-value.")
    variance_reduction: float = field("Share of the variance of the difference that the covariate explains.")


class CupedResult(Result):
    """What ``cuped`` returns."""

    __slots__ = ()

    within_arm: CupedAdjustment = field("Adjusted with the factor from within the arms.")
    pooled: CupedAdjustment = field("Adjusted with the factor from all users as one sample.")
    raw_diff: float = field("The difference without adjustment.")
    raw_p: float = field("Its p-value by Welch.")
    raw_ci: Interval[float] = field("The difference without adjustment, with Student's interval.")
    variance_reduction_within: float = field(
        "Share of the variance of the difference that the covariate explains, within_arm."
    )
    variance_reduction_pooled: float = field("The same, pooled.")


def cuped(
    exposed_y: Numbers,
    exposed_x: Numbers,
    holdout_y: Numbers,
    holdout_x: Numbers,
    *,
    confidence: float = 0.95,
) -> CupedResult:
    """The lift of a mean with the noise taken out that a covariate from before the test explains.

    ``y`` is the outcome, ``x`` the covariate (often the same quantity before the test), a row per user. The adjusted
    outcome is ``y - theta * (x - mean of all x)``; ``theta`` from within the arms, ``(cov1 + cov0) / (var1 + var0)``,
    or from all users as one sample (Deng, Xu, Kohavi and Walker 2013). ``NaN`` when the covariate does not vary: then
    the raw difference is the answer.

    >>> import edgetally as et
    >>> r = et.cuped([4.1, 6.0, 7.9, 10.2], [1, 2, 3, 4], [3.0, 5.2, 7.1, 8.9], [1, 2, 3, 4])
    >>> round(r.raw_p, 2), r.within_arm.p_value < 0.001
    (0.6, True)
    """
    _, flat = arrays(exposed_y=exposed_y, exposed_x=exposed_x, holdout_y=holdout_y, holdout_x=holdout_x)
    return _cuped(_edgetally._cuped(*flat.values(), float(confidence)))


def _cuped(values: Any) -> CupedResult:
    within, pooled, *rest = values
    return CupedResult((CupedAdjustment(within), CupedAdjustment(pooled), *rest))


def cuped_from_sums(exposed: Iterable[float], holdout: Iterable[float], *, confidence: float = 0.95) -> CupedResult:
    """``cuped`` from each arm's sums: users, sum of y, of x, of y squared, of x squared, of x times y.

    Sums of days or segments are added before; nothing else is needed. Sums of squares of large values lose digits:
    shift the values by a constant, or pass them to ``cuped``.

    >>> import edgetally as et
    >>> r = et.cuped_from_sums((4, 28.2, 10, 219.26, 30, 80.7), (4, 24.2, 10, 165.66, 30, 70.3))
    >>> round(r.raw_diff, 6)
    1.0
    """
    arms = (tuple(float(value) for value in exposed), tuple(float(value) for value in holdout))
    for name, arm in zip(("exposed", "holdout"), arms, strict=True):
        if len(arm) != 6:
            raise error("length_mismatch", f"{name} has not six numbers: users and five sums")
    return _cuped(_edgetally._cuped_from_sums(*arms, float(confidence)))


class SegmentLiftResult(Result):
    """What ``segment_lift`` returns; columns have a row per segment."""

    __slots__ = ()

    segment: Any = field("The segments, in the order of their first row.")
    per_segment_abs_lift: Any = field("Exposed rate less holdout rate of each segment.")
    per_segment_abs_ci: Bounds = field("The difference with its score interval.")
    per_segment_rel_lift: Any = field("The difference relative to the holdout's rate.")
    p_score: Any = field("P-value of the score test of each segment, not adjusted for their number.")
    p_holm: Any = field("The same adjusted by Holm: the chance of any false discovery.")
    p_bh: Any = field("The same adjusted by Benjamini and Hochberg: the share of false discoveries.")
    reject_holm: Any = field("Whether p_holm is at most one less the confidence.")
    reject_bh: Any = field("Whether p_bh is at most one less the confidence.")
    pooled_abs_lift: float = field("Difference of rates of all segments thrown together.")
    stratified_abs_lift_exposed_weights: Interval[float] = field(
        "Mean of the segments' differences, weighted by exposed users."
    )
    mantel_haenszel_diff: Interval[float] = field(
        "Mantel and Haenszel's difference, with an interval from Sato's variance."
    )
    heterogeneity_q: float = field("Cochran's Q: do the segments differ in their difference?")
    heterogeneity_df: float = field("Its degrees of freedom.")
    heterogeneity_p: float = field("Its p-value.")
    simpson_warning: bool = field("Whether the pooled and the stratified difference have different signs.")
    exposed_users: Any = field("Exposed users of each segment.")
    exposed_conversions: Any = field("Exposed conversions of each segment.")
    holdout_users: Any = field("Holdout users of each segment.")
    holdout_conversions: Any = field("Holdout conversions of each segment.")

    def _flags(self) -> tuple[str, ...]:
        flags = ("pooled and stratified lift have different signs (Simpson)",) if self[15] else ()
        return (*flags, "segments differ") if self[14] < 0.05 else flags


def _groups(name: str, labels: Iterable[Hashable]) -> tuple[list[Hashable], list[int]]:
    """Labels in the order of their first row, and the place of each row's."""
    if isinstance(labels, (str, bytes)):
        raise error("wrong_type", f"{name} is not a column of labels, but {type(labels).__name__}")
    if hasattr(labels, "to_pylist"):
        labels = labels.to_pylist()
    elif hasattr(labels, "tolist"):
        labels = labels.tolist()
    elif hasattr(labels, "to_list"):
        labels = labels.to_list()
    places: dict[Hashable, int] = {}
    group = [places.setdefault(label, len(places)) for label in labels]
    return list(places), group


def segment_lift(
    segment: Iterable[Hashable],
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    confidence: float = 0.95,
) -> SegmentLiftResult:
    """The lift of each segment, the lift over all of them, and whether they agree.

    A row per segment, or several that are added up. Where the arms are split differently in each segment, throwing
    them together compares segments and not arms: use the stratified estimates, which compare within segments.
    Variances: Sato (1989) for Mantel and Haenszel's difference; Cochran's Q for the heterogeneity. The p-values of
    the segments are adjusted for their number.

    >>> import edgetally as et
    >>> s = et.segment_lift(["a", "b"], [9000, 1000], [90, 100], [1000, 9000], [8, 810])
    >>> s.per_segment_abs_lift.tolist(), s.pooled_abs_lift, s.simpson_warning
    ([0.002, 0.01], -0.0628, True)
    """
    labels, group = _groups("segment", segment)
    _, flat = arrays(
        exposed_users=exposed_users,
        exposed_conversions=exposed_conversions,
        holdout_users=holdout_users,
        holdout_conversions=holdout_conversions,
    )
    same_length({"segment": group, **flat})
    ((lift, *ends, relative), p_values, rejects, *rest), sums = _edgetally._segment_lift(
        group, *flat.values(), float(confidence)
    )
    return SegmentLiftResult((labels, lift, Interval(*ends), relative, *p_values, *rejects, *rest, *sums))


class SegmentRoasResult(Result):
    """What ``segment_roas`` returns; ``result["search"]`` is the return of the segment ``"search"``."""

    __slots__ = ()

    segment: Any = field("The segments, in the order of their first row.")
    roas: Any = field("Sum of revenue over sum of spend of each segment; NaN without spend.")
    total: float = field("All revenue over all spend.")
    revenue: Any = field("Revenue of each segment.")
    spend: Any = field("Spend of each segment.")
    mean_of_ratios: Any = field("What averaging the rows' ratios would say; wrong, for comparison only.")

    def __getitem__(self, key: Any) -> Any:
        """A field, or the return of a segment by its label as text; a field wins over a segment of its name."""
        try:
            return super().__getitem__(key)
        except KeyError:
            for prefix, column in (("", self.roas), ("mean_of_ratios_", self.mean_of_ratios)):
                for place, label in enumerate(self.segment):
                    if key == f"{prefix}{label}":
                        return float(column[place])
            raise


def segment_roas(
    spend: Numbers, revenue: Numbers, *, by: str | Iterable[Hashable], **columns: Iterable[Hashable]
) -> SegmentRoasResult:
    """Return on ad spend of each segment and of all: always the ratio of the sums, never the mean of the ratios.

    ``by`` is a column of labels, or the name of one that is passed as a further keyword.

    >>> import edgetally as et
    >>> r = et.segment_roas([100, 300, 50, 0], [500, 600, 40, 10], by=["search", "search", "social", "social"])
    >>> r["search"], r["social"], round(r.total, 3)
    (2.75, 1.0, 2.556)
    """
    if isinstance(by, str):
        if by not in columns:
            raise error("missing", f"by names the column {by}, which is not there")
        labels, group = _groups(by, columns[by])
    else:
        labels, group = _groups("by", by)
    _, flat = arrays(spend=spend, revenue=revenue)
    same_length({"by": group, **flat})
    (roas, revenues, spends, means), total = _edgetally._segment_roas(group, *flat.values())
    return SegmentRoasResult((labels, roas, total, revenues, spends, means))


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
    alpha: Numbers = 0.05,
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
    row = _GBSTATS((*arms, which, alpha, tuning, prior_mean, prior_sd), errors, threads)
    *start, keep, choose, chance, expected, interval = row._values
    return GbstatsCompatResult((*start, (keep, choose), chance, expected, interval), row._refused)


lift_gbstats_compat = gbstats_compat


__all__ = [
    "AdjustPvaluesResult",
    "CupedAdjustment",
    "CupedResult",
    "GbstatsCompatResult",
    "HoldoutCostResult",
    "LiftMdeResult",
    "LiftPowerResult",
    "LiftRevenueResult",
    "LiftRevenueValuesResult",
    "RatioMetricResult",
    "SampleSizeResult",
    "SegmentLiftResult",
    "SegmentRoasResult",
    "SequentialResult",
    "SequentialSimulationResult",
    "SrmResult",
    "ab_sample_size",
    "adjust_pvalues",
    "cuped",
    "cuped_from_sums",
    "gbstats_compat",
    "holdout_cost",
    "lift_gbstats_compat",
    "lift_mde",
    "lift_power",
    "lift_ratio_metric",
    "lift_revenue",
    "lift_revenue_values",
    "lift_sequential",
    "ratio_metric",
    "sample_size",
    "segment_lift",
    "segment_roas",
    "sequential",
    "sequential_simulation",
    "srm",
]
