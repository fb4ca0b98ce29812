"""What can be reported: how each metric is made of sums, and what its columns mean."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _ratio(numerator: Any, denominator: Any) -> Any:
    import numpy as np

    with np.errstate(all="ignore"):
        return np.where(denominator == 0, np.nan, numerator / denominator)


class _Metric:
    """How a metric is made of sums: which columns, and which calculator they go to."""

    __slots__ = ("calculate", "estimate", "optional", "options", "required")

    def __init__(self, required: str, optional: str, options: str, estimate: str, calculate: Any) -> None:
        self.required = tuple(required.split())
        self.optional = tuple(optional.split())
        self.options = tuple(options.split())
        self.estimate = estimate
        self.calculate = calculate

    @property
    def columns(self) -> tuple[str, ...]:
        return self.required + self.optional


def _of(module: str, name: str, *arguments: str) -> Any:
    """A calculator that takes sums as they are."""

    def calculate(sums: dict[str, Any], options: dict[str, Any]) -> Any:
        from importlib import import_module

        function = getattr(import_module(f"..{module}", __package__), name)
        return function(*(sums[argument] for argument in arguments), **options)

    return calculate


def _funnel(sums: dict[str, Any], options: dict[str, Any]) -> Any:
    from .._paid import funnel

    return funnel(
        1000 * _ratio(sums["spend"], sums["impressions"]),
        _ratio(sums["clicks"], sums["impressions"]),
        _ratio(sums["conversions"], sums["clicks"]),
        _ratio(sums["revenue"], sums["conversions"]),
        **options,
    )


def _target_cpa(sums: dict[str, Any], options: dict[str, Any]) -> Any:
    from .._paid import target_cpa

    return target_cpa(_ratio(sums["ltv"], sums.get("customers", sums["rows"])), **options)


def _lift(sums: dict[str, Any], options: dict[str, Any]) -> Any:
    from .. import _lift as module

    options = dict(options)
    split = options.get("expected_split")
    if split is not None and not isinstance(split, float):
        exposed, holdout = split
        options["expected_split"] = exposed / (exposed + holdout)
    if "spend" in sums:
        options["spend"] = sums["spend"]
    if "exposed_revenue" in sums:
        options["aov"] = _ratio(sums["exposed_revenue"], sums["exposed_conversions"])
    names = ("exposed_users", "exposed_conversions", "holdout_users", "holdout_conversions")
    return module.lift(*(sums[name] for name in names), **options)


_METRICS = {
    "roas": _Metric(
        "revenue spend",
        "",
        "gross_margin payment_fees shipping returns target_profit",
        "roas",
        _of("_paid", "roas", "revenue", "spend"),
    ),
    "mer": _Metric(
        "revenue spend", "", "margin buffer target_mer target_profit", "mer", _of("_paid", "mer", "revenue", "spend")
    ),
    "roi": _Metric("revenue cost", "", "months", "roi", _of("_paid", "roi", "revenue", "cost")),
    "cpa": _Metric("spend conversions", "", "", "cpa", _of("_paid", "cpa", "spend", "conversions")),
    "cpc": _Metric("spend clicks", "", "", "cpc", _of("_paid", "cpc", "spend", "clicks")),
    "cpm": _Metric("spend impressions", "", "", "cpm", _of("_paid", "cpm", "spend", "impressions")),
    "ctr": _Metric("clicks impressions", "", "", "ctr", _of("_paid", "ctr", "clicks", "impressions")),
    "cac": _Metric(
        "spend new_customers",
        "",
        "arpa gross_margin target_payback_months",
        "cac",
        _of("_paid", "cac", "spend", "new_customers"),
    ),
    "funnel": _Metric(
        "spend impressions clicks conversions revenue",
        "",
        "gross_margin payment_fees shipping returns",
        "profit_per_mille",
        _funnel,
    ),
    "target_cpa": _Metric(
        "ltv",
        "customers",
        "margin buffer max_share ltv_to_cac payback_cpa share_incremental",
        "target_cpa",
        _target_cpa,
    ),
    "lift": _Metric(
        "exposed_users exposed_conversions holdout_users holdout_conversions",
        "spend exposed_revenue",
        "spend aov margin confidence method alternative expected_split mde",
        "rel_lift",
        _lift,
    ),
}

# A row per user or per arm instead of a row with both arms.
_ARM_COLUMNS = ("arm", "users", "conversions", "revenue", "spend")
_EXPOSED = frozenset({"exposed", "treatment", "treated", "test", "1", "true"})
_HOLDOUT = frozenset({"holdout", "control", "0", "false"})

_DEFINITIONS = {
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


def _flat(result: Any) -> dict[str, Any]:
    from .._edgetally import Interval

    table: dict[str, Any] = {}
    for name, value in zip(result.fields, result._values, strict=False):
        if isinstance(value, Interval):
            table[name], table[f"{name}_low"], table[f"{name}_high"] = value.estimate, value.low, value.high
        else:
            table[name] = value
    return table
