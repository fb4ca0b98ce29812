"""Response curves that are known: revenue as a function of spend, its slope and its optimum."""

from __future__ import annotations

from . import _edgetally
from ._arguments import choice, error, floats
from ._edgetally import Calculator
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ._arguments import Number, Numbers


__all__ = [
    "ResponseEvaluation",
    "ResponseIncrement",
    "ResponseOptimum",
    "TwoPointCurve",
    "response_eval",
    "response_incremental",
    "response_optimum",
    "response_two_point",
]

PARAMETERS = {
    "power": ("k", "b"),
    "log": ("a", "c"),
    "michaelis_menten": ("vmax", "k"),
    "negexp": ("vmax", "c"),
    "hill": ("vmax", "k", "n"),
}


def params_of(model: Any, params: Any) -> tuple[Any, ...]:
    names = choice("model", model, PARAMETERS)
    if not hasattr(params, "keys") or set(params) != set(names):
        raise error("wrong_parameters", f"params does not have exactly the parameters of {model}: {', '.join(names)}")
    return tuple(params[name] for name in names)


class ResponseEvaluation(Result):
    """What ``response_eval`` returns."""

    __slots__ = ()

    revenue: Number = field("Revenue at this spend.")
    marginal_roas: Number = field("Revenue of the next unit of spend; infinite where the curve starts upright.")
    average_roas: Number = field("Revenue per unit of spend.")
    elasticity: Number = field("Per cent of revenue for one per cent of spend.")


class ResponseOptimum(Result):
    """What ``response_optimum`` and ``ResponseFit.optimum`` return."""

    __slots__ = ()

    optimal_spend: Number = field(
        "Spend with the highest profit; zero where none pays, undefined where more is always better."
    )
    revenue: Number = field("Revenue at the optimal spend.")
    profit: Number = field("Margin times revenue less spend at the optimum.")
    marginal_roas: Number = field(
        "Revenue of the next unit of spend at the optimum: one over the margin, unless capped."
    )


class ResponseIncrement(Result):
    """What ``response_incremental`` returns."""

    __slots__ = ()

    marginal_roas: Number = field("Extra revenue per unit of extra spend.")


_EVAL = {model: Calculator(f"response.eval.{model}", ResponseEvaluation) for model in PARAMETERS}
_OPTIMUM = {model: Calculator(f"response.optimum.{model}", ResponseOptimum) for model in PARAMETERS}
_INCREMENTAL = Calculator("response.incremental", ResponseIncrement)


def response_eval(
    model: str,
    params: Mapping[str, Numbers],
    spend: Numbers,
    *,
    errors: str = "raise",
    threads: int | None = None,
) -> ResponseEvaluation:
    """Evaluate a response curve at a spend: revenue, marginal and average return, elasticity.

    ``model`` and its ``params``, all above zero: ``power`` ``k s**b`` (``k``, ``b``); ``log`` ``a ln(1 + s/c)``
    (``a``, ``c``); ``michaelis_menten`` ``vmax s / (k + s)`` (``vmax``, ``k``); ``negexp`` ``vmax (1 - exp(-s/c))``
    (``vmax``, ``c``); ``hill`` ``vmax s**n / (k**n + s**n)`` (``vmax``, ``k``, ``n``). Parameters and spend may be
    columns.

    >>> import edgetally as et
    >>> at = et.response_eval("michaelis_menten", {"vmax": 400_000, "k": 50_000}, 50_000)
    >>> at.revenue, at.marginal_roas, at.average_roas, at.elasticity
    (200000.0, 2.0, 4.0, 0.5)
    """
    values = params_of(model, params)
    return _EVAL[model]((*values, spend), errors, threads)


def response_optimum(
    model: str,
    params: Mapping[str, Numbers],
    margin: Numbers,
    *,
    cap: Numbers = None,
    errors: str = "raise",
    threads: int | None = None,
) -> ResponseOptimum:
    """Find the spend on a curve that leaves the most of ``margin * revenue - spend``, not above ``cap``.

    ``margin`` is the share of revenue left before the spend. Models and parameters as in ``response_eval``. For
    ``hill`` the optimum is the root to the right of the inflexion, kept only if it leaves more than not spending.

    >>> import edgetally as et
    >>> best = et.response_optimum("log", {"a": 90_000, "c": 20_000}, margin=0.4)
    >>> best.optimal_spend, best.marginal_roas
    (16000.0, 2.5)
    """
    values = params_of(model, params)
    return _OPTIMUM[model]((*values, margin, cap), errors, threads)


def response_incremental(
    extra_spend: Numbers, extra_revenue: Numbers, *, errors: str = "raise", threads: int | None = None
) -> ResponseIncrement:
    """Give the marginal return of an observed change: extra revenue per unit of extra spend.

    Both may be negative, for a cut.

    >>> import edgetally as et
    >>> et.response_incremental(10_000, 25_000).marginal_roas
    2.5
    """
    return _INCREMENTAL((extra_spend, extra_revenue), errors, threads)


class TwoPointCurve(Result):
    """What ``response_two_point`` returns; ``result["b"]`` and ``result.b`` are the parameters."""

    __slots__ = ()

    model: str = field("The family of the curve.")
    params: Any = field("Its parameters by name.")

    def __getitem__(self, key: str | int) -> Any:
        """Get a field, or a parameter of the curve."""
        if isinstance(key, str) and key in self.params:
            return self.params[key]
        return super().__getitem__(key)

    def __getattr__(self, name: str) -> Any:
        """Get a parameter of the curve."""
        if not name.startswith("_") and name in self.params:
            return self.params[name]
        raise AttributeError(name)


def response_two_point(spend: Numbers, revenue: Numbers, *, model: str = "power") -> TwoPointCurve:
    """Draw the curve through two points, each a spend and its revenue; ``hill`` has three parameters and is refused.

    Two points have no residuals, so that nothing says how wrong the curve is; fit more where there are more.

    >>> import edgetally as et
    >>> curve = et.response_two_point([50_000, 100_000], [200_000, 300_000])
    >>> round(curve.b, 4), round(curve.k, 2)
    (0.585, 356.7)
    """
    choice("model", model, PARAMETERS)
    params = _edgetally.response_two_point(model, floats("spend", spend), floats("revenue", revenue))
    return TwoPointCurve((model, params))
