"""What can be reported: how each metric is made of sums, and what its columns mean."""

from __future__ import annotations

from .._arguments import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def ratio(numerator: Any, denominator: Any) -> Any:
    """Quotients; not defined over zero."""
    import numpy as np

    with np.errstate(all="ignore"):
        return np.where(denominator == 0, np.nan, numerator / denominator)


class Metric:
    """How a metric is made of sums: which columns, and which calculator they go to.

    ``margin`` is the option without which profit counts revenue whole; ``base`` are columns of which one is needed,
    the first by default.
    """

    __slots__ = ("base", "calculate", "estimate", "margin", "optional", "options", "required")

    def __init__(
        self,
        required: str,
        optional: str,
        options: str,
        estimate: str,
        calculate: Any,
        *,
        margin: str | None = None,
        base: str = "",
    ) -> None:
        """Words with spaces between them."""
        self.required = tuple(required.split())
        self.optional = tuple(optional.split())
        self.options = tuple(options.split())
        self.estimate = estimate
        self.calculate = calculate
        self.margin = margin
        self.base = tuple(base.split())

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it can use."""
        return self.required + self.base + self.optional


class Made:
    """Columns that a metric made, each with what it is; ``flags`` are words by row, ``refused`` rows broke a rule."""

    __slots__ = ("columns", "definition", "flags", "refused")

    def __init__(
        self, columns: dict[str, Any], definition: Mapping[str, str], flags: Any = None, refused: Any = None
    ) -> None:
        """What is said."""
        self.columns = columns
        self.definition = definition
        self.flags: dict[str, Any] = flags or {}
        self.refused = refused


def flat(result: Any) -> dict[str, Any]:
    """The fields of a result, an interval as three."""
    from .._edgetally import Interval

    table: dict[str, Any] = {}
    for name, value in zip(result.fields, result._values, strict=False):
        if isinstance(value, Interval):
            table[name], table[f"{name}_low"], table[f"{name}_high"] = value.estimate, value.low, value.high
        else:
            table[name] = value
    return table


def of_result(result: Any) -> Made:
    """A calculator's result as columns."""
    table = flat(result)
    definition = {}
    for name in table:
        base = name.removesuffix("_low").removesuffix("_high")
        end = " Lower end." if name == f"{base}_low" else " Upper end." if name == f"{base}_high" else ""
        definition[name] = (result.definition.get(name) or result.definition.get(base, "")) + end
    return Made(table, definition, refused=result._refused)


def _of(module: str, name: str, *arguments: str) -> Any:
    """A calculator that takes sums as they are."""

    def calculate(sums: dict[str, Any], options: dict[str, Any]) -> Made:
        from importlib import import_module

        function = getattr(import_module(f"..{module}", __package__), name)
        return of_result(function(*(sums[argument] for argument in arguments), **options))

    return calculate


def _funnel(sums: dict[str, Any], options: dict[str, Any]) -> Made:
    from .._funnel import funnel

    return of_result(
        funnel(
            1000 * ratio(sums["spend"], sums["impressions"]),
            ratio(sums["clicks"], sums["impressions"]),
            ratio(sums["conversions"], sums["clicks"]),
            ratio(sums["revenue"], sums["conversions"]),
            **options,
        )
    )


def _target_cpa(sums: dict[str, Any], options: dict[str, Any]) -> Made:
    from .._target_cpa import target_cpa

    return of_result(target_cpa(ratio(sums["ltv"], sums.get("customers", sums["rows"])), **options))


def _lift(sums: dict[str, Any], options: dict[str, Any]) -> Made:
    from .lifts import lift

    return lift(sums, options)


def _sum(name: str) -> Any:
    def calculate(sums: dict[str, Any], options: dict[str, Any]) -> Made:
        del options
        return Made({name: sums[name]}, {})

    return calculate


def _aov(sums: dict[str, Any], options: dict[str, Any]) -> Made:
    del options
    return Made({"aov": ratio(sums["revenue"], sums["conversions"])}, {"aov": "Revenue per conversion."})


def _rate(name: str, numerator: str, denominators: tuple[str, ...], text: str) -> Any:
    """A rate with Wilson's interval, from counts that need not be whole: platforms share conversions out."""

    def calculate(sums: dict[str, Any], options: dict[str, Any]) -> Made:
        import numpy as np

        base = next(role for role in denominators if role in sums)
        x, n = np.asarray(sums[numerator], dtype=np.float64), np.asarray(sums[base], dtype=np.float64)
        confidence = options.get("confidence", 0.95)
        refused = ~np.isnan(x) & ~np.isnan(n) & ((x < 0) | (x > n) | np.isinf(n))
        if options["errors"] == "raise" and refused.any():
            row = int(np.argmax(refused))
            what = f"is above {base}" if x[row] > n[row] else "is not a finite number from 0"
            raise error("exceeds", f"{numerator}[{row}] {what}")
        estimate, low, high = wilson(np.where(refused, np.nan, x), np.where(refused, np.nan, n), confidence)
        definition = {name: text, f"{name}_low": f"{text} Lower end.", f"{name}_high": f"{text} Upper end."}
        shared = {"fractional_counts": (x != np.floor(x)) & ~np.isnan(x)}
        return Made({name: estimate, f"{name}_low": low, f"{name}_high": high}, definition, shared, refused)

    return calculate


def wilson(x: Any, n: Any, confidence: float) -> tuple[Any, Any, Any]:
    """Rates with Wilson's intervals (1927): those of ``rate_ci`` where counts are whole, the same formula elsewhere."""
    import numpy as np

    from .._lift_ci import rate_ci

    whole = (x == np.floor(x)) & (n == np.floor(n))
    found = rate_ci(np.where(whole, x, np.nan), np.where(whole, n, np.nan), confidence=confidence, method="wilson").rate
    estimate, low, high = (np.array(part, dtype=np.float64) for part in (found.estimate, found.low, found.high))
    if not (whole | np.isnan(x) | np.isnan(n)).all():
        from statistics import NormalDist

        z = NormalDist().inv_cdf(0.5 + confidence / 2)
        with np.errstate(all="ignore"):
            p = x / n
            middle = (p + z * z / (2 * n)) / (1 + z * z / n)
            half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        other = ~whole & (n > 0)
        estimate[other], low[other], high[other] = p[other], (middle - half)[other], (middle + half)[other]
        low[other & (x == 0)] = 0.0
        high[other & (x == n)] = 1.0
    return estimate, low, high


_CONTRIBUTION = "gross_margin payment_fees shipping returns"
_BASES = ("clicks", "users", "sessions", "impressions")
_CTR = _rate("ctr", "clicks", ("impressions",), "Clicks per impression.")

METRICS = {
    "roas": Metric(
        "revenue spend",
        "",
        f"{_CONTRIBUTION} target_profit",
        "roas",
        _of("_returns", "roas", "revenue", "spend"),
        margin="gross_margin",
    ),
    "mer": Metric(
        "revenue spend",
        "",
        "margin buffer target_mer target_profit",
        "mer",
        _of("_returns", "mer", "revenue", "spend"),
        margin="margin",
    ),
    "roi": Metric("revenue cost", "", "months", "roi", _of("_roi", "roi", "revenue", "cost")),
    "cpa": Metric("spend conversions", "", "", "cpa", _of("_prices", "cpa", "spend", "conversions")),
    "cpc": Metric("spend clicks", "", "", "cpc", _of("_prices", "cpc", "spend", "clicks")),
    "cpm": Metric("spend impressions", "", "", "cpm", _of("_prices", "cpm", "spend", "impressions")),
    "ctr": Metric("clicks impressions", "", "confidence", "ctr", _CTR),
    "conversion_rate": Metric(
        "conversions",
        "",
        "confidence",
        "conversion_rate",
        _rate("conversion_rate", "conversions", _BASES, "Conversions per click, or per user, session or impression."),
        base=" ".join(_BASES),
    ),
    "aov": Metric("revenue conversions", "", "", "aov", _aov),
    "cac": Metric(
        "spend new_customers",
        "",
        "arpa gross_margin target_payback_months",
        "cac",
        _of("_prices", "cac", "spend", "new_customers"),
    ),
    "funnel": Metric(
        "spend impressions clicks conversions revenue",
        "",
        _CONTRIBUTION,
        "profit_per_mille",
        _funnel,
        margin="gross_margin",
    ),
    "target_cpa": Metric(
        "ltv",
        "customers",
        "margin buffer max_share ltv_to_cac payback_cpa share_incremental",
        "target_cpa",
        _target_cpa,
        margin="margin",
    ),
    "lift": Metric(
        "exposed_users exposed_conversions holdout_users holdout_conversions",
        "spend exposed_revenue holdout_revenue exposed_revenue_squares holdout_revenue_squares",
        "spend aov margin confidence method alternative expected_split mde relative",
        "rel_lift",
        _lift,
    ),
    **{
        name: Metric(name, "", "", name, _sum(name))
        for name in ("revenue", "spend", "cost", "conversions", "clicks", "impressions", "users", "new_customers")
    },
}

# A row per user or per arm instead of a row with both arms.
ARM_COLUMNS = ("arm", "users", "conversions", "revenue", "revenue_squares", "spend")

# What an argument of a calculator is made of, where it is not a column's sum.
MADE_OF = {
    "cpm": "1,000 x spend over impressions",
    "ctr": "clicks over impressions",
    "cvr": "conversions over clicks",
    "aov": "revenue over conversions",
}

# What flags of rows say, where a report has to say it in words too.
FLAGS = {
    "fractional_counts": "Some counts are not whole; their intervals are those of whole counts of this size.",
    "order_values_taken_as_equal": (
        "Without sums of squares of revenue, its interval rests on the counts of conversions, as if all orders of an "
        "arm had the same value: it is too narrow."
    ),
    "holdout_revenue_unknown": "Only the exposed have revenue: what is incremental is conversions times order value.",
}

DEFINITIONS = {
    "arm": "The exposed arm that is compared with the holdout.",
    "window_start": "First day of the window.",
    "window_end": "The day after the last day of the window.",
    "n_days": "Days of the window, whether or not there are data for them.",
    "complete": "All days of the window are over, and the data reach over all of them.",
    "mature": "The lag has passed since the window's end, so late conversions have come.",
    "rows": "Rows of the table that were summed.",
    "p_adjusted": "The p-value, adjusted for the number of rows of the report.",
    "flags": "What to know before a decision, in words with commas between them.",
    "srm": "The users were not split as planned (p below 0.001): believe no lift of this row.",
    "stratified_abs_lift": "Mean of the segments' differences of rates, weighed by exposed users.",
    "mantel_haenszel_abs_lift": "Mantel and Haenszel's difference of rates over the segments.",
    "heterogeneity_p": "p-value of Cochran's Q: do the segments differ in their lift?",
    "simpson": "All users together and the segments have lifts of different signs: believe the segments.",
}
