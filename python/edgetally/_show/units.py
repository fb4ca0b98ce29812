"""What a field is measured in, and how its name reads: guessed from the name, unless its subject knows better."""

from __future__ import annotations

_WORDS = {
    "aicc": "AICc",
    "aic": "AIC",
    "aov": "order value",
    "arpa": "revenue per account",
    "bic": "BIC",
    "cac": "cost of a customer",
    "cpa": "CPA",
    "cpc": "CPC",
    "cpl": "cost of a lead",
    "cpm": "CPM",
    "ctr": "click rate",
    "cvr": "conversion rate",
    "irr": "internal rate of return",
    "iroas": "incremental ROAS",
    "ltv": "lifetime value",
    "mer": "MER",
    "mirr": "modified internal rate of return",
    "npv": "net present value",
    "roas": "ROAS",
    "roi": "ROI",
    "abs": "absolute",
    "rel": "relative",
    "diff": "difference",
    "prob": "probability of",
    "per_mille": "per 1,000 impressions",
    "se": "standard error",
}

# By whole name, or by how a name ends.
_UNITS = {
    "text": """
        model best boundary label source medium campaign channel reject reject_holm reject_bh segment channels
        ranking
    """,
    "points": """
        abs_lift diff diff_wald diff_newcombe diff_agresti_caffo diff_score diff_score_uncorrected break_even_diff
        posterior_mean_diff diff_credible expected_loss_ship expected_loss_keep per_segment_abs_lift
        per_segment_abs_ci pooled_abs_lift stratified_abs_lift_exposed_weights mantel_haenszel_diff
        confidence_sequence mde_abs stratified_abs_lift mantel_haenszel_abs_lift
    """,
    "number": "z_pooled z_unpooled e_value e_value_pooled",
    "percent": """
        rate ctr cvr share roi irr mirr rel_lift lift retention churn wilson agresti_coull jeffreys normal
        clopper_pearson contribution_margin profit_margin share_incremental variance_reduction mde_rel
        rel_ci_delta rel_ci_fieller rel_lift_delta_normal coverage coverage_of_server coverage_of_pixel
        any_identifier pre_rmse_share retention_1 retention_12 retention_horizon survival_8 survival_12
        effective_share monthly survival variance_reduction_within variance_reduction_pooled r2
        per_segment_rel_lift server_uplift unbounded_share weights
    """,
    "times": """
        roas mer multiple ratio ltv_to_cac factor profitability_index inflation iroas marginal_roas mean_of_ratios
        profit_per_dollar shadow_price marginal_profit_current marginal_profit_optimal ratio_log_adjusted
        ratio_score ratio_score_uncorrected ratio_ci ratio_ci_exact total_ratio
    """,
    "p": """
        p_value p_adjusted p_holm p_bh p_score p_fisher p_fisher_mid p_boschloo p_barnard p_barnard_pooled
        p_pooled p_unpooled p_mid p_exact_minlike p_exact_central p_exact_binomial p_always_valid
        p_always_valid_pooled heterogeneity_p total_p raw_p sequential_p split_p_value adjusted holm fdr_bh
        bonferroni hommel fdr_by simes_hochberg p_sequential_k100 p_sequential_k10000
    """,
    "probability": "power chance_to_win rejected missed naive fixed base_conversion_probability",
    "months": "months lifetime_months payback_months months_simple months_with_churn months_discounted",
    "periods": "payback_periods",
    "count": """
        conversions users clicks customers rows events total_conversions n_control n_treatment n_total
        n_control_exact n_control_unpooled n_control_arcsine expected exposed_capped holdout_capped
        failed_resamples windows required_clicks rolled_out per_conversion pixel_total server_total pixel_unique
        server_unique overlap union server_only pixel_only counted_without_dedup conversions_per_mille
        clicks_per_mille n_days incremental_conversions
    """,
    "money": """
        cpa cpc cpm cpl cac aov arpa revenue profit spend ltv npv cost total_spend annuity cash_flow winsorize_cap
        required_cash_flow arr price budget gross_profit profit_per_order per_customer gap spend_gap profit_delta
        month revenue_per_mille contribution_per_mille profit_per_mille contribution_per_conversion
        revenue_shortfall tail profit_cpm profit_ctr profit_cvr profit_aov profit_change total_revenue
        averaged_optimal_spend max_cpa_no_churn ltv_undiscounted target_by_ratio target_by_share
        max_spend_at_target_mer cumulative pooled_cumulative gross_profit_month ltv_simple optimal_spend_uncapped
        baseline
    """,
}
_BY_NAME = {name: unit for unit, names in _UNITS.items() for name in names.split()}
# The part of a name that decides, the first that is met.
_WITHIN = (
    ("prob_", "probability"),
    ("_score", "number"),
    ("_se", "number"),
    ("log_", "number"),
    ("exponent", "number"),
    ("elasticity", "number"),
    ("ratio", "times"),
    ("_roas", "times"),
    ("roas_", "times"),
    ("_mer", "times"),
    ("_rate", "percent"),
    ("_share", "percent"),
    ("_ctr", "percent"),
    ("_cvr", "percent"),
    ("months", "months"),
    ("years", "years"),
    ("conversions", "count"),
    ("_users", "count"),
    ("customers", "count"),
    ("margin", "percent"),
    ("revenue", "money"),
    ("profit", "money"),
    ("spend", "money"),
    ("cpa", "money"),
    ("cpc", "money"),
    ("cpm", "money"),
    ("cpl", "money"),
    ("cac", "money"),
    ("aov", "money"),
    ("ltv", "money"),
    ("target_by", "money"),
    ("incrementality_adjusted", "money"),
)

# The order in which groups are shown, and what stands above them.
HEADINGS = (
    ("count", "Counts"),
    ("money", "Money"),
    ("times", "Returns and ratios"),
    ("percent", "Rates and shares"),
    ("months", "Time"),
    ("probability", "How sure"),
    ("number", "Other"),
)
_GROUPS = {"points": "percent", "p": "probability", "periods": "months", "years": "months", "text": "number"}


def unit(name: str) -> str:
    """The unit of a field, ``number`` where the name does not say."""
    base = name.removesuffix("_low").removesuffix("_high")
    for known in (base, base.partition("_ci")[0]):
        if known in _BY_NAME:
            return _BY_NAME[known]
    found = next((what for part, what in _WITHIN if part in base), None)
    if found is not None:
        return found
    ends = [base.rpartition("_")[2], "_".join(base.rsplit("_", 2)[1:])]
    return next((_BY_NAME[end] for end in ends if end in _BY_NAME), "number")


def group(what: str) -> str:
    """Which heading a unit stands under."""
    return _GROUPS.get(what, what)


def words(name: str) -> str:
    """A field's name as it is said: ``incremental_cpa`` is incremental CPA."""
    text = name.removesuffix("_delta").removesuffix("_ci").replace("p_value", "p-value")
    text = text.replace("per_mille", "per 1,000").replace("break_even", "break-even")
    return " ".join(_WORDS.get(word, word) for word in text.split("_"))
