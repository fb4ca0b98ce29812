"""Tests that are looked at while they run."""

from __future__ import annotations

from . import _edgetally
from ._arguments import count, error, error_rate, number, optional, place
from ._edgetally import Calculator
from ._flags import Flagged, equals_one, includes_zero
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Bounds, Number, Numbers


__all__ = [
    "SequentialResult",
    "SequentialSimulationResult",
    "lift_sequential",
    "sequential",
    "sequential_simulation",
]


class SequentialResult(Flagged):
    """What ``sequential`` returns."""

    __slots__ = ()

    e_value: Number = field("Evidence against no difference; its mean is at most 1 when there is none.")
    p_always_valid: Number = field("Always-valid p-value: the smallest so far of 1, previous_p and 1/e_value.")
    e_value_pooled: Number = field(
        "The closed form with the variance of both arms together; for comparison, not valid with a small holdout."
    )
    p_always_valid_pooled: Number = field("The p-value from it.")
    confidence_sequence: Bounds = field("The difference of rates, with an interval that holds at all looks at once.")
    log_e_value: Number = field("The natural logarithm of the evidence.")
    small_counts: Number = field("1 where the evidence is the binomial likelihood's, 0 where the closed form holds.")

    def _marks(self) -> dict[str, Any]:
        return {"interval_includes_zero": includes_zero(self[4]), "small_counts": equals_one(self[6])}


_SEQUENTIAL = Calculator("lift.sequential", SequentialResult)


def sequential(
    exposed_users: Numbers,
    exposed_conversions: Numbers,
    holdout_users: Numbers,
    holdout_conversions: Numbers,
    *,
    tau: Numbers = None,
    confidence: Numbers = None,
    alpha: Numbers = None,
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
    (Waudby-Smith et al. 2021), tightest at ``tuning`` users in both arms together. ``confidence`` is 0.95 where nothing
    else is said; ``alpha`` is one less.

    Where counts are large the evidence is the closed form of the normal mixture; where a holdout has few conversions
    that would reject far too often, and the same mixture of the binomial likelihood is taken instead (flag
    ``small_counts``). The interval holds the differences that the test does not reject, so it leaves out zero exactly
    when this look's ``1/e_value`` is at most ``alpha``. A look at which nothing can be known has evidence 1 and an open
    interval.

    Pass the p-value of the look before as ``previous_p``. Counts are counts of users, not of events. The share of users
    that is exposed must stay the same during the test.

    >>> import edgetally as et
    >>> look = et.sequential(100_000, 1_200, 100_000, 900, tau=0.001)
    >>> round(look.confidence_sequence.low, 5), look.p_always_valid < 1e-7
    (0.00161, True)
    """
    which = place("kind", kind, ("msprt", "asympcs"))
    if which == 0.0 and tau is None:
        raise error("missing", "tau is required")
    arms = (exposed_users, exposed_conversions, holdout_users, holdout_conversions)
    return _SEQUENTIAL((*arms, tau, error_rate(confidence, alpha), previous_p, tuning, which), errors, threads)


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
    confidence: float | None = None,
    alpha: float | None = None,
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
        value = number(name, rate)
        if not 0.0 <= value <= 1.0:
            raise error("not_a_rate", f"{name} is not a rate from 0 to 1")
        rates.append(abs(value))  # a negative zero is a zero
    exposed = count("exposed_users_per_look", exposed_users_per_look, most=2**32)
    holdout = count("holdout_users_per_look", holdout_users_per_look, most=2**32)
    looks = count("looks", looks, most=2**32)
    repetitions = count("repetitions", repetitions, most=2**32)
    if looks * repetitions * (exposed * rates[0] + holdout * rates[1]) > 1e9:
        raise error("out_of_range", "repetitions of this size play more than 10^9 conversions: play fewer")
    values = _edgetally._sequential_simulation(
        *rates,
        exposed,
        holdout,
        looks,
        optional("tau", tau),
        number("tuning", tuning),
        number("alpha", error_rate(confidence, alpha)),
        repetitions,
        count("seed", seed, least=0),
    )
    return SequentialSimulationResult(values)
