# mypy: disable-error-code="overload-overlap"
"""What edgetally exports. Written by scripts/stubs.py; `make stubs` writes it anew.

A number is a column to the second overload too; the first one that fits is right.
"""

import datetime
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar, overload, type_check_only

import numpy as np
from numpy.typing import NDArray

from . import events as events

from ._edgetally import EdgetallyError as EdgetallyError
from ._edgetally import Interval as Interval
from ._edgetally import channel_group as channel_group
from ._edgetally import dialects as dialects
from ._edgetally import error_codes as error_codes
from ._edgetally import hash_birth_date as hash_birth_date
from ._edgetally import hash_city as hash_city
from ._edgetally import hash_country as hash_country
from ._edgetally import hash_email as hash_email
from ._edgetally import hash_external_id as hash_external_id
from ._edgetally import hash_first_name as hash_first_name
from ._edgetally import hash_gender as hash_gender
from ._edgetally import hash_last_name as hash_last_name
from ._edgetally import hash_phone as hash_phone
from ._edgetally import hash_postal_code as hash_postal_code
from ._edgetally import hash_region as hash_region
from ._edgetally import hash_street as hash_street
from ._edgetally import normalize_birth_date as normalize_birth_date
from ._edgetally import normalize_city as normalize_city
from ._edgetally import normalize_country as normalize_country
from ._edgetally import normalize_email as normalize_email
from ._edgetally import normalize_external_id as normalize_external_id
from ._edgetally import normalize_first_name as normalize_first_name
from ._edgetally import normalize_gender as normalize_gender
from ._edgetally import normalize_last_name as normalize_last_name
from ._edgetally import normalize_phone as normalize_phone
from ._edgetally import normalize_postal_code as normalize_postal_code
from ._edgetally import normalize_region as normalize_region
from ._edgetally import normalize_street as normalize_street
from ._edgetally import response_two_point as response_two_point
from ._edgetally import sha256_hex as sha256_hex
from ._edgetally import source_category as source_category
from ._edgetally import window_span as window_span
from .events import RateChangeResult as RateChangeResult
from .events import OverdispersedChangeResult as OverdispersedChangeResult
from .events import SeasonalChangeResult as SeasonalChangeResult
from .events import DedupResult as DedupResult
from .events import MatchQualityResult as MatchQualityResult
from .events import CoverageResult as CoverageResult
from ._edgetally import Record

__version__: str

__all__ = [
    "AdjustPvaluesResult",
    "AdstockResult",
    "Allocation",
    "AllocationPlan",
    "AnnuityResult",
    "AttributionResult",
    "BlendedCacResult",
    "BreakEvenCpmResult",
    "BreakEvenCtrResult",
    "BreakEvenCvrResult",
    "BreakEvenRoasResult",
    "CacResult",
    "CashFlowsResult",
    "ClickCvrResult",
    "CohortLtvResult",
    "Comparison",
    "CpaResult",
    "CpcResult",
    "CplToCacResult",
    "CpmResult",
    "CreditResult",
    "CtrResult",
    "CupedAdjustment",
    "CupedResult",
    "EdgetallyError",
    "FittedOptimum",
    "FunnelDecomposition",
    "FunnelElasticity",
    "FunnelResult",
    "FunnelSolution",
    "FunnelTornado",
    "FunnelUncertainty",
    "GbstatsCompatResult",
    "GeoDidResult",
    "GeoPowerResult",
    "GeoSyntheticControlResult",
    "HoldoutCostResult",
    "IncrementalityResult",
    "Interval",
    "LiftBayesResult",
    "LiftCiResult",
    "LiftDiffCiResult",
    "LiftEconomicsResult",
    "LiftEstimates",
    "LiftMdeResult",
    "LiftPValueResult",
    "LiftPowerResult",
    "LiftRelCiResult",
    "LiftResult",
    "LiftRevenueProductResult",
    "LiftRevenueResult",
    "LiftRevenueValuesResult",
    "LiftScoreResult",
    "LtvBootstrapResult",
    "LtvFromCountsResult",
    "LtvResult",
    "LtvToCacResult",
    "MarginalRoasResult",
    "MaxCpcResult",
    "MerResult",
    "MonthlyRateResult",
    "Partial",
    "PaybackResult",
    "RateCiResult",
    "RateResult",
    "RatioMetricResult",
    "Report",
    "ResponseEvaluation",
    "ResponseFit",
    "ResponseIncrement",
    "ResponseOptimum",
    "ResponseSelection",
    "Result",
    "RetentionLtvResult",
    "RoasResult",
    "RoiResult",
    "SampleSizeResult",
    "SbgResult",
    "SegmentLiftResult",
    "SegmentRoasResult",
    "SequentialResult",
    "SequentialSimulationResult",
    "SpanResult",
    "SrmResult",
    "TargetCpaPaybackResult",
    "TargetCpaResult",
    "TargetRoasResult",
    "TimeDecayResult",
    "TrafficResult",
    "TwoPhasePaybackResult",
    "TwoPointCurve",
    "UtmResult",
    "WindowResult",
    "XirrResult",
    "__version__",
    "ab_sample_size",
    "adjust_pvalues",
    "adstock",
    "allocate",
    "attribution",
    "attribution_incrementality",
    "attribution_time_decay",
    "blended_cac",
    "break_even_cpm",
    "break_even_ctr",
    "break_even_cvr",
    "break_even_roas",
    "cac",
    "channel_group",
    "click_cvr",
    "compare_windows",
    "cpa",
    "cpc",
    "cpl_to_cac",
    "cpm",
    "ctr",
    "cuped",
    "cuped_from_sums",
    "dialects",
    "error_codes",
    "events",
    "events_coverage",
    "events_dedup",
    "events_match_quality",
    "events_rate_change",
    "events_rate_change_overdispersed",
    "events_seasonal_change",
    "fit_response",
    "funnel",
    "funnel_decompose",
    "funnel_elasticity",
    "funnel_from_counts",
    "funnel_solve",
    "funnel_tornado",
    "funnel_uncertainty",
    "gbstats_compat",
    "geo_did",
    "geo_power",
    "geo_synthetic_control",
    "hash_birth_date",
    "hash_city",
    "hash_country",
    "hash_email",
    "hash_external_id",
    "hash_first_name",
    "hash_gender",
    "hash_last_name",
    "hash_phone",
    "hash_postal_code",
    "hash_region",
    "hash_street",
    "holdout_cost",
    "lift",
    "lift_bayes",
    "lift_ci",
    "lift_diff_ci",
    "lift_economics",
    "lift_gbstats_compat",
    "lift_mde",
    "lift_p_value",
    "lift_power",
    "lift_ratio_metric",
    "lift_rel_ci",
    "lift_revenue",
    "lift_revenue_product",
    "lift_revenue_values",
    "lift_sequential",
    "ltv",
    "ltv_bootstrap",
    "ltv_cohort",
    "ltv_from_counts",
    "ltv_retention",
    "ltv_sbg",
    "ltv_to_cac",
    "marginal_roas",
    "max_cpc",
    "mer",
    "merge",
    "normalize_birth_date",
    "normalize_city",
    "normalize_country",
    "normalize_email",
    "normalize_external_id",
    "normalize_first_name",
    "normalize_gender",
    "normalize_last_name",
    "normalize_phone",
    "normalize_postal_code",
    "normalize_region",
    "normalize_street",
    "parse_utm",
    "payback",
    "payback_two_phase",
    "rate_ci",
    "rate_monthly",
    "ratio_metric",
    "report",
    "response_eval",
    "response_fit",
    "response_incremental",
    "response_optimum",
    "response_select",
    "response_two_point",
    "roas",
    "roi",
    "roi_annuity",
    "roi_cashflows",
    "sample_size",
    "segment_lift",
    "segment_roas",
    "sequential",
    "sequential_simulation",
    "sha256_hex",
    "source_category",
    "srm",
    "summarize",
    "target_cpa",
    "target_cpa_payback",
    "target_roas",
    "traffic",
    "window",
    "window_span",
    "window_starts",
    "xirr",
]

_T = TypeVar("_T")

_Numeric: TypeAlias = float | NDArray[Any] | Sequence[float | None] | None

class Result(Record):
    fields: ClassVar[tuple[str, ...]]
    definition: ClassVar[Mapping[str, str]]
    @property
    def status(self) -> Any: ...
    def to_dict(self) -> dict[str, Any]: ...
    def to_pandas(self) -> Any: ...
    def to_polars(self) -> Any: ...
    def to_arrow(self) -> Any: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...
    def summary(self) -> str: ...
    def plot(self, ax: Any = None) -> Any: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...
    def __class_getitem__(cls, item: object) -> Any: ...

class AttributionResult(Result):
    @property
    def first(self) -> Any: ...
    @property
    def last(self) -> Any: ...
    @property
    def linear(self) -> Any: ...
    @property
    def position_40_20_40(self) -> Any: ...
    @property
    def linear_unique(self) -> Any: ...
    @property
    def shapley_sum_game(self) -> Any: ...
    @property
    def markov_removal_effect(self) -> Any: ...
    @property
    def markov_order1(self) -> Any: ...
    @property
    def base_conversion_probability(self) -> float: ...
    @property
    def total_conversions(self) -> float: ...

class CreditResult(Result):
    @property
    def credit(self) -> Any: ...
    @property
    def share(self) -> Any: ...
    @property
    def removal_effect(self) -> Any: ...
    @property
    def base_conversion_probability(self) -> Any: ...
    @property
    def total_conversions(self) -> Any: ...

class IncrementalityResult(Result, Generic[_T]):
    @property
    def factor(self) -> Any: ...

class TimeDecayResult(Result):
    @property
    def weights(self) -> Any: ...

class TrafficResult(Result):
    @property
    def source(self) -> Any: ...
    @property
    def medium(self) -> Any: ...
    @property
    def campaign(self) -> Any: ...
    @property
    def click_id(self) -> Any: ...
    @property
    def origin(self) -> Any: ...
    @property
    def channel(self) -> Any: ...

class UtmResult(Result):
    @property
    def utm_source(self) -> Any: ...
    @property
    def utm_medium(self) -> Any: ...
    @property
    def utm_campaign(self) -> Any: ...
    @property
    def utm_id(self) -> Any: ...
    @property
    def utm_source_platform(self) -> Any: ...
    @property
    def utm_term(self) -> Any: ...
    @property
    def utm_content(self) -> Any: ...
    @property
    def utm_creative_format(self) -> Any: ...
    @property
    def utm_marketing_tactic(self) -> Any: ...

class AdjustPvaluesResult(Result):
    @property
    def adjusted(self) -> Any: ...
    @property
    def reject(self) -> Any: ...
    @property
    def holm(self) -> Any: ...
    @property
    def fdr_bh(self) -> Any: ...
    @property
    def bonferroni(self) -> Any: ...
    @property
    def hommel(self) -> Any: ...
    @property
    def fdr_by(self) -> Any: ...
    @property
    def simes_hochberg(self) -> Any: ...
    @property
    def reject_holm(self) -> Any: ...
    @property
    def reject_bh(self) -> Any: ...
    def __getitem__(self, key: Any) -> Any: ...

class CupedAdjustment(Result):
    @property
    def theta(self) -> float: ...
    @property
    def mean_exposed(self) -> float: ...
    @property
    def mean_holdout(self) -> float: ...
    @property
    def var_exposed(self) -> float: ...
    @property
    def var_holdout(self) -> float: ...
    @property
    def diff(self) -> float: ...
    @property
    def diff_ci(self) -> Interval[float]: ...
    @property
    def se(self) -> float: ...
    @property
    def t(self) -> float: ...
    @property
    def df(self) -> float: ...
    @property
    def p_value(self) -> float: ...
    @property
    def variance_reduction(self) -> float: ...

class CupedResult(Result):
    @property
    def within_arm(self) -> CupedAdjustment: ...
    @property
    def pooled(self) -> CupedAdjustment: ...
    @property
    def raw_diff(self) -> float: ...
    @property
    def raw_p(self) -> float: ...
    @property
    def raw_ci(self) -> Interval[float]: ...
    @property
    def variance_reduction_within(self) -> float: ...
    @property
    def variance_reduction_pooled(self) -> float: ...

class GbstatsCompatResult(Result, Generic[_T]):
    @property
    def expected(self) -> _T: ...
    @property
    def ci(self) -> Interval[_T]: ...
    @property
    def p_value(self) -> _T: ...
    @property
    def se(self) -> _T: ...
    @property
    def sequential_ci(self) -> Interval[_T]: ...
    @property
    def sequential_p(self) -> _T: ...
    @property
    def chance_to_win(self) -> _T: ...
    @property
    def credible(self) -> Interval[_T]: ...
    @property
    def risk(self) -> Any: ...
    @property
    def prior_chance_to_win(self) -> _T: ...
    @property
    def prior_expected(self) -> _T: ...
    @property
    def prior_ci(self) -> Interval[_T]: ...

class HoldoutCostResult(Result, Generic[_T]):
    @property
    def variance_inflation(self) -> Any: ...
    @property
    def width_inflation(self) -> Any: ...
    @property
    def effective_share(self) -> Any: ...

class LiftMdeResult(Result, Generic[_T]):
    @property
    def mde_abs(self) -> _T: ...
    @property
    def mde_rel(self) -> _T: ...

class LiftPowerResult(Result, Generic[_T]):
    @property
    def power(self) -> _T: ...

class LiftRevenueResult(Result, Generic[_T]):
    @property
    def diff(self) -> _T: ...
    @property
    def se(self) -> _T: ...
    @property
    def t(self) -> _T: ...
    @property
    def df(self) -> _T: ...
    @property
    def p_value(self) -> _T: ...
    @property
    def diff_ci(self) -> Interval[_T]: ...
    @property
    def rel_lift(self) -> Interval[_T]: ...
    @property
    def rel_ci_delta(self) -> Interval[_T]: ...
    @property
    def rel_ci_fieller(self) -> Interval[_T]: ...
    @property
    def incremental_revenue(self) -> Interval[_T]: ...
    @property
    def incremental_roas(self) -> Interval[_T]: ...
    @property
    def incremental_profit(self) -> Interval[_T]: ...

class LiftRevenueValuesResult(Result):
    @property
    def diff(self) -> Any: ...
    @property
    def se(self) -> Any: ...
    @property
    def t(self) -> Any: ...
    @property
    def df(self) -> Any: ...
    @property
    def p_value(self) -> Any: ...
    @property
    def diff_ci(self) -> Any: ...
    @property
    def rel_lift(self) -> Any: ...
    @property
    def rel_ci_delta(self) -> Any: ...
    @property
    def rel_ci_fieller(self) -> Any: ...
    @property
    def incremental_revenue(self) -> Any: ...
    @property
    def incremental_roas(self) -> Any: ...
    @property
    def incremental_profit(self) -> Any: ...
    @property
    def winsorize_cap(self) -> Any: ...
    @property
    def exposed_capped(self) -> Any: ...
    @property
    def holdout_capped(self) -> Any: ...

class RatioMetricResult(Result):
    @property
    def ratio_exposed(self) -> float: ...
    @property
    def se_exposed(self) -> float: ...
    @property
    def ratio_holdout(self) -> float: ...
    @property
    def se_holdout(self) -> float: ...
    @property
    def diff(self) -> float: ...
    @property
    def se(self) -> float: ...
    @property
    def z(self) -> float: ...
    @property
    def p_value(self) -> float: ...
    @property
    def diff_ci_z(self) -> Interval[float]: ...
    @property
    def rel_lift(self) -> Interval[float]: ...

class SampleSizeResult(Result, Generic[_T]):
    @property
    def n_control(self) -> _T: ...
    @property
    def n_treatment(self) -> _T: ...
    @property
    def n_total(self) -> _T: ...
    @property
    def n_control_exact(self) -> _T: ...
    @property
    def n_control_unpooled(self) -> _T: ...
    @property
    def n_control_arcsine(self) -> _T: ...

class SegmentLiftResult(Result):
    @property
    def segment(self) -> Any: ...
    @property
    def per_segment_abs_lift(self) -> Any: ...
    @property
    def per_segment_abs_ci(self) -> Interval[float]: ...
    @property
    def per_segment_rel_lift(self) -> Any: ...
    @property
    def p_score(self) -> Any: ...
    @property
    def p_holm(self) -> Any: ...
    @property
    def p_bh(self) -> Any: ...
    @property
    def reject_holm(self) -> Any: ...
    @property
    def reject_bh(self) -> Any: ...
    @property
    def pooled_abs_lift(self) -> float: ...
    @property
    def stratified_abs_lift_exposed_weights(self) -> Interval[float]: ...
    @property
    def mantel_haenszel_diff(self) -> Interval[float]: ...
    @property
    def heterogeneity_q(self) -> float: ...
    @property
    def heterogeneity_df(self) -> float: ...
    @property
    def heterogeneity_p(self) -> float: ...
    @property
    def simpson_warning(self) -> bool: ...
    @property
    def exposed_users(self) -> Any: ...
    @property
    def exposed_conversions(self) -> Any: ...
    @property
    def holdout_users(self) -> Any: ...
    @property
    def holdout_conversions(self) -> Any: ...

class SegmentRoasResult(Result):
    @property
    def segment(self) -> Any: ...
    @property
    def roas(self) -> Any: ...
    @property
    def total(self) -> float: ...
    @property
    def revenue(self) -> Any: ...
    @property
    def spend(self) -> Any: ...
    @property
    def mean_of_ratios(self) -> Any: ...
    def __getitem__(self, key: Any) -> Any: ...

class SequentialResult(Result, Generic[_T]):
    @property
    def e_value(self) -> _T: ...
    @property
    def p_always_valid(self) -> _T: ...
    @property
    def e_value_pooled(self) -> _T: ...
    @property
    def p_always_valid_pooled(self) -> _T: ...
    @property
    def confidence_sequence(self) -> Interval[_T]: ...
    @property
    def log_e_value(self) -> _T: ...

class SequentialSimulationResult(Result):
    @property
    def rejected(self) -> Any: ...
    @property
    def missed(self) -> Any: ...
    @property
    def naive(self) -> Any: ...
    @property
    def fixed(self) -> Any: ...
    @property
    def mean_stop(self) -> Any: ...

class SrmResult(Result):
    @property
    def chi2(self) -> float: ...
    @property
    def df(self) -> float: ...
    @property
    def p_value(self) -> float: ...
    @property
    def p_exact_binomial(self) -> float: ...
    @property
    def log_bayes_factor_k100(self) -> float: ...
    @property
    def p_sequential_k100(self) -> float: ...
    @property
    def log_bayes_factor_k10000(self) -> float: ...
    @property
    def p_sequential_k10000(self) -> float: ...
    @property
    def mismatch(self) -> bool: ...

class GeoDidResult(Result):
    @property
    def did(self) -> float: ...
    @property
    def did_ci(self) -> Interval[float]: ...
    @property
    def counterfactual(self) -> float: ...
    @property
    def lift(self) -> float: ...
    @property
    def std_error(self) -> float: ...
    @property
    def degrees_of_freedom(self) -> float: ...
    @property
    def p_value(self) -> float: ...
    @property
    def incremental(self) -> float: ...
    @property
    def iroas(self) -> Interval[float]: ...

class GeoPowerResult(Result):
    @property
    def lifts(self) -> Any: ...
    @property
    def power(self) -> Any: ...
    @property
    def windows(self) -> Any: ...
    @property
    def detectable_lift(self) -> Any: ...

class GeoSyntheticControlResult(Result):
    @property
    def weights(self) -> Any: ...
    @property
    def augmented_weights(self) -> Any: ...
    @property
    def ridge(self) -> Any: ...
    @property
    def pre_rmse(self) -> float: ...
    @property
    def pre_rmse_share(self) -> float: ...
    @property
    def counterfactual(self) -> Any: ...
    @property
    def effect(self) -> Any: ...
    @property
    def average_effect(self) -> Interval[float]: ...
    @property
    def incremental(self) -> float: ...
    @property
    def lift(self) -> float: ...
    @property
    def iroas(self) -> Interval[float]: ...
    @property
    def p_value(self) -> float: ...
    @property
    def placebo_effects(self) -> Any: ...

class LiftBayesResult(Result, Generic[_T]):
    @property
    def prob_lift_positive(self) -> _T: ...
    @property
    def prob_lift_not_positive(self) -> _T: ...
    @property
    def posterior_mean_diff(self) -> _T: ...
    @property
    def expected_loss_ship(self) -> _T: ...
    @property
    def expected_loss_keep(self) -> _T: ...
    @property
    def diff_credible(self) -> Interval[_T]: ...
    @property
    def ratio_credible(self) -> Interval[_T]: ...
    @property
    def prob_above_threshold(self) -> _T: ...
    @property
    def prob_in_rope(self) -> _T: ...

class LiftPValueResult(Result, Generic[_T]):
    @property
    def p_value(self) -> _T: ...
    @property
    def exact(self) -> _T: ...
    @property
    def z_pooled(self) -> _T: ...
    @property
    def p_pooled(self) -> _T: ...
    @property
    def p_score(self) -> _T: ...
    @property
    def z_unpooled(self) -> _T: ...
    @property
    def p_unpooled(self) -> _T: ...
    @property
    def p_fisher(self) -> _T: ...
    @property
    def p_fisher_mid(self) -> _T: ...
    @property
    def p_boschloo(self) -> _T: ...
    @property
    def p_barnard(self) -> _T: ...
    @property
    def p_barnard_pooled(self) -> _T: ...

class LiftCiResult(Result, Generic[_T]):
    @property
    def diff(self) -> Any: ...
    @property
    def ratio(self) -> Any: ...

class LiftDiffCiResult(Result, Generic[_T]):
    @property
    def diff(self) -> _T: ...
    @property
    def diff_wald(self) -> Interval[_T]: ...
    @property
    def diff_newcombe(self) -> Interval[_T]: ...
    @property
    def diff_agresti_caffo(self) -> Interval[_T]: ...
    @property
    def diff_score(self) -> Interval[_T]: ...
    @property
    def diff_score_uncorrected(self) -> Interval[_T]: ...

class LiftEconomicsResult(Result, Generic[_T]):
    @property
    def exposed_rate(self) -> _T: ...
    @property
    def holdout_rate(self) -> _T: ...
    @property
    def abs_lift(self) -> Interval[_T]: ...
    @property
    def rel_lift(self) -> Interval[_T]: ...
    @property
    def expected_conversions(self) -> _T: ...
    @property
    def incremental_conversions(self) -> Interval[_T]: ...
    @property
    def incremental_revenue(self) -> Interval[_T]: ...
    @property
    def incremental_gross_profit(self) -> Interval[_T]: ...
    @property
    def incremental_profit(self) -> Interval[_T]: ...
    @property
    def incremental_roas(self) -> Interval[_T]: ...
    @property
    def incremental_cpa(self) -> Interval[_T]: ...
    @property
    def share_incremental(self) -> Interval[_T]: ...
    @property
    def incremental_conversions_per_mille(self) -> Interval[_T]: ...
    @property
    def incremental_conversions_rolled_out(self) -> Interval[_T]: ...
    @property
    def break_even_incremental_conversions(self) -> _T: ...
    @property
    def break_even_diff(self) -> _T: ...
    @property
    def z(self) -> _T: ...
    @property
    def p_value(self) -> _T: ...
    @property
    def split_p_value(self) -> _T: ...
    @property
    def quality(self) -> _T: ...
    @property
    def prob_lift_positive(self) -> _T: ...
    @property
    def prob_profit_positive(self) -> _T: ...

class LiftEstimates(Result):
    @property
    def exposed_rate(self) -> Any: ...
    @property
    def holdout_rate(self) -> Any: ...
    @property
    def abs_lift(self) -> Any: ...
    @property
    def rel_lift(self) -> Any: ...
    @property
    def expected_conversions(self) -> Any: ...
    @property
    def incremental_conversions(self) -> Any: ...
    @property
    def incremental_revenue(self) -> Any: ...
    @property
    def incremental_gross_profit(self) -> Any: ...
    @property
    def incremental_profit(self) -> Any: ...
    @property
    def incremental_roas(self) -> Any: ...
    @property
    def incremental_cpa(self) -> Any: ...

class LiftRelCiResult(Result, Generic[_T]):
    @property
    def ratio(self) -> _T: ...
    @property
    def rel_lift(self) -> _T: ...
    @property
    def ratio_katz(self) -> Interval[_T]: ...
    @property
    def ratio_log_adjusted(self) -> Interval[_T]: ...
    @property
    def ratio_score(self) -> Interval[_T]: ...
    @property
    def ratio_score_uncorrected(self) -> Interval[_T]: ...
    @property
    def ratio_mover(self) -> Interval[_T]: ...
    @property
    def ratio_fieller(self) -> Interval[_T]: ...
    @property
    def rel_lift_delta_normal(self) -> Interval[_T]: ...

class LiftResult(Result, Generic[_T]):
    @property
    def exposed_rate(self) -> _T: ...
    @property
    def holdout_rate(self) -> _T: ...
    @property
    def abs_lift(self) -> Interval[_T]: ...
    @property
    def rel_lift(self) -> Interval[_T]: ...
    @property
    def expected_conversions(self) -> _T: ...
    @property
    def incremental_conversions(self) -> Interval[_T]: ...
    @property
    def incremental_revenue(self) -> Interval[_T]: ...
    @property
    def incremental_gross_profit(self) -> Interval[_T]: ...
    @property
    def incremental_profit(self) -> Interval[_T]: ...
    @property
    def incremental_roas(self) -> Interval[_T]: ...
    @property
    def incremental_cpa(self) -> Interval[_T]: ...
    @property
    def share_incremental(self) -> Interval[_T]: ...
    @property
    def incremental_conversions_per_mille(self) -> Interval[_T]: ...
    @property
    def incremental_conversions_rolled_out(self) -> Interval[_T]: ...
    @property
    def break_even_incremental_conversions(self) -> _T: ...
    @property
    def break_even_diff(self) -> _T: ...
    @property
    def z(self) -> _T: ...
    @property
    def p_value(self) -> _T: ...
    @property
    def split_p_value(self) -> _T: ...
    @property
    def quality(self) -> _T: ...
    @property
    def flags(self) -> Any: ...
    @property
    def status(self) -> Any: ...

class LiftRevenueProductResult(Result, Generic[_T]):
    @property
    def incremental_revenue(self) -> Interval[_T]: ...
    @property
    def se_delta(self) -> _T: ...
    @property
    def se_exact_independent(self) -> _T: ...

class LiftScoreResult(Result):
    @property
    def diff(self) -> Any: ...
    @property
    def ratio(self) -> Any: ...
    @property
    def z(self) -> Any: ...
    @property
    def p_value(self) -> Any: ...

class RateCiResult(Result, Generic[_T]):
    @property
    def rate(self) -> _T: ...
    @property
    def wilson(self) -> Interval[_T]: ...
    @property
    def agresti_coull(self) -> Interval[_T]: ...
    @property
    def jeffreys(self) -> Interval[_T]: ...
    @property
    def normal(self) -> Interval[_T]: ...
    @property
    def clopper_pearson(self) -> Interval[_T]: ...

class RateResult(Result):
    @property
    def rate(self) -> Any: ...

class AnnuityResult(Result, Generic[_T]):
    @property
    def npv(self) -> _T: ...
    @property
    def annuity_factor(self) -> _T: ...
    @property
    def profitability_index(self) -> _T: ...
    @property
    def required_cash_flow(self) -> _T: ...
    @property
    def simple_payback_years(self) -> _T: ...
    @property
    def discounted_payback_years(self) -> _T: ...

class CashFlowsResult(Result):
    @property
    def npv(self) -> float: ...
    @property
    def irr(self) -> float: ...
    @property
    def irr_unique(self) -> bool: ...
    @property
    def irr_roots(self) -> Any: ...
    @property
    def payback_periods(self) -> float: ...
    @property
    def discounted_payback_periods(self) -> float: ...
    @property
    def total(self) -> float: ...
    @property
    def multiple(self) -> float: ...
    @property
    def profitability_index(self) -> float: ...
    @property
    def mirr(self) -> float: ...

class CohortLtvResult(Result):
    @property
    def ltv(self) -> float: ...
    @property
    def pooled_cumulative(self) -> Any: ...
    @property
    def cumulative_per_customer(self) -> Any: ...
    @property
    def customers(self) -> Any: ...
    @property
    def cohorts(self) -> Any: ...
    def __float__(self) -> float: ...

class FunnelDecomposition(Result, Generic[_T]):
    @property
    def cpa_before(self) -> Any: ...
    @property
    def cpa_after(self) -> Any: ...
    @property
    def log_ratio(self) -> Any: ...
    @property
    def cpm(self) -> Any: ...
    @property
    def ctr(self) -> Any: ...
    @property
    def cvr(self) -> Any: ...
    @property
    def cpm_share(self) -> Any: ...
    @property
    def ctr_share(self) -> Any: ...
    @property
    def cvr_share(self) -> Any: ...
    @property
    def profit_change(self) -> Any: ...
    @property
    def profit_cpm(self) -> Any: ...
    @property
    def profit_ctr(self) -> Any: ...
    @property
    def profit_cvr(self) -> Any: ...
    @property
    def profit_aov(self) -> Any: ...
    @property
    def profit_margin(self) -> Any: ...

class FunnelElasticity(Result, Generic[_T]):
    @property
    def cpm(self) -> _T: ...
    @property
    def ctr(self) -> _T: ...
    @property
    def cvr(self) -> _T: ...
    @property
    def aov(self) -> _T: ...
    @property
    def gross_margin(self) -> _T: ...
    @property
    def payment_fees(self) -> _T: ...
    @property
    def shipping(self) -> _T: ...
    @property
    def returns(self) -> _T: ...

class FunnelSolution(Result, Generic[_T]):
    @property
    def required_cvr(self) -> _T: ...
    @property
    def required_ctr(self) -> _T: ...
    @property
    def required_aov(self) -> _T: ...
    @property
    def max_cpm(self) -> _T: ...
    @property
    def max_cpc(self) -> _T: ...
    @property
    def max_cpa(self) -> _T: ...
    @property
    def feasible(self) -> bool: ...

class FunnelTornado(Result):
    @property
    def base(self) -> float: ...
    @property
    def order(self) -> Any: ...
    @property
    def low(self) -> Any: ...
    @property
    def high(self) -> Any: ...
    @property
    def swing(self) -> Any: ...

class FunnelUncertainty(Result, Generic[_T]):
    @property
    def cpa(self) -> _T: ...
    @property
    def log_cpa_se(self) -> _T: ...
    @property
    def cpa_ci_delta(self) -> Interval[_T]: ...
    @property
    def roas(self) -> _T: ...
    @property
    def roas_ci_delta(self) -> Interval[_T]: ...
    @property
    def prob_profit_positive(self) -> _T: ...
    @property
    def posterior_mean_conversion_per_impression(self) -> _T: ...
    @property
    def cpa_ci_poisson(self) -> Interval[_T]: ...

class LtvBootstrapResult(Result):
    @property
    def ltv(self) -> Any: ...
    @property
    def ltv_ci_delta(self) -> Any: ...
    @property
    def log_ltv_se(self) -> Any: ...
    @property
    def gross_profit_month(self) -> Any: ...
    @property
    def churn(self) -> Any: ...
    @property
    def unbounded_share(self) -> Any: ...
    def __float__(self) -> float: ...

class LtvFromCountsResult(Result, Generic[_T]):
    @property
    def ltv(self) -> Any: ...
    @property
    def churn(self) -> Any: ...
    @property
    def log_ltv_se(self) -> Any: ...
    def __float__(self) -> float: ...

class LtvResult(Result, Generic[_T]):
    @property
    def ltv(self) -> _T: ...
    @property
    def gross_profit_month(self) -> _T: ...
    @property
    def lifetime_months(self) -> _T: ...
    @property
    def monthly_discount(self) -> _T: ...
    @property
    def ltv_simple(self) -> _T: ...
    @property
    def ltv_discounted_due(self) -> _T: ...
    @property
    def ltv_discounted_end(self) -> _T: ...
    @property
    def ltv_horizon_undiscounted(self) -> _T: ...
    @property
    def ltv_horizon_due(self) -> _T: ...
    @property
    def ltv_horizon_end(self) -> _T: ...
    @property
    def retention_12(self) -> _T: ...
    @property
    def retention_horizon(self) -> _T: ...
    def __float__(self) -> float: ...

class MonthlyRateResult(Result, Generic[_T]):
    @property
    def monthly(self) -> _T: ...
    def __float__(self) -> float: ...

class PaybackResult(Result, Generic[_T]):
    @property
    def months_simple(self) -> _T: ...
    @property
    def months_with_churn(self) -> _T: ...
    @property
    def months_discounted(self) -> _T: ...
    @property
    def ltv(self) -> _T: ...
    @property
    def ltv_to_cac(self) -> _T: ...

class RetentionLtvResult(Result):
    @property
    def ltv(self) -> Any: ...
    @property
    def ltv_undiscounted(self) -> Any: ...
    @property
    def tail(self) -> Any: ...
    @property
    def lifetime_months(self) -> Any: ...
    @property
    def cumulative(self) -> Any: ...
    def __float__(self) -> float: ...

class SbgResult(Result):
    @property
    def alpha(self) -> Interval[float]: ...
    @property
    def beta(self) -> Interval[float]: ...
    @property
    def log_likelihood(self) -> float: ...
    @property
    def discounted_expected_lifetime(self) -> Interval[float]: ...
    @property
    def ltv(self) -> Interval[float]: ...
    @property
    def retention_1(self) -> float: ...
    @property
    def survival_8(self) -> float: ...
    @property
    def survival_12(self) -> float: ...
    @property
    def log_alpha_se(self) -> float: ...
    @property
    def log_beta_se(self) -> float: ...
    @property
    def correlation(self) -> float: ...
    @property
    def identified(self) -> bool: ...
    @property
    def well_identified(self) -> bool: ...
    @property
    def boundary(self) -> Any: ...
    @property
    def survival(self) -> Any: ...
    @property
    def retention(self) -> Any: ...
    @property
    def residual_lifetime(self) -> Any: ...
    def __float__(self) -> float: ...

class TargetCpaPaybackResult(Result, Generic[_T]):
    @property
    def max_cpa(self) -> _T: ...
    @property
    def max_cpa_no_churn(self) -> _T: ...
    def __float__(self) -> float: ...

class TwoPhasePaybackResult(Result, Generic[_T]):
    @property
    def payback_months(self) -> _T: ...
    @property
    def cumulative_gross_profit(self) -> _T: ...
    @property
    def ltv_to_cac(self) -> _T: ...

class XirrResult(Result):
    @property
    def irr(self) -> Any: ...
    @property
    def irr_unique(self) -> Any: ...
    @property
    def irr_roots(self) -> Any: ...
    @property
    def npv(self) -> Any: ...
    def __float__(self) -> float: ...

class BlendedCacResult(Result, Generic[_T]):
    @property
    def paid_cac(self) -> _T: ...
    @property
    def blended_cac(self) -> _T: ...
    @property
    def payback_months(self) -> _T: ...
    @property
    def fixed_share(self) -> _T: ...

class BreakEvenCpmResult(Result, Generic[_T]):
    @property
    def conversions_per_mille(self) -> _T: ...
    @property
    def contribution_per_conversion(self) -> _T: ...
    @property
    def break_even_cpm(self) -> _T: ...
    @property
    def target_cpm(self) -> _T: ...
    @property
    def break_even_cpc(self) -> _T: ...
    @property
    def target_cpc(self) -> _T: ...
    @property
    def break_even_cpa(self) -> _T: ...
    @property
    def target_cpa(self) -> _T: ...

class BreakEvenCtrResult(Result, Generic[_T]):
    @property
    def break_even_cpc(self) -> _T: ...
    @property
    def target_cpc(self) -> _T: ...
    @property
    def break_even_ctr(self) -> _T: ...
    @property
    def target_ctr(self) -> _T: ...
    @property
    def current_roas(self) -> _T: ...
    @property
    def current_profit_per_mille(self) -> _T: ...

class BreakEvenCvrResult(Result, Generic[_T]):
    @property
    def cpc(self) -> _T: ...
    @property
    def break_even_cpa(self) -> _T: ...
    @property
    def target_cpa(self) -> _T: ...
    @property
    def break_even_cvr(self) -> _T: ...
    @property
    def target_cvr(self) -> _T: ...
    @property
    def current_roas(self) -> _T: ...
    @property
    def break_even_cpm_at_current(self) -> _T: ...
    @property
    def current_profit_per_mille(self) -> _T: ...

class BreakEvenRoasResult(Result, Generic[_T]):
    @property
    def contribution_margin(self) -> _T: ...
    @property
    def break_even_roas(self) -> _T: ...
    @property
    def break_even_cpa(self) -> _T: ...
    @property
    def break_even_cpc(self) -> _T: ...

class CacResult(Result, Generic[_T]):
    @property
    def cac(self) -> _T: ...
    @property
    def gross_profit_month(self) -> _T: ...
    @property
    def payback_months(self) -> _T: ...
    @property
    def cac_to_annual_gross_profit(self) -> _T: ...
    @property
    def max_cac(self) -> _T: ...
    @property
    def required_arpa(self) -> _T: ...

class ClickCvrResult(Result, Generic[_T]):
    @property
    def cvr(self) -> _T: ...
    @property
    def clicks_per_conversion(self) -> _T: ...
    @property
    def required_clicks(self) -> _T: ...
    @property
    def cpc(self) -> _T: ...
    @property
    def cpa(self) -> _T: ...
    @property
    def roas(self) -> _T: ...

class CpaResult(Result, Generic[_T]):
    @property
    def cpa(self) -> _T: ...

class CpcResult(Result, Generic[_T]):
    @property
    def cpc(self) -> _T: ...

class CplToCacResult(Result, Generic[_T]):
    @property
    def cac(self) -> _T: ...
    @property
    def all_in_cpl(self) -> _T: ...
    @property
    def all_in_cac(self) -> _T: ...
    @property
    def required_rate(self) -> _T: ...

class CpmResult(Result, Generic[_T]):
    @property
    def cpm(self) -> _T: ...

class CtrResult(Result, Generic[_T]):
    @property
    def ctr(self) -> _T: ...

class FunnelResult(Result, Generic[_T]):
    @property
    def clicks_per_mille(self) -> _T: ...
    @property
    def conversions_per_mille(self) -> _T: ...
    @property
    def revenue_per_mille(self) -> _T: ...
    @property
    def contribution_margin(self) -> _T: ...
    @property
    def contribution_per_mille(self) -> _T: ...
    @property
    def profit_per_mille(self) -> _T: ...
    @property
    def cpc(self) -> _T: ...
    @property
    def cpa(self) -> _T: ...
    @property
    def roas(self) -> _T: ...
    @property
    def break_even_roas(self) -> _T: ...
    @property
    def break_even_cpa(self) -> _T: ...
    @property
    def profit_per_order(self) -> _T: ...
    @property
    def break_even_cpm(self) -> _T: ...
    @property
    def break_even_ctr(self) -> _T: ...
    @property
    def break_even_cvr(self) -> _T: ...
    @property
    def break_even_aov(self) -> _T: ...

class LtvToCacResult(Result, Generic[_T]):
    @property
    def ltv(self) -> _T: ...
    @property
    def ratio(self) -> _T: ...
    @property
    def payback_months(self) -> _T: ...
    @property
    def max_cac(self) -> _T: ...

class MarginalRoasResult(Result, Generic[_T]):
    @property
    def coefficient(self) -> _T: ...
    @property
    def current_roas(self) -> _T: ...
    @property
    def current_profit(self) -> _T: ...
    @property
    def marginal_roas_current(self) -> _T: ...
    @property
    def marginal_profit_current(self) -> _T: ...
    @property
    def optimal_spend_uncapped(self) -> _T: ...
    @property
    def optimal_spend(self) -> _T: ...
    @property
    def optimal_revenue(self) -> _T: ...
    @property
    def optimal_profit(self) -> _T: ...
    @property
    def optimal_roas(self) -> _T: ...
    @property
    def marginal_roas_optimal(self) -> _T: ...
    @property
    def marginal_profit_optimal(self) -> _T: ...
    @property
    def spend_gap(self) -> _T: ...
    @property
    def profit_delta(self) -> _T: ...
    def sensitivity(self, exponents: tuple[float, ...] = ...) -> list[dict[str, float]]: ...

class MaxCpcResult(Result, Generic[_T]):
    @property
    def break_even_cpa(self) -> _T: ...
    @property
    def target_cpa(self) -> _T: ...
    @property
    def break_even_cpc(self) -> _T: ...
    @property
    def target_cpc(self) -> _T: ...
    @property
    def break_even_cpm(self) -> _T: ...
    @property
    def target_cpm(self) -> _T: ...
    @property
    def break_even_cpl(self) -> _T: ...
    @property
    def target_cpl(self) -> _T: ...

class MerResult(Result, Generic[_T]):
    @property
    def mer(self) -> _T: ...
    @property
    def spend_share(self) -> _T: ...
    @property
    def gross_profit(self) -> _T: ...
    @property
    def profit(self) -> _T: ...
    @property
    def profit_margin(self) -> _T: ...
    @property
    def break_even_mer(self) -> _T: ...
    @property
    def break_even_revenue(self) -> _T: ...
    @property
    def revenue_shortfall(self) -> _T: ...
    @property
    def target_mer(self) -> _T: ...
    @property
    def required_revenue(self) -> _T: ...
    @property
    def required_mer(self) -> _T: ...
    @property
    def max_spend_at_target_mer(self) -> _T: ...

class RoasResult(Result, Generic[_T]):
    @property
    def roas(self) -> _T: ...
    @property
    def contribution_margin(self) -> _T: ...
    @property
    def profit(self) -> _T: ...
    @property
    def profit_margin(self) -> _T: ...
    @property
    def profit_per_dollar(self) -> _T: ...
    @property
    def break_even_roas(self) -> _T: ...
    @property
    def break_even_revenue(self) -> _T: ...
    @property
    def required_revenue(self) -> _T: ...

class RoiResult(Result, Generic[_T]):
    @property
    def profit(self) -> _T: ...
    @property
    def roi(self) -> _T: ...
    @property
    def annualized_roi(self) -> _T: ...
    @property
    def multiple(self) -> _T: ...
    @property
    def profit_margin(self) -> _T: ...
    @property
    def break_even_revenue(self) -> _T: ...
    @property
    def monthly_profit(self) -> _T: ...
    @property
    def payback_months_metrickit(self) -> _T: ...
    @property
    def payback_months(self) -> _T: ...

class TargetCpaResult(Result, Generic[_T]):
    @property
    def gross_profit_ltv(self) -> _T: ...
    @property
    def break_even_cpa(self) -> _T: ...
    @property
    def target_by_buffer(self) -> _T: ...
    @property
    def target_by_share(self) -> _T: ...
    @property
    def target_by_ratio(self) -> _T: ...
    @property
    def target_by_payback(self) -> _T: ...
    @property
    def target_cpa(self) -> _T: ...
    @property
    def incrementality_adjusted_target(self) -> _T: ...
    def __float__(self) -> float: ...
    @property
    def binding(self) -> Any: ...

class TargetRoasResult(Result, Generic[_T]):
    @property
    def contribution_margin(self) -> _T: ...
    @property
    def ad_share(self) -> _T: ...
    @property
    def target_roas(self) -> _T: ...
    @property
    def max_cpa(self) -> _T: ...
    @property
    def max_cpc(self) -> _T: ...

class Comparison:
    def __init__(self, columns: dict[str, Any], definition: dict[str, str], warnings: tuple[str, ...]) -> None: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    def __getitem__(self, name: str) -> Any: ...
    def __iter__(self) -> Any: ...
    def to_dict(self) -> dict[str, list[Any]]: ...
    def __arrow_c_stream__(self, requested_schema: object | None = ...) -> object: ...
    def __len__(self) -> int: ...
    def to_pandas(self, *, total: bool = ...) -> Any: ...
    def to_polars(self, *, total: bool = ...) -> Any: ...
    def to_arrow(self, *, total: bool = ...) -> Any: ...
    def __repr__(self) -> str: ...
    definition: Any
    warnings: Any

class Partial:
    def __init__(self, plan: Any, totals: Any) -> None: ...
    def __len__(self) -> int: ...
    def __repr__(self) -> str: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...
    def to_bytes(self) -> bytes: ...
    @classmethod
    def from_bytes(cls, data: bytes) -> Partial: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
    def to_arrow(self) -> Any: ...
    def __arrow_c_stream__(self, requested_schema: object | None = ...) -> object: ...
    @classmethod
    def from_arrow(cls, table: Any) -> Partial: ...
    def report(
        self,
        *,
        now: Any = ...,
        lag: Any = ...,
        adjust: str | None = ...,
        attribution_window: Any = ...,
        allow_mismatch: bool = ...,
        errors: str = ...,
        **options: Any,
    ) -> Report: ...

class Report:
    def __init__(
        self,
        columns: dict[str, Any],
        definition: dict[str, str],
        plan: Any,
        settings: dict[str, Any],
        kind: str,
        total: Report | None,
        warnings: tuple[str, ...],
    ) -> None: ...
    @property
    def metric(self) -> str: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, name: str) -> Any: ...
    def __iter__(self) -> Any: ...
    def to_dict(self) -> dict[str, list[Any]]: ...
    def to_pandas(self, *, total: bool = ...) -> Any: ...
    def to_polars(self, *, total: bool = ...) -> Any: ...
    def to_arrow(self, *, total: bool = ...) -> Any: ...
    @property
    def frame(self) -> Any: ...
    def __arrow_c_stream__(self, requested_schema: object | None = ...) -> object: ...
    def window(self, start: Any) -> Report: ...
    def compare(self, other: Report, *, allow_mismatch: bool = ...) -> Comparison: ...
    def __repr__(self) -> str: ...
    definition: Any
    total: Any
    warnings: Any

class AdstockResult(Result):
    @property
    def adstock(self) -> Any: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Any: ...
    def __array__(self, dtype: Any = ..., copy: bool | None = ...) -> Any: ...

class Allocation(Result):
    @property
    def spend(self) -> Any: ...
    @property
    def revenue(self) -> Any: ...
    @property
    def marginal_roas(self) -> Any: ...
    @property
    def shadow_price(self) -> float: ...
    @property
    def total_spend(self) -> float: ...
    @property
    def total_revenue(self) -> float: ...
    @property
    def profit(self) -> float: ...
    @property
    def channels(self) -> Any: ...
    @property
    def gap(self) -> float: ...
    @property
    def profit_plan(self) -> Any: ...

class AllocationPlan(Result):
    @property
    def spend(self) -> Any: ...
    @property
    def revenue(self) -> Any: ...
    @property
    def marginal_roas(self) -> Any: ...
    @property
    def shadow_price(self) -> Any: ...
    @property
    def total_spend(self) -> Any: ...
    @property
    def total_revenue(self) -> Any: ...
    @property
    def profit(self) -> Any: ...

class FittedOptimum(Result):
    @property
    def optimal_spend(self) -> Any: ...
    @property
    def revenue(self) -> Any: ...
    @property
    def profit(self) -> Any: ...
    @property
    def marginal_roas(self) -> Any: ...
    @property
    def optimal_spend_uncapped(self) -> Any: ...
    @property
    def log_optimal_spend_se(self) -> Any: ...
    @property
    def optimal_spend_ci_delta(self) -> Any: ...
    @property
    def optimal_spend_ci_bootstrap(self) -> Any: ...
    @property
    def capped(self) -> Any: ...

class ResponseEvaluation(Result, Generic[_T]):
    @property
    def revenue(self) -> _T: ...
    @property
    def marginal_roas(self) -> _T: ...
    @property
    def average_roas(self) -> _T: ...
    @property
    def elasticity(self) -> _T: ...

class ResponseFit(Result):
    @property
    def model(self) -> str: ...
    @property
    def params(self) -> Any: ...
    @property
    def params_ci(self) -> Any: ...
    @property
    def std_errors(self) -> Any: ...
    @property
    def covariance(self) -> Any: ...
    @property
    def baseline(self) -> float: ...
    @property
    def theta(self) -> float: ...
    @property
    def rss(self) -> float: ...
    @property
    def sigma(self) -> float: ...
    @property
    def r2(self) -> float: ...
    @property
    def aic(self) -> float: ...
    @property
    def aicc(self) -> float: ...
    @property
    def bic(self) -> float: ...
    @property
    def rows(self) -> int: ...
    @property
    def converged(self) -> bool: ...
    @property
    def log_sd_spend(self) -> float: ...
    @property
    def failed_resamples(self) -> int: ...
    @property
    def margin(self) -> float: ...
    @property
    def optimal_spend(self) -> float: ...
    @property
    def optimal_spend_uncapped(self) -> float: ...
    @property
    def log_optimal_spend_se(self) -> float: ...
    @property
    def optimal_spend_ci_delta(self) -> Interval[float]: ...
    @property
    def optimal_spend_ci_bootstrap(self) -> Interval[float]: ...
    @property
    def optimal_profit(self) -> float: ...
    @property
    def warnings(self) -> Any: ...
    def __getitem__(self, key: str | int) -> Any: ...
    def __getattr__(self, name: str) -> Any: ...
    def predict(self, spend: Any, *, confidence: float = ...) -> Interval[Any]: ...
    def marginal_roas(self, spend: Any, *, confidence: float = ...) -> Interval[Any]: ...
    def optimum(
        self, margin: float, cap: float | None = ..., *, extrapolate: bool = ..., confidence: float = ...
    ) -> FittedOptimum: ...
    def compare(
        self, candidates: Sequence[str] | None = ..., *, criterion: str = ..., cross_validate: bool = ...
    ) -> ResponseSelection: ...

class ResponseIncrement(Result, Generic[_T]):
    @property
    def marginal_roas(self) -> _T: ...

class ResponseOptimum(Result, Generic[_T]):
    @property
    def optimal_spend(self) -> _T: ...
    @property
    def revenue(self) -> _T: ...
    @property
    def profit(self) -> _T: ...
    @property
    def marginal_roas(self) -> _T: ...

class ResponseSelection(Result):
    @property
    def best(self) -> str: ...
    @property
    def ranking(self) -> Any: ...
    @property
    def delta_aicc(self) -> Any: ...
    @property
    def weights(self) -> Any: ...
    @property
    def aicc(self) -> Any: ...
    @property
    def aic(self) -> Any: ...
    @property
    def bic(self) -> Any: ...
    @property
    def rmse_leave_one_out(self) -> Any: ...
    @property
    def rmse_rolling_origin(self) -> Any: ...
    @property
    def optimal_spend(self) -> Any: ...
    @property
    def averaged_optimal_spend(self) -> float: ...

class TwoPointCurve(Result):
    @property
    def model(self) -> str: ...
    @property
    def params(self) -> Any: ...
    def __getitem__(self, key: str | int) -> Any: ...
    def __getattr__(self, name: str) -> Any: ...

class SpanResult(Result):
    @property
    def label(self) -> Any: ...
    @property
    def start(self) -> Any: ...
    @property
    def end(self) -> Any: ...
    @property
    def n_days(self) -> Any: ...
    @property
    def complete(self) -> Any: ...
    @property
    def mature(self) -> Any: ...

class WindowResult(Result):
    @property
    def week_start(self) -> str: ...
    @property
    def week_end(self) -> str: ...
    @property
    def iso_week(self) -> str: ...
    @property
    def sunday_week_start(self) -> str: ...
    @property
    def month(self) -> str: ...
    @property
    def quarter(self) -> str: ...
    @property
    def quarter_start(self) -> str: ...
    @property
    def quarter_end(self) -> str: ...

@type_check_only
class _Attribution:
    def __call__(
        self,
        paths: Any,
        *,
        converted: Any = ...,
        count: Any = ...,
        ages_days: Any = ...,
        model: str | None = ...,
        order: int = ...,
        half_life_days: float = ...,
        first: float = ...,
        last: float = ...,
        separator: str = ...,
    ) -> AttributionResult | CreditResult: ...
    @overload
    @staticmethod
    def incrementality(
        incremental: float, attributed: float, *, errors: str = ..., threads: int | None = ...
    ) -> IncrementalityResult[float]: ...
    @overload
    @staticmethod
    def incrementality(
        incremental: _Numeric, attributed: _Numeric, *, errors: str = ..., threads: int | None = ...
    ) -> IncrementalityResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def incrementality(
        incremental: Any, attributed: Any, *, errors: str = ..., threads: int | None = ...
    ) -> IncrementalityResult[Any]: ...
    @staticmethod
    def time_decay(ages_days: Any, *, half_life_days: float = ...) -> TimeDecayResult: ...

attribution: _Attribution

@type_check_only
class _Funnel:
    @overload
    def __call__(
        self,
        cpm: float,
        ctr: float,
        cvr: float,
        aov: float,
        *,
        gross_margin: float = ...,
        payment_fees: float = ...,
        shipping: float = ...,
        returns: float = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelResult[float]: ...
    @overload
    def __call__(
        self,
        cpm: _Numeric,
        ctr: _Numeric,
        cvr: _Numeric,
        aov: _Numeric,
        *,
        gross_margin: _Numeric = ...,
        payment_fees: _Numeric = ...,
        shipping: _Numeric = ...,
        returns: _Numeric = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelResult[NDArray[np.float64]]: ...
    @overload
    def __call__(
        self,
        cpm: Any,
        ctr: Any,
        cvr: Any,
        aov: Any,
        *,
        gross_margin: Any = ...,
        payment_fees: Any = ...,
        shipping: Any = ...,
        returns: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelResult[Any]: ...
    @overload
    @staticmethod
    def decompose(
        *,
        cpm_before: float,
        ctr_before: float,
        cvr_before: float,
        cpm_after: float,
        ctr_after: float,
        cvr_after: float,
        aov_before: float | None = ...,
        aov_after: float | None = ...,
        margin_before: float = ...,
        margin_after: float = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelDecomposition[float]: ...
    @overload
    @staticmethod
    def decompose(
        *,
        cpm_before: _Numeric,
        ctr_before: _Numeric,
        cvr_before: _Numeric,
        cpm_after: _Numeric,
        ctr_after: _Numeric,
        cvr_after: _Numeric,
        aov_before: _Numeric | None = ...,
        aov_after: _Numeric | None = ...,
        margin_before: _Numeric = ...,
        margin_after: _Numeric = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelDecomposition[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def decompose(
        *,
        cpm_before: Any,
        ctr_before: Any,
        cvr_before: Any,
        cpm_after: Any,
        ctr_after: Any,
        cvr_after: Any,
        aov_before: Any = ...,
        aov_after: Any = ...,
        margin_before: Any = ...,
        margin_after: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelDecomposition[Any]: ...
    @overload
    @staticmethod
    def elasticity(
        cpm: float,
        ctr: float,
        cvr: float,
        aov: float,
        *,
        gross_margin: float = ...,
        payment_fees: float = ...,
        shipping: float = ...,
        returns: float = ...,
        output: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelElasticity[float]: ...
    @overload
    @staticmethod
    def elasticity(
        cpm: _Numeric,
        ctr: _Numeric,
        cvr: _Numeric,
        aov: _Numeric,
        *,
        gross_margin: _Numeric = ...,
        payment_fees: _Numeric = ...,
        shipping: _Numeric = ...,
        returns: _Numeric = ...,
        output: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelElasticity[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def elasticity(
        cpm: Any,
        ctr: Any,
        cvr: Any,
        aov: Any,
        *,
        gross_margin: Any = ...,
        payment_fees: Any = ...,
        shipping: Any = ...,
        returns: Any = ...,
        output: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelElasticity[Any]: ...
    @overload
    @staticmethod
    def from_counts(
        impressions: float,
        clicks: float,
        conversions: float,
        spend: float,
        revenue: float,
        *,
        margin: float = ...,
        aov: float | None = ...,
        confidence: float = ...,
        prior: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelUncertainty[float]: ...
    @overload
    @staticmethod
    def from_counts(
        impressions: _Numeric,
        clicks: _Numeric,
        conversions: _Numeric,
        spend: _Numeric,
        revenue: _Numeric,
        *,
        margin: _Numeric = ...,
        aov: _Numeric | None = ...,
        confidence: _Numeric = ...,
        prior: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelUncertainty[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def from_counts(
        impressions: Any,
        clicks: Any,
        conversions: Any,
        spend: Any,
        revenue: Any,
        *,
        margin: Any = ...,
        aov: Any = ...,
        confidence: Any = ...,
        prior: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelUncertainty[Any]: ...
    @overload
    @staticmethod
    def solve(
        cpm: float,
        ctr: float,
        cvr: float,
        aov: float,
        *,
        margin: float = ...,
        target_roas: float | None = ...,
        target_profit_per_mille: float | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelSolution[float]: ...
    @overload
    @staticmethod
    def solve(
        cpm: _Numeric,
        ctr: _Numeric,
        cvr: _Numeric,
        aov: _Numeric,
        *,
        margin: _Numeric = ...,
        target_roas: _Numeric | None = ...,
        target_profit_per_mille: _Numeric | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelSolution[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def solve(
        cpm: Any,
        ctr: Any,
        cvr: Any,
        aov: Any,
        *,
        margin: Any = ...,
        target_roas: Any = ...,
        target_profit_per_mille: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelSolution[Any]: ...
    @staticmethod
    def tornado(
        cpm: float,
        ctr: float,
        cvr: float,
        aov: float,
        *,
        gross_margin: float = ...,
        payment_fees: float = ...,
        shipping: float = ...,
        returns: float = ...,
        swing: float = ...,
        output: str = ...,
    ) -> FunnelTornado: ...
    @overload
    @staticmethod
    def uncertainty(
        impressions: float,
        clicks: float,
        conversions: float,
        *,
        cpm: float,
        aov: float,
        margin: float = ...,
        confidence: float = ...,
        prior: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelUncertainty[float]: ...
    @overload
    @staticmethod
    def uncertainty(
        impressions: _Numeric,
        clicks: _Numeric,
        conversions: _Numeric,
        *,
        cpm: _Numeric,
        aov: _Numeric,
        margin: _Numeric = ...,
        confidence: _Numeric = ...,
        prior: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelUncertainty[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def uncertainty(
        impressions: Any,
        clicks: Any,
        conversions: Any,
        *,
        cpm: Any,
        aov: Any,
        margin: Any = ...,
        confidence: Any = ...,
        prior: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> FunnelUncertainty[Any]: ...

funnel: _Funnel

@type_check_only
class _Lift:
    @overload
    def __call__(
        self,
        exposed_users: float,
        exposed_conversions: float,
        holdout_users: float,
        holdout_conversions: float,
        *,
        spend: float | None = ...,
        aov: float | None = ...,
        margin: float | None = ...,
        confidence: float = ...,
        method: str | None = ...,
        alternative: str = ...,
        bayes: tuple[float, float] | None = ...,
        expected_split: float | None = ...,
        mde: float | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftResult[float]: ...
    @overload
    def __call__(
        self,
        exposed_users: _Numeric,
        exposed_conversions: _Numeric,
        holdout_users: _Numeric,
        holdout_conversions: _Numeric,
        *,
        spend: _Numeric | None = ...,
        aov: _Numeric | None = ...,
        margin: _Numeric | None = ...,
        confidence: _Numeric = ...,
        method: str | None = ...,
        alternative: str = ...,
        bayes: tuple[_Numeric, _Numeric] | None = ...,
        expected_split: _Numeric | None = ...,
        mde: _Numeric | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftResult[NDArray[np.float64]]: ...
    @overload
    def __call__(
        self,
        exposed_users: Any,
        exposed_conversions: Any,
        holdout_users: Any,
        holdout_conversions: Any,
        *,
        spend: Any = ...,
        aov: Any = ...,
        margin: Any = ...,
        confidence: Any = ...,
        method: str | None = ...,
        alternative: str = ...,
        bayes: tuple[Any, Any] | None = ...,
        expected_split: Any = ...,
        mde: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftResult[Any]: ...
    @overload
    @staticmethod
    def gbstats_compat(
        exposed_users: float,
        exposed_conversions: float,
        holdout_users: float,
        holdout_conversions: float,
        *,
        difference: str = ...,
        alpha: float = ...,
        tuning: float = ...,
        prior_mean: float = ...,
        prior_sd: float = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> GbstatsCompatResult[float]: ...
    @overload
    @staticmethod
    def gbstats_compat(
        exposed_users: _Numeric,
        exposed_conversions: _Numeric,
        holdout_users: _Numeric,
        holdout_conversions: _Numeric,
        *,
        difference: str = ...,
        alpha: _Numeric = ...,
        tuning: _Numeric = ...,
        prior_mean: _Numeric = ...,
        prior_sd: _Numeric = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> GbstatsCompatResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def gbstats_compat(
        exposed_users: Any,
        exposed_conversions: Any,
        holdout_users: Any,
        holdout_conversions: Any,
        *,
        difference: str = ...,
        alpha: Any = ...,
        tuning: Any = ...,
        prior_mean: Any = ...,
        prior_sd: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> GbstatsCompatResult[Any]: ...
    @overload
    @staticmethod
    def mde(
        holdout_rate: float,
        holdout_users: float,
        exposed_users: float,
        *,
        alpha: float = ...,
        power: float = ...,
        direction: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftMdeResult[float]: ...
    @overload
    @staticmethod
    def mde(
        holdout_rate: _Numeric,
        holdout_users: _Numeric,
        exposed_users: _Numeric,
        *,
        alpha: _Numeric = ...,
        power: _Numeric = ...,
        direction: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftMdeResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def mde(
        holdout_rate: Any,
        holdout_users: Any,
        exposed_users: Any,
        *,
        alpha: Any = ...,
        power: Any = ...,
        direction: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftMdeResult[Any]: ...
    @overload
    @staticmethod
    def power(
        holdout_rate: float,
        exposed_rate: float,
        holdout_users: float,
        exposed_users: float,
        *,
        alpha: float = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftPowerResult[float]: ...
    @overload
    @staticmethod
    def power(
        holdout_rate: _Numeric,
        exposed_rate: _Numeric,
        holdout_users: _Numeric,
        exposed_users: _Numeric,
        *,
        alpha: _Numeric = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftPowerResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def power(
        holdout_rate: Any,
        exposed_rate: Any,
        holdout_users: Any,
        exposed_users: Any,
        *,
        alpha: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftPowerResult[Any]: ...
    @staticmethod
    def ratio_metric(
        exposed_num: Any, exposed_den: Any, holdout_num: Any, holdout_den: Any, *, confidence: float = ...
    ) -> RatioMetricResult: ...
    @overload
    @staticmethod
    def revenue(
        exposed_mean: float,
        exposed_sd: float,
        exposed_users: float,
        holdout_mean: float,
        holdout_sd: float,
        holdout_users: float,
        *,
        spend: float | None = ...,
        margin: float | None = ...,
        confidence: float = ...,
        relative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftRevenueResult[float]: ...
    @overload
    @staticmethod
    def revenue(
        exposed_mean: _Numeric,
        exposed_sd: _Numeric,
        exposed_users: _Numeric,
        holdout_mean: _Numeric,
        holdout_sd: _Numeric,
        holdout_users: _Numeric,
        *,
        spend: _Numeric | None = ...,
        margin: _Numeric | None = ...,
        confidence: _Numeric = ...,
        relative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftRevenueResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def revenue(
        exposed_mean: Any,
        exposed_sd: Any,
        exposed_users: Any,
        holdout_mean: Any,
        holdout_sd: Any,
        holdout_users: Any,
        *,
        spend: Any = ...,
        margin: Any = ...,
        confidence: Any = ...,
        relative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftRevenueResult[Any]: ...
    @staticmethod
    def revenue_values(
        exposed: Any,
        holdout: Any,
        *,
        winsorize: float | None = ...,
        spend: float | None = ...,
        margin: float | None = ...,
        confidence: float = ...,
        relative: str = ...,
    ) -> LiftRevenueValuesResult: ...
    @overload
    @staticmethod
    def sequential(
        exposed_users: float,
        exposed_conversions: float,
        holdout_users: float,
        holdout_conversions: float,
        *,
        tau: float | None = ...,
        alpha: float = ...,
        kind: str = ...,
        previous_p: float = ...,
        tuning: float = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> SequentialResult[float]: ...
    @overload
    @staticmethod
    def sequential(
        exposed_users: _Numeric,
        exposed_conversions: _Numeric,
        holdout_users: _Numeric,
        holdout_conversions: _Numeric,
        *,
        tau: _Numeric | None = ...,
        alpha: _Numeric = ...,
        kind: str = ...,
        previous_p: _Numeric = ...,
        tuning: _Numeric = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> SequentialResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def sequential(
        exposed_users: Any,
        exposed_conversions: Any,
        holdout_users: Any,
        holdout_conversions: Any,
        *,
        tau: Any = ...,
        alpha: Any = ...,
        kind: str = ...,
        previous_p: Any = ...,
        tuning: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> SequentialResult[Any]: ...
    @overload
    @staticmethod
    def bayes(
        exposed_users: float,
        exposed_conversions: float,
        holdout_users: float,
        holdout_conversions: float,
        *,
        prior_alpha: float = ...,
        prior_beta: float = ...,
        credible: float = ...,
        rope: float | None = ...,
        threshold: float | None = ...,
        intervals: bool = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftBayesResult[float]: ...
    @overload
    @staticmethod
    def bayes(
        exposed_users: _Numeric,
        exposed_conversions: _Numeric,
        holdout_users: _Numeric,
        holdout_conversions: _Numeric,
        *,
        prior_alpha: _Numeric = ...,
        prior_beta: _Numeric = ...,
        credible: _Numeric = ...,
        rope: _Numeric | None = ...,
        threshold: _Numeric | None = ...,
        intervals: bool = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftBayesResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def bayes(
        exposed_users: Any,
        exposed_conversions: Any,
        holdout_users: Any,
        holdout_conversions: Any,
        *,
        prior_alpha: Any = ...,
        prior_beta: Any = ...,
        credible: Any = ...,
        rope: Any = ...,
        threshold: Any = ...,
        intervals: bool = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftBayesResult[Any]: ...
    @overload
    @staticmethod
    def p_value(
        exposed_users: float,
        exposed_conversions: float,
        holdout_users: float,
        holdout_conversions: float,
        *,
        alternative: str = ...,
        unconditional: bool = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftPValueResult[float]: ...
    @overload
    @staticmethod
    def p_value(
        exposed_users: _Numeric,
        exposed_conversions: _Numeric,
        holdout_users: _Numeric,
        holdout_conversions: _Numeric,
        *,
        alternative: str = ...,
        unconditional: bool = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftPValueResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def p_value(
        exposed_users: Any,
        exposed_conversions: Any,
        holdout_users: Any,
        holdout_conversions: Any,
        *,
        alternative: str = ...,
        unconditional: bool = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftPValueResult[Any]: ...
    @overload
    @staticmethod
    def ci(
        exposed_users: float,
        exposed_conversions: float,
        holdout_users: float,
        holdout_conversions: float,
        *,
        confidence: float = ...,
        method: str = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftCiResult[float]: ...
    @overload
    @staticmethod
    def ci(
        exposed_users: _Numeric,
        exposed_conversions: _Numeric,
        holdout_users: _Numeric,
        holdout_conversions: _Numeric,
        *,
        confidence: _Numeric = ...,
        method: str = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftCiResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def ci(
        exposed_users: Any,
        exposed_conversions: Any,
        holdout_users: Any,
        holdout_conversions: Any,
        *,
        confidence: Any = ...,
        method: str = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftCiResult[Any]: ...
    @overload
    @staticmethod
    def diff_ci(
        exposed_users: float,
        exposed_conversions: float,
        holdout_users: float,
        holdout_conversions: float,
        *,
        confidence: float = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftDiffCiResult[float]: ...
    @overload
    @staticmethod
    def diff_ci(
        exposed_users: _Numeric,
        exposed_conversions: _Numeric,
        holdout_users: _Numeric,
        holdout_conversions: _Numeric,
        *,
        confidence: _Numeric = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftDiffCiResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def diff_ci(
        exposed_users: Any,
        exposed_conversions: Any,
        holdout_users: Any,
        holdout_conversions: Any,
        *,
        confidence: Any = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftDiffCiResult[Any]: ...
    @overload
    @staticmethod
    def economics(
        exposed_users: float,
        exposed_conversions: float,
        holdout_users: float,
        holdout_conversions: float,
        *,
        spend: float | None = ...,
        aov: float | None = ...,
        margin: float | None = ...,
        confidence: float = ...,
        method: str = ...,
        alternative: str = ...,
        bayes: tuple[float, float] = ...,
        expected_split: float | None = ...,
        mde: float | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftEconomicsResult[float]: ...
    @overload
    @staticmethod
    def economics(
        exposed_users: _Numeric,
        exposed_conversions: _Numeric,
        holdout_users: _Numeric,
        holdout_conversions: _Numeric,
        *,
        spend: _Numeric | None = ...,
        aov: _Numeric | None = ...,
        margin: _Numeric | None = ...,
        confidence: _Numeric = ...,
        method: str = ...,
        alternative: str = ...,
        bayes: tuple[_Numeric, _Numeric] = ...,
        expected_split: _Numeric | None = ...,
        mde: _Numeric | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftEconomicsResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def economics(
        exposed_users: Any,
        exposed_conversions: Any,
        holdout_users: Any,
        holdout_conversions: Any,
        *,
        spend: Any = ...,
        aov: Any = ...,
        margin: Any = ...,
        confidence: Any = ...,
        method: str = ...,
        alternative: str = ...,
        bayes: tuple[Any, Any] = ...,
        expected_split: Any = ...,
        mde: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftEconomicsResult[Any]: ...
    @overload
    @staticmethod
    def rel_ci(
        exposed_users: float,
        exposed_conversions: float,
        holdout_users: float,
        holdout_conversions: float,
        *,
        confidence: float = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftRelCiResult[float]: ...
    @overload
    @staticmethod
    def rel_ci(
        exposed_users: _Numeric,
        exposed_conversions: _Numeric,
        holdout_users: _Numeric,
        holdout_conversions: _Numeric,
        *,
        confidence: _Numeric = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftRelCiResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def rel_ci(
        exposed_users: Any,
        exposed_conversions: Any,
        holdout_users: Any,
        holdout_conversions: Any,
        *,
        confidence: Any = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftRelCiResult[Any]: ...
    @overload
    @staticmethod
    def revenue_product(
        exposed_users: float,
        diff: float,
        diff_se: float,
        aov: float,
        aov_se: float,
        *,
        confidence: float = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftRevenueProductResult[float]: ...
    @overload
    @staticmethod
    def revenue_product(
        exposed_users: _Numeric,
        diff: _Numeric,
        diff_se: _Numeric,
        aov: _Numeric,
        aov_se: _Numeric,
        *,
        confidence: _Numeric = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftRevenueProductResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def revenue_product(
        exposed_users: Any,
        diff: Any,
        diff_se: Any,
        aov: Any,
        aov_se: Any,
        *,
        confidence: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LiftRevenueProductResult[Any]: ...

lift: _Lift

@type_check_only
class _Ltv:
    @overload
    def __call__(
        self,
        arpa: float,
        *,
        churn: float,
        gross_margin: float = ...,
        annual_discount: float = ...,
        horizon: float | None = ...,
        expansion: float = ...,
        timing: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LtvResult[float]: ...
    @overload
    def __call__(
        self,
        arpa: _Numeric,
        *,
        churn: _Numeric,
        gross_margin: _Numeric = ...,
        annual_discount: _Numeric = ...,
        horizon: _Numeric | None = ...,
        expansion: _Numeric = ...,
        timing: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LtvResult[NDArray[np.float64]]: ...
    @overload
    def __call__(
        self,
        arpa: Any,
        *,
        churn: Any,
        gross_margin: Any = ...,
        annual_discount: Any = ...,
        horizon: Any = ...,
        expansion: Any = ...,
        timing: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LtvResult[Any]: ...
    @staticmethod
    def bootstrap(
        gross_profit: Any, months: Any, churned: Any, *, n_boot: int = ..., seed: int = ..., confidence: float = ...
    ) -> LtvBootstrapResult: ...
    @staticmethod
    def cohort(cohort_sizes: Any, gross_profit: Any) -> CohortLtvResult: ...
    @overload
    @staticmethod
    def from_counts(
        gross_profit_month: float,
        customer_months: float,
        churned: float,
        *,
        gross_profit_se: float = ...,
        confidence: float = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LtvFromCountsResult[float]: ...
    @overload
    @staticmethod
    def from_counts(
        gross_profit_month: _Numeric,
        customer_months: _Numeric,
        churned: _Numeric,
        *,
        gross_profit_se: _Numeric = ...,
        confidence: _Numeric = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LtvFromCountsResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def from_counts(
        gross_profit_month: Any,
        customer_months: Any,
        churned: Any,
        *,
        gross_profit_se: Any = ...,
        confidence: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LtvFromCountsResult[Any]: ...
    @staticmethod
    def retention(
        retention: Any,
        gross_profit: Any,
        *,
        annual_discount: float = ...,
        timing: str = ...,
        tail_churn: float | None = ...,
    ) -> RetentionLtvResult: ...
    @staticmethod
    def sbg(
        survivors: Any,
        *,
        annual_discount: float = ...,
        gross_profit: float | None = ...,
        confidence: float = ...,
        periods: int | None = ...,
    ) -> SbgResult: ...
    @overload
    @staticmethod
    def to_cac(
        cac: float,
        arpa: float,
        *,
        churn: float,
        gross_margin: float = ...,
        target_ratio: float | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LtvToCacResult[float]: ...
    @overload
    @staticmethod
    def to_cac(
        cac: _Numeric,
        arpa: _Numeric,
        *,
        churn: _Numeric,
        gross_margin: _Numeric = ...,
        target_ratio: _Numeric | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LtvToCacResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def to_cac(
        cac: Any,
        arpa: Any,
        *,
        churn: Any,
        gross_margin: Any = ...,
        target_ratio: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> LtvToCacResult[Any]: ...

ltv: _Ltv

@type_check_only
class _Payback:
    @overload
    def __call__(
        self,
        cac: float,
        gross_profit_month: float,
        *,
        churn: float = ...,
        annual_discount: float = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> PaybackResult[float]: ...
    @overload
    def __call__(
        self,
        cac: _Numeric,
        gross_profit_month: _Numeric,
        *,
        churn: _Numeric = ...,
        annual_discount: _Numeric = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> PaybackResult[NDArray[np.float64]]: ...
    @overload
    def __call__(
        self,
        cac: Any,
        gross_profit_month: Any,
        *,
        churn: Any = ...,
        annual_discount: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> PaybackResult[Any]: ...
    @overload
    @staticmethod
    def two_phase(
        cac: float,
        arpa: float,
        *,
        early_churn: float,
        early_months: float,
        steady_churn: float,
        gross_margin: float = ...,
        expansion: float = ...,
        horizon: float = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> TwoPhasePaybackResult[float]: ...
    @overload
    @staticmethod
    def two_phase(
        cac: _Numeric,
        arpa: _Numeric,
        *,
        early_churn: _Numeric,
        early_months: _Numeric,
        steady_churn: _Numeric,
        gross_margin: _Numeric = ...,
        expansion: _Numeric = ...,
        horizon: _Numeric = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> TwoPhasePaybackResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def two_phase(
        cac: Any,
        arpa: Any,
        *,
        early_churn: Any,
        early_months: Any,
        steady_churn: Any,
        gross_margin: Any = ...,
        expansion: Any = ...,
        horizon: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> TwoPhasePaybackResult[Any]: ...

payback: _Payback

@type_check_only
class _Roi:
    @overload
    def __call__(
        self, revenue: float, cost: float, *, months: float = ..., errors: str = ..., threads: int | None = ...
    ) -> RoiResult[float]: ...
    @overload
    def __call__(
        self, revenue: _Numeric, cost: _Numeric, *, months: _Numeric = ..., errors: str = ..., threads: int | None = ...
    ) -> RoiResult[NDArray[np.float64]]: ...
    @overload
    def __call__(
        self, revenue: Any, cost: Any, *, months: Any = ..., errors: str = ..., threads: int | None = ...
    ) -> RoiResult[Any]: ...
    @overload
    @staticmethod
    def annuity(
        investment: float,
        cash_flow: float,
        years: float,
        *,
        rate: float = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> AnnuityResult[float]: ...
    @overload
    @staticmethod
    def annuity(
        investment: _Numeric,
        cash_flow: _Numeric,
        years: _Numeric,
        *,
        rate: _Numeric = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> AnnuityResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def annuity(
        investment: Any, cash_flow: Any, years: Any, *, rate: Any = ..., errors: str = ..., threads: int | None = ...
    ) -> AnnuityResult[Any]: ...
    @staticmethod
    def cashflows(
        cash_flows: Any, rate: float = ..., *, finance_rate: float | None = ..., reinvest_rate: float | None = ...
    ) -> CashFlowsResult: ...

roi: _Roi

@type_check_only
class _TargetCpa:
    @overload
    def __call__(
        self,
        ltv: float,
        *,
        margin: float = ...,
        buffer: float | None = ...,
        max_share: float | None = ...,
        ltv_to_cac: float | None = ...,
        payback_cpa: float | None = ...,
        share_incremental: float | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> TargetCpaResult[float]: ...
    @overload
    def __call__(
        self,
        ltv: _Numeric,
        *,
        margin: _Numeric = ...,
        buffer: _Numeric | None = ...,
        max_share: _Numeric | None = ...,
        ltv_to_cac: _Numeric | None = ...,
        payback_cpa: _Numeric | None = ...,
        share_incremental: _Numeric | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> TargetCpaResult[NDArray[np.float64]]: ...
    @overload
    def __call__(
        self,
        ltv: Any,
        *,
        margin: Any = ...,
        buffer: Any = ...,
        max_share: Any = ...,
        ltv_to_cac: Any = ...,
        payback_cpa: Any = ...,
        share_incremental: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> TargetCpaResult[Any]: ...
    @overload
    @staticmethod
    def payback(
        gross_profit_month: float,
        *,
        payback_months: float,
        churn: float = ...,
        annual_discount: float = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> TargetCpaPaybackResult[float]: ...
    @overload
    @staticmethod
    def payback(
        gross_profit_month: _Numeric,
        *,
        payback_months: _Numeric,
        churn: _Numeric = ...,
        annual_discount: _Numeric = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> TargetCpaPaybackResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def payback(
        gross_profit_month: Any,
        *,
        payback_months: Any,
        churn: Any = ...,
        annual_discount: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> TargetCpaPaybackResult[Any]: ...

target_cpa: _TargetCpa

@type_check_only
class _Geo:
    @staticmethod
    def did(
        treated_pre: Any,
        treated_post: Any,
        control_pre: Any,
        control_post: Any,
        *,
        spend: float | None = ...,
        confidence: float = ...,
        permutations: int = ...,
        seed: int = ...,
    ) -> GeoDidResult: ...
    @staticmethod
    def power(
        treated: Any,
        donors: Any,
        periods: int,
        *,
        lifts: Sequence[float] = ...,
        alpha: float = ...,
        target: float = ...,
        least_before: int = ...,
    ) -> GeoPowerResult: ...
    @staticmethod
    def synthetic_control(
        treated_pre: Any,
        donors_pre: Any,
        treated_post: Any = ...,
        donors_post: Any = ...,
        *,
        ridge: float | str | None = ...,
        spend: float | None = ...,
        confidence: float = ...,
    ) -> GeoSyntheticControlResult: ...

geo: _Geo

@type_check_only
class _Rate:
    @overload
    @staticmethod
    def ci(
        count: float,
        n: float,
        *,
        confidence: float = ...,
        method: str | None = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> RateCiResult[float]: ...
    @overload
    @staticmethod
    def ci(
        count: _Numeric,
        n: _Numeric,
        *,
        confidence: _Numeric = ...,
        method: str | None = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> RateCiResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def ci(
        count: Any,
        n: Any,
        *,
        confidence: Any = ...,
        method: str | None = ...,
        alternative: str = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> RateCiResult[Any]: ...
    @overload
    @staticmethod
    def monthly(annual: float, *, errors: str = ..., threads: int | None = ...) -> MonthlyRateResult[float]: ...
    @overload
    @staticmethod
    def monthly(
        annual: _Numeric, *, errors: str = ..., threads: int | None = ...
    ) -> MonthlyRateResult[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def monthly(annual: Any, *, errors: str = ..., threads: int | None = ...) -> MonthlyRateResult[Any]: ...

rate: _Rate

@type_check_only
class _Response:
    @overload
    @staticmethod
    def eval(
        model: str, params: Mapping[str, float], spend: float, *, errors: str = ..., threads: int | None = ...
    ) -> ResponseEvaluation[float]: ...
    @overload
    @staticmethod
    def eval(
        model: str, params: Mapping[str, _Numeric], spend: _Numeric, *, errors: str = ..., threads: int | None = ...
    ) -> ResponseEvaluation[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def eval(
        model: str, params: Mapping[str, Any], spend: Any, *, errors: str = ..., threads: int | None = ...
    ) -> ResponseEvaluation[Any]: ...
    @staticmethod
    def fit(
        model: str,
        spend: Any,
        revenue: Any,
        *,
        margin: float | None = ...,
        cap: float | None = ...,
        extrapolate: bool = ...,
        confidence: float = ...,
        baseline: bool = ...,
        weights: Any = ...,
        loss: str = ...,
        loss_scale: float | None = ...,
        noise: str = ...,
        adstock: float | str | None = ...,
        normalize: bool = ...,
        max_lag: int | None = ...,
        newey_west: int | None = ...,
        n_boot: int = ...,
        block: int | str | None = ...,
        seed: int = ...,
        threads: int | None = ...,
    ) -> ResponseFit: ...
    @overload
    @staticmethod
    def incremental(
        extra_spend: float, extra_revenue: float, *, errors: str = ..., threads: int | None = ...
    ) -> ResponseIncrement[float]: ...
    @overload
    @staticmethod
    def incremental(
        extra_spend: _Numeric, extra_revenue: _Numeric, *, errors: str = ..., threads: int | None = ...
    ) -> ResponseIncrement[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def incremental(
        extra_spend: Any, extra_revenue: Any, *, errors: str = ..., threads: int | None = ...
    ) -> ResponseIncrement[Any]: ...
    @overload
    @staticmethod
    def optimum(
        model: str,
        params: Mapping[str, float],
        margin: float,
        *,
        cap: float | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> ResponseOptimum[float]: ...
    @overload
    @staticmethod
    def optimum(
        model: str,
        params: Mapping[str, _Numeric],
        margin: _Numeric,
        *,
        cap: _Numeric | None = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> ResponseOptimum[NDArray[np.float64]]: ...
    @overload
    @staticmethod
    def optimum(
        model: str,
        params: Mapping[str, Any],
        margin: Any,
        *,
        cap: Any = ...,
        errors: str = ...,
        threads: int | None = ...,
    ) -> ResponseOptimum[Any]: ...
    @staticmethod
    def select(
        candidates: Sequence[str],
        spend: Any,
        revenue: Any,
        *,
        criterion: str = ...,
        margin: float | None = ...,
        cross_validate: bool = ...,
        baseline: bool = ...,
        weights: Any = ...,
        loss: str = ...,
        loss_scale: float | None = ...,
        noise: str = ...,
        adstock: float | str | None = ...,
        normalize: bool = ...,
        max_lag: int | None = ...,
    ) -> ResponseSelection: ...

response: _Response

@type_check_only
class _Segment:
    @staticmethod
    def lift(
        segment: Iterable[Hashable],
        exposed_users: Any,
        exposed_conversions: Any,
        holdout_users: Any,
        holdout_conversions: Any,
        *,
        confidence: float = ...,
    ) -> SegmentLiftResult: ...
    @staticmethod
    def roas(
        spend: Any, revenue: Any, *, by: str | Iterable[Hashable], **columns: Iterable[Hashable]
    ) -> SegmentRoasResult: ...

segment: _Segment

@overload
def attribution_incrementality(
    incremental: float, attributed: float, *, errors: str = ..., threads: int | None = ...
) -> IncrementalityResult[float]: ...
@overload
def attribution_incrementality(
    incremental: _Numeric, attributed: _Numeric, *, errors: str = ..., threads: int | None = ...
) -> IncrementalityResult[NDArray[np.float64]]: ...
@overload
def attribution_incrementality(
    incremental: Any, attributed: Any, *, errors: str = ..., threads: int | None = ...
) -> IncrementalityResult[Any]: ...
def attribution_time_decay(ages_days: Any, *, half_life_days: float = ...) -> TimeDecayResult: ...
def events_coverage(events: Any, identifiers: Sequence[str] | None = ...) -> CoverageResult: ...
def events_dedup(
    pixel_ids: Any,
    server_ids: Any,
    *,
    pixel_names: Any = ...,
    server_names: Any = ...,
    pixel_times: Any = ...,
    server_times: Any = ...,
    window: float | None = ...,
) -> DedupResult: ...
def events_match_quality(events: Any, match_probability: Mapping[str, float]) -> MatchQualityResult: ...
def events_rate_change(
    count_new: Any,
    exposure_new: Any,
    count_old: Any,
    exposure_old: Any,
    *,
    confidence: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> RateChangeResult: ...
def events_rate_change_overdispersed(
    count_new: Any,
    exposure_new: Any,
    count_old: Any,
    exposure_old: Any,
    dispersion: Any,
    *,
    confidence: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> OverdispersedChangeResult: ...
def events_seasonal_change(
    history: Sequence[Sequence[float]] | Any,
    current: Sequence[float] | Any,
    *,
    baseline: str = ...,
    dispersion: float | None = ...,
) -> SeasonalChangeResult: ...
def parse_utm(url: Any, *, threads: int | None = ...) -> UtmResult: ...
def traffic(url: Any, referrer: Any = ..., *, own: Sequence[str] = ..., threads: int | None = ...) -> TrafficResult: ...
@overload
def ab_sample_size(
    baseline: float,
    target: float | None = ...,
    *,
    mde: float | None = ...,
    ratio: float = ...,
    alpha: float = ...,
    power: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SampleSizeResult[float]: ...
@overload
def ab_sample_size(
    baseline: _Numeric,
    target: _Numeric | None = ...,
    *,
    mde: _Numeric | None = ...,
    ratio: _Numeric = ...,
    alpha: _Numeric = ...,
    power: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SampleSizeResult[NDArray[np.float64]]: ...
@overload
def ab_sample_size(
    baseline: Any,
    target: Any = ...,
    *,
    mde: Any = ...,
    ratio: Any = ...,
    alpha: Any = ...,
    power: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SampleSizeResult[Any]: ...
def adjust_pvalues(p_values: Any, *, method: str = ..., alpha: float = ...) -> AdjustPvaluesResult: ...
def cuped(
    exposed_y: Any, exposed_x: Any, holdout_y: Any, holdout_x: Any, *, confidence: float = ...
) -> CupedResult: ...
def cuped_from_sums(exposed: Iterable[float], holdout: Iterable[float], *, confidence: float = ...) -> CupedResult: ...
@overload
def gbstats_compat(
    exposed_users: float,
    exposed_conversions: float,
    holdout_users: float,
    holdout_conversions: float,
    *,
    difference: str = ...,
    alpha: float = ...,
    tuning: float = ...,
    prior_mean: float = ...,
    prior_sd: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> GbstatsCompatResult[float]: ...
@overload
def gbstats_compat(
    exposed_users: _Numeric,
    exposed_conversions: _Numeric,
    holdout_users: _Numeric,
    holdout_conversions: _Numeric,
    *,
    difference: str = ...,
    alpha: _Numeric = ...,
    tuning: _Numeric = ...,
    prior_mean: _Numeric = ...,
    prior_sd: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> GbstatsCompatResult[NDArray[np.float64]]: ...
@overload
def gbstats_compat(
    exposed_users: Any,
    exposed_conversions: Any,
    holdout_users: Any,
    holdout_conversions: Any,
    *,
    difference: str = ...,
    alpha: Any = ...,
    tuning: Any = ...,
    prior_mean: Any = ...,
    prior_sd: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> GbstatsCompatResult[Any]: ...
@overload
def holdout_cost(holdout_share: float, *, errors: str = ..., threads: int | None = ...) -> HoldoutCostResult[float]: ...
@overload
def holdout_cost(
    holdout_share: _Numeric, *, errors: str = ..., threads: int | None = ...
) -> HoldoutCostResult[NDArray[np.float64]]: ...
@overload
def holdout_cost(holdout_share: Any, *, errors: str = ..., threads: int | None = ...) -> HoldoutCostResult[Any]: ...
@overload
def lift_gbstats_compat(
    exposed_users: float,
    exposed_conversions: float,
    holdout_users: float,
    holdout_conversions: float,
    *,
    difference: str = ...,
    alpha: float = ...,
    tuning: float = ...,
    prior_mean: float = ...,
    prior_sd: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> GbstatsCompatResult[float]: ...
@overload
def lift_gbstats_compat(
    exposed_users: _Numeric,
    exposed_conversions: _Numeric,
    holdout_users: _Numeric,
    holdout_conversions: _Numeric,
    *,
    difference: str = ...,
    alpha: _Numeric = ...,
    tuning: _Numeric = ...,
    prior_mean: _Numeric = ...,
    prior_sd: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> GbstatsCompatResult[NDArray[np.float64]]: ...
@overload
def lift_gbstats_compat(
    exposed_users: Any,
    exposed_conversions: Any,
    holdout_users: Any,
    holdout_conversions: Any,
    *,
    difference: str = ...,
    alpha: Any = ...,
    tuning: Any = ...,
    prior_mean: Any = ...,
    prior_sd: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> GbstatsCompatResult[Any]: ...
@overload
def lift_mde(
    holdout_rate: float,
    holdout_users: float,
    exposed_users: float,
    *,
    alpha: float = ...,
    power: float = ...,
    direction: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftMdeResult[float]: ...
@overload
def lift_mde(
    holdout_rate: _Numeric,
    holdout_users: _Numeric,
    exposed_users: _Numeric,
    *,
    alpha: _Numeric = ...,
    power: _Numeric = ...,
    direction: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftMdeResult[NDArray[np.float64]]: ...
@overload
def lift_mde(
    holdout_rate: Any,
    holdout_users: Any,
    exposed_users: Any,
    *,
    alpha: Any = ...,
    power: Any = ...,
    direction: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftMdeResult[Any]: ...
@overload
def lift_power(
    holdout_rate: float,
    exposed_rate: float,
    holdout_users: float,
    exposed_users: float,
    *,
    alpha: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftPowerResult[float]: ...
@overload
def lift_power(
    holdout_rate: _Numeric,
    exposed_rate: _Numeric,
    holdout_users: _Numeric,
    exposed_users: _Numeric,
    *,
    alpha: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftPowerResult[NDArray[np.float64]]: ...
@overload
def lift_power(
    holdout_rate: Any,
    exposed_rate: Any,
    holdout_users: Any,
    exposed_users: Any,
    *,
    alpha: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftPowerResult[Any]: ...
def lift_ratio_metric(
    exposed_num: Any, exposed_den: Any, holdout_num: Any, holdout_den: Any, *, confidence: float = ...
) -> RatioMetricResult: ...
@overload
def lift_revenue(
    exposed_mean: float,
    exposed_sd: float,
    exposed_users: float,
    holdout_mean: float,
    holdout_sd: float,
    holdout_users: float,
    *,
    spend: float | None = ...,
    margin: float | None = ...,
    confidence: float = ...,
    relative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftRevenueResult[float]: ...
@overload
def lift_revenue(
    exposed_mean: _Numeric,
    exposed_sd: _Numeric,
    exposed_users: _Numeric,
    holdout_mean: _Numeric,
    holdout_sd: _Numeric,
    holdout_users: _Numeric,
    *,
    spend: _Numeric | None = ...,
    margin: _Numeric | None = ...,
    confidence: _Numeric = ...,
    relative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftRevenueResult[NDArray[np.float64]]: ...
@overload
def lift_revenue(
    exposed_mean: Any,
    exposed_sd: Any,
    exposed_users: Any,
    holdout_mean: Any,
    holdout_sd: Any,
    holdout_users: Any,
    *,
    spend: Any = ...,
    margin: Any = ...,
    confidence: Any = ...,
    relative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftRevenueResult[Any]: ...
def lift_revenue_values(
    exposed: Any,
    holdout: Any,
    *,
    winsorize: float | None = ...,
    spend: float | None = ...,
    margin: float | None = ...,
    confidence: float = ...,
    relative: str = ...,
) -> LiftRevenueValuesResult: ...
@overload
def lift_sequential(
    exposed_users: float,
    exposed_conversions: float,
    holdout_users: float,
    holdout_conversions: float,
    *,
    tau: float | None = ...,
    alpha: float = ...,
    kind: str = ...,
    previous_p: float = ...,
    tuning: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SequentialResult[float]: ...
@overload
def lift_sequential(
    exposed_users: _Numeric,
    exposed_conversions: _Numeric,
    holdout_users: _Numeric,
    holdout_conversions: _Numeric,
    *,
    tau: _Numeric | None = ...,
    alpha: _Numeric = ...,
    kind: str = ...,
    previous_p: _Numeric = ...,
    tuning: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SequentialResult[NDArray[np.float64]]: ...
@overload
def lift_sequential(
    exposed_users: Any,
    exposed_conversions: Any,
    holdout_users: Any,
    holdout_conversions: Any,
    *,
    tau: Any = ...,
    alpha: Any = ...,
    kind: str = ...,
    previous_p: Any = ...,
    tuning: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SequentialResult[Any]: ...
def ratio_metric(
    exposed_num: Any, exposed_den: Any, holdout_num: Any, holdout_den: Any, *, confidence: float = ...
) -> RatioMetricResult: ...
@overload
def sample_size(
    baseline: float,
    target: float | None = ...,
    *,
    mde: float | None = ...,
    ratio: float = ...,
    alpha: float = ...,
    power: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SampleSizeResult[float]: ...
@overload
def sample_size(
    baseline: _Numeric,
    target: _Numeric | None = ...,
    *,
    mde: _Numeric | None = ...,
    ratio: _Numeric = ...,
    alpha: _Numeric = ...,
    power: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SampleSizeResult[NDArray[np.float64]]: ...
@overload
def sample_size(
    baseline: Any,
    target: Any = ...,
    *,
    mde: Any = ...,
    ratio: Any = ...,
    alpha: Any = ...,
    power: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SampleSizeResult[Any]: ...
def segment_lift(
    segment: Iterable[Hashable],
    exposed_users: Any,
    exposed_conversions: Any,
    holdout_users: Any,
    holdout_conversions: Any,
    *,
    confidence: float = ...,
) -> SegmentLiftResult: ...
def segment_roas(
    spend: Any, revenue: Any, *, by: str | Iterable[Hashable], **columns: Iterable[Hashable]
) -> SegmentRoasResult: ...
@overload
def sequential(
    exposed_users: float,
    exposed_conversions: float,
    holdout_users: float,
    holdout_conversions: float,
    *,
    tau: float | None = ...,
    alpha: float = ...,
    kind: str = ...,
    previous_p: float = ...,
    tuning: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SequentialResult[float]: ...
@overload
def sequential(
    exposed_users: _Numeric,
    exposed_conversions: _Numeric,
    holdout_users: _Numeric,
    holdout_conversions: _Numeric,
    *,
    tau: _Numeric | None = ...,
    alpha: _Numeric = ...,
    kind: str = ...,
    previous_p: _Numeric = ...,
    tuning: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SequentialResult[NDArray[np.float64]]: ...
@overload
def sequential(
    exposed_users: Any,
    exposed_conversions: Any,
    holdout_users: Any,
    holdout_conversions: Any,
    *,
    tau: Any = ...,
    alpha: Any = ...,
    kind: str = ...,
    previous_p: Any = ...,
    tuning: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> SequentialResult[Any]: ...
def sequential_simulation(
    exposed_rate: float,
    holdout_rate: float,
    *,
    exposed_users_per_look: int,
    holdout_users_per_look: int,
    looks: int = ...,
    tau: float | None = ...,
    tuning: float = ...,
    alpha: float = ...,
    repetitions: int = ...,
    seed: int = ...,
) -> SequentialSimulationResult: ...
def srm(observed: Any, weights: Any = ...) -> SrmResult: ...
def geo_did(
    treated_pre: Any,
    treated_post: Any,
    control_pre: Any,
    control_post: Any,
    *,
    spend: float | None = ...,
    confidence: float = ...,
    permutations: int = ...,
    seed: int = ...,
) -> GeoDidResult: ...
def geo_power(
    treated: Any,
    donors: Any,
    periods: int,
    *,
    lifts: Sequence[float] = ...,
    alpha: float = ...,
    target: float = ...,
    least_before: int = ...,
) -> GeoPowerResult: ...
def geo_synthetic_control(
    treated_pre: Any,
    donors_pre: Any,
    treated_post: Any = ...,
    donors_post: Any = ...,
    *,
    ridge: float | str | None = ...,
    spend: float | None = ...,
    confidence: float = ...,
) -> GeoSyntheticControlResult: ...
@overload
def lift_bayes(
    exposed_users: float,
    exposed_conversions: float,
    holdout_users: float,
    holdout_conversions: float,
    *,
    prior_alpha: float = ...,
    prior_beta: float = ...,
    credible: float = ...,
    rope: float | None = ...,
    threshold: float | None = ...,
    intervals: bool = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftBayesResult[float]: ...
@overload
def lift_bayes(
    exposed_users: _Numeric,
    exposed_conversions: _Numeric,
    holdout_users: _Numeric,
    holdout_conversions: _Numeric,
    *,
    prior_alpha: _Numeric = ...,
    prior_beta: _Numeric = ...,
    credible: _Numeric = ...,
    rope: _Numeric | None = ...,
    threshold: _Numeric | None = ...,
    intervals: bool = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftBayesResult[NDArray[np.float64]]: ...
@overload
def lift_bayes(
    exposed_users: Any,
    exposed_conversions: Any,
    holdout_users: Any,
    holdout_conversions: Any,
    *,
    prior_alpha: Any = ...,
    prior_beta: Any = ...,
    credible: Any = ...,
    rope: Any = ...,
    threshold: Any = ...,
    intervals: bool = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftBayesResult[Any]: ...
@overload
def lift_p_value(
    exposed_users: float,
    exposed_conversions: float,
    holdout_users: float,
    holdout_conversions: float,
    *,
    alternative: str = ...,
    unconditional: bool = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftPValueResult[float]: ...
@overload
def lift_p_value(
    exposed_users: _Numeric,
    exposed_conversions: _Numeric,
    holdout_users: _Numeric,
    holdout_conversions: _Numeric,
    *,
    alternative: str = ...,
    unconditional: bool = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftPValueResult[NDArray[np.float64]]: ...
@overload
def lift_p_value(
    exposed_users: Any,
    exposed_conversions: Any,
    holdout_users: Any,
    holdout_conversions: Any,
    *,
    alternative: str = ...,
    unconditional: bool = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftPValueResult[Any]: ...
@overload
def lift_ci(
    exposed_users: float,
    exposed_conversions: float,
    holdout_users: float,
    holdout_conversions: float,
    *,
    confidence: float = ...,
    method: str = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftCiResult[float]: ...
@overload
def lift_ci(
    exposed_users: _Numeric,
    exposed_conversions: _Numeric,
    holdout_users: _Numeric,
    holdout_conversions: _Numeric,
    *,
    confidence: _Numeric = ...,
    method: str = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftCiResult[NDArray[np.float64]]: ...
@overload
def lift_ci(
    exposed_users: Any,
    exposed_conversions: Any,
    holdout_users: Any,
    holdout_conversions: Any,
    *,
    confidence: Any = ...,
    method: str = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftCiResult[Any]: ...
@overload
def lift_diff_ci(
    exposed_users: float,
    exposed_conversions: float,
    holdout_users: float,
    holdout_conversions: float,
    *,
    confidence: float = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftDiffCiResult[float]: ...
@overload
def lift_diff_ci(
    exposed_users: _Numeric,
    exposed_conversions: _Numeric,
    holdout_users: _Numeric,
    holdout_conversions: _Numeric,
    *,
    confidence: _Numeric = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftDiffCiResult[NDArray[np.float64]]: ...
@overload
def lift_diff_ci(
    exposed_users: Any,
    exposed_conversions: Any,
    holdout_users: Any,
    holdout_conversions: Any,
    *,
    confidence: Any = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftDiffCiResult[Any]: ...
@overload
def lift_economics(
    exposed_users: float,
    exposed_conversions: float,
    holdout_users: float,
    holdout_conversions: float,
    *,
    spend: float | None = ...,
    aov: float | None = ...,
    margin: float | None = ...,
    confidence: float = ...,
    method: str = ...,
    alternative: str = ...,
    bayes: tuple[float, float] = ...,
    expected_split: float | None = ...,
    mde: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftEconomicsResult[float]: ...
@overload
def lift_economics(
    exposed_users: _Numeric,
    exposed_conversions: _Numeric,
    holdout_users: _Numeric,
    holdout_conversions: _Numeric,
    *,
    spend: _Numeric | None = ...,
    aov: _Numeric | None = ...,
    margin: _Numeric | None = ...,
    confidence: _Numeric = ...,
    method: str = ...,
    alternative: str = ...,
    bayes: tuple[_Numeric, _Numeric] = ...,
    expected_split: _Numeric | None = ...,
    mde: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftEconomicsResult[NDArray[np.float64]]: ...
@overload
def lift_economics(
    exposed_users: Any,
    exposed_conversions: Any,
    holdout_users: Any,
    holdout_conversions: Any,
    *,
    spend: Any = ...,
    aov: Any = ...,
    margin: Any = ...,
    confidence: Any = ...,
    method: str = ...,
    alternative: str = ...,
    bayes: tuple[Any, Any] = ...,
    expected_split: Any = ...,
    mde: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftEconomicsResult[Any]: ...
@overload
def lift_rel_ci(
    exposed_users: float,
    exposed_conversions: float,
    holdout_users: float,
    holdout_conversions: float,
    *,
    confidence: float = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftRelCiResult[float]: ...
@overload
def lift_rel_ci(
    exposed_users: _Numeric,
    exposed_conversions: _Numeric,
    holdout_users: _Numeric,
    holdout_conversions: _Numeric,
    *,
    confidence: _Numeric = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftRelCiResult[NDArray[np.float64]]: ...
@overload
def lift_rel_ci(
    exposed_users: Any,
    exposed_conversions: Any,
    holdout_users: Any,
    holdout_conversions: Any,
    *,
    confidence: Any = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftRelCiResult[Any]: ...
@overload
def lift_revenue_product(
    exposed_users: float,
    diff: float,
    diff_se: float,
    aov: float,
    aov_se: float,
    *,
    confidence: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftRevenueProductResult[float]: ...
@overload
def lift_revenue_product(
    exposed_users: _Numeric,
    diff: _Numeric,
    diff_se: _Numeric,
    aov: _Numeric,
    aov_se: _Numeric,
    *,
    confidence: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftRevenueProductResult[NDArray[np.float64]]: ...
@overload
def lift_revenue_product(
    exposed_users: Any,
    diff: Any,
    diff_se: Any,
    aov: Any,
    aov_se: Any,
    *,
    confidence: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LiftRevenueProductResult[Any]: ...
@overload
def rate_ci(
    count: float,
    n: float,
    *,
    confidence: float = ...,
    method: str | None = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> RateCiResult[float]: ...
@overload
def rate_ci(
    count: _Numeric,
    n: _Numeric,
    *,
    confidence: _Numeric = ...,
    method: str | None = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> RateCiResult[NDArray[np.float64]]: ...
@overload
def rate_ci(
    count: Any,
    n: Any,
    *,
    confidence: Any = ...,
    method: str | None = ...,
    alternative: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> RateCiResult[Any]: ...
@overload
def funnel_decompose(
    *,
    cpm_before: float,
    ctr_before: float,
    cvr_before: float,
    cpm_after: float,
    ctr_after: float,
    cvr_after: float,
    aov_before: float | None = ...,
    aov_after: float | None = ...,
    margin_before: float = ...,
    margin_after: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelDecomposition[float]: ...
@overload
def funnel_decompose(
    *,
    cpm_before: _Numeric,
    ctr_before: _Numeric,
    cvr_before: _Numeric,
    cpm_after: _Numeric,
    ctr_after: _Numeric,
    cvr_after: _Numeric,
    aov_before: _Numeric | None = ...,
    aov_after: _Numeric | None = ...,
    margin_before: _Numeric = ...,
    margin_after: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelDecomposition[NDArray[np.float64]]: ...
@overload
def funnel_decompose(
    *,
    cpm_before: Any,
    ctr_before: Any,
    cvr_before: Any,
    cpm_after: Any,
    ctr_after: Any,
    cvr_after: Any,
    aov_before: Any = ...,
    aov_after: Any = ...,
    margin_before: Any = ...,
    margin_after: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelDecomposition[Any]: ...
@overload
def funnel_elasticity(
    cpm: float,
    ctr: float,
    cvr: float,
    aov: float,
    *,
    gross_margin: float = ...,
    payment_fees: float = ...,
    shipping: float = ...,
    returns: float = ...,
    output: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelElasticity[float]: ...
@overload
def funnel_elasticity(
    cpm: _Numeric,
    ctr: _Numeric,
    cvr: _Numeric,
    aov: _Numeric,
    *,
    gross_margin: _Numeric = ...,
    payment_fees: _Numeric = ...,
    shipping: _Numeric = ...,
    returns: _Numeric = ...,
    output: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelElasticity[NDArray[np.float64]]: ...
@overload
def funnel_elasticity(
    cpm: Any,
    ctr: Any,
    cvr: Any,
    aov: Any,
    *,
    gross_margin: Any = ...,
    payment_fees: Any = ...,
    shipping: Any = ...,
    returns: Any = ...,
    output: str = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelElasticity[Any]: ...
@overload
def funnel_from_counts(
    impressions: float,
    clicks: float,
    conversions: float,
    spend: float,
    revenue: float,
    *,
    margin: float = ...,
    aov: float | None = ...,
    confidence: float = ...,
    prior: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelUncertainty[float]: ...
@overload
def funnel_from_counts(
    impressions: _Numeric,
    clicks: _Numeric,
    conversions: _Numeric,
    spend: _Numeric,
    revenue: _Numeric,
    *,
    margin: _Numeric = ...,
    aov: _Numeric | None = ...,
    confidence: _Numeric = ...,
    prior: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelUncertainty[NDArray[np.float64]]: ...
@overload
def funnel_from_counts(
    impressions: Any,
    clicks: Any,
    conversions: Any,
    spend: Any,
    revenue: Any,
    *,
    margin: Any = ...,
    aov: Any = ...,
    confidence: Any = ...,
    prior: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelUncertainty[Any]: ...
@overload
def funnel_solve(
    cpm: float,
    ctr: float,
    cvr: float,
    aov: float,
    *,
    margin: float = ...,
    target_roas: float | None = ...,
    target_profit_per_mille: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelSolution[float]: ...
@overload
def funnel_solve(
    cpm: _Numeric,
    ctr: _Numeric,
    cvr: _Numeric,
    aov: _Numeric,
    *,
    margin: _Numeric = ...,
    target_roas: _Numeric | None = ...,
    target_profit_per_mille: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelSolution[NDArray[np.float64]]: ...
@overload
def funnel_solve(
    cpm: Any,
    ctr: Any,
    cvr: Any,
    aov: Any,
    *,
    margin: Any = ...,
    target_roas: Any = ...,
    target_profit_per_mille: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelSolution[Any]: ...
def funnel_tornado(
    cpm: float,
    ctr: float,
    cvr: float,
    aov: float,
    *,
    gross_margin: float = ...,
    payment_fees: float = ...,
    shipping: float = ...,
    returns: float = ...,
    swing: float = ...,
    output: str = ...,
) -> FunnelTornado: ...
@overload
def funnel_uncertainty(
    impressions: float,
    clicks: float,
    conversions: float,
    *,
    cpm: float,
    aov: float,
    margin: float = ...,
    confidence: float = ...,
    prior: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelUncertainty[float]: ...
@overload
def funnel_uncertainty(
    impressions: _Numeric,
    clicks: _Numeric,
    conversions: _Numeric,
    *,
    cpm: _Numeric,
    aov: _Numeric,
    margin: _Numeric = ...,
    confidence: _Numeric = ...,
    prior: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelUncertainty[NDArray[np.float64]]: ...
@overload
def funnel_uncertainty(
    impressions: Any,
    clicks: Any,
    conversions: Any,
    *,
    cpm: Any,
    aov: Any,
    margin: Any = ...,
    confidence: Any = ...,
    prior: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> FunnelUncertainty[Any]: ...
def ltv_bootstrap(
    gross_profit: Any, months: Any, churned: Any, *, n_boot: int = ..., seed: int = ..., confidence: float = ...
) -> LtvBootstrapResult: ...
def ltv_cohort(cohort_sizes: Any, gross_profit: Any) -> CohortLtvResult: ...
@overload
def ltv_from_counts(
    gross_profit_month: float,
    customer_months: float,
    churned: float,
    *,
    gross_profit_se: float = ...,
    confidence: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LtvFromCountsResult[float]: ...
@overload
def ltv_from_counts(
    gross_profit_month: _Numeric,
    customer_months: _Numeric,
    churned: _Numeric,
    *,
    gross_profit_se: _Numeric = ...,
    confidence: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LtvFromCountsResult[NDArray[np.float64]]: ...
@overload
def ltv_from_counts(
    gross_profit_month: Any,
    customer_months: Any,
    churned: Any,
    *,
    gross_profit_se: Any = ...,
    confidence: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LtvFromCountsResult[Any]: ...
def ltv_retention(
    retention: Any,
    gross_profit: Any,
    *,
    annual_discount: float = ...,
    timing: str = ...,
    tail_churn: float | None = ...,
) -> RetentionLtvResult: ...
def ltv_sbg(
    survivors: Any,
    *,
    annual_discount: float = ...,
    gross_profit: float | None = ...,
    confidence: float = ...,
    periods: int | None = ...,
) -> SbgResult: ...
@overload
def payback_two_phase(
    cac: float,
    arpa: float,
    *,
    early_churn: float,
    early_months: float,
    steady_churn: float,
    gross_margin: float = ...,
    expansion: float = ...,
    horizon: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> TwoPhasePaybackResult[float]: ...
@overload
def payback_two_phase(
    cac: _Numeric,
    arpa: _Numeric,
    *,
    early_churn: _Numeric,
    early_months: _Numeric,
    steady_churn: _Numeric,
    gross_margin: _Numeric = ...,
    expansion: _Numeric = ...,
    horizon: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> TwoPhasePaybackResult[NDArray[np.float64]]: ...
@overload
def payback_two_phase(
    cac: Any,
    arpa: Any,
    *,
    early_churn: Any,
    early_months: Any,
    steady_churn: Any,
    gross_margin: Any = ...,
    expansion: Any = ...,
    horizon: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> TwoPhasePaybackResult[Any]: ...
@overload
def rate_monthly(annual: float, *, errors: str = ..., threads: int | None = ...) -> MonthlyRateResult[float]: ...
@overload
def rate_monthly(
    annual: _Numeric, *, errors: str = ..., threads: int | None = ...
) -> MonthlyRateResult[NDArray[np.float64]]: ...
@overload
def rate_monthly(annual: Any, *, errors: str = ..., threads: int | None = ...) -> MonthlyRateResult[Any]: ...
@overload
def roi_annuity(
    investment: float,
    cash_flow: float,
    years: float,
    *,
    rate: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> AnnuityResult[float]: ...
@overload
def roi_annuity(
    investment: _Numeric,
    cash_flow: _Numeric,
    years: _Numeric,
    *,
    rate: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> AnnuityResult[NDArray[np.float64]]: ...
@overload
def roi_annuity(
    investment: Any, cash_flow: Any, years: Any, *, rate: Any = ..., errors: str = ..., threads: int | None = ...
) -> AnnuityResult[Any]: ...
def roi_cashflows(
    cash_flows: Any, rate: float = ..., *, finance_rate: float | None = ..., reinvest_rate: float | None = ...
) -> CashFlowsResult: ...
@overload
def target_cpa_payback(
    gross_profit_month: float,
    *,
    payback_months: float,
    churn: float = ...,
    annual_discount: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> TargetCpaPaybackResult[float]: ...
@overload
def target_cpa_payback(
    gross_profit_month: _Numeric,
    *,
    payback_months: _Numeric,
    churn: _Numeric = ...,
    annual_discount: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> TargetCpaPaybackResult[NDArray[np.float64]]: ...
@overload
def target_cpa_payback(
    gross_profit_month: Any,
    *,
    payback_months: Any,
    churn: Any = ...,
    annual_discount: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> TargetCpaPaybackResult[Any]: ...
def xirr(cash_flows: Any, dates: Any, *, rate: float | None = ...) -> XirrResult: ...
@overload
def blended_cac(
    variable_spend: float,
    fixed_spend: float,
    new_customers: float,
    *,
    arpa: float | None = ...,
    gross_margin: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BlendedCacResult[float]: ...
@overload
def blended_cac(
    variable_spend: _Numeric,
    fixed_spend: _Numeric,
    new_customers: _Numeric,
    *,
    arpa: _Numeric | None = ...,
    gross_margin: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BlendedCacResult[NDArray[np.float64]]: ...
@overload
def blended_cac(
    variable_spend: Any,
    fixed_spend: Any,
    new_customers: Any,
    *,
    arpa: Any = ...,
    gross_margin: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BlendedCacResult[Any]: ...
@overload
def break_even_cpm(
    ctr: float,
    cvr: float,
    aov: float,
    margin: float,
    *,
    buffer: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BreakEvenCpmResult[float]: ...
@overload
def break_even_cpm(
    ctr: _Numeric,
    cvr: _Numeric,
    aov: _Numeric,
    margin: _Numeric,
    *,
    buffer: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BreakEvenCpmResult[NDArray[np.float64]]: ...
@overload
def break_even_cpm(
    ctr: Any, cvr: Any, aov: Any, margin: Any, *, buffer: Any = ..., errors: str = ..., threads: int | None = ...
) -> BreakEvenCpmResult[Any]: ...
@overload
def break_even_ctr(
    cpm: float,
    cvr: float,
    aov: float,
    margin: float,
    *,
    buffer: float = ...,
    current_ctr: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BreakEvenCtrResult[float]: ...
@overload
def break_even_ctr(
    cpm: _Numeric,
    cvr: _Numeric,
    aov: _Numeric,
    margin: _Numeric,
    *,
    buffer: _Numeric = ...,
    current_ctr: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BreakEvenCtrResult[NDArray[np.float64]]: ...
@overload
def break_even_ctr(
    cpm: Any,
    cvr: Any,
    aov: Any,
    margin: Any,
    *,
    buffer: Any = ...,
    current_ctr: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BreakEvenCtrResult[Any]: ...
@overload
def break_even_cvr(
    cpm: float,
    ctr: float,
    aov: float,
    margin: float,
    *,
    buffer: float = ...,
    current_cvr: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BreakEvenCvrResult[float]: ...
@overload
def break_even_cvr(
    cpm: _Numeric,
    ctr: _Numeric,
    aov: _Numeric,
    margin: _Numeric,
    *,
    buffer: _Numeric = ...,
    current_cvr: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BreakEvenCvrResult[NDArray[np.float64]]: ...
@overload
def break_even_cvr(
    cpm: Any,
    ctr: Any,
    aov: Any,
    margin: Any,
    *,
    buffer: Any = ...,
    current_cvr: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BreakEvenCvrResult[Any]: ...
@overload
def break_even_roas(
    gross_margin: float,
    *,
    payment_fees: float = ...,
    shipping: float = ...,
    returns: float = ...,
    aov: float | None = ...,
    cvr: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BreakEvenRoasResult[float]: ...
@overload
def break_even_roas(
    gross_margin: _Numeric,
    *,
    payment_fees: _Numeric = ...,
    shipping: _Numeric = ...,
    returns: _Numeric = ...,
    aov: _Numeric | None = ...,
    cvr: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BreakEvenRoasResult[NDArray[np.float64]]: ...
@overload
def break_even_roas(
    gross_margin: Any,
    *,
    payment_fees: Any = ...,
    shipping: Any = ...,
    returns: Any = ...,
    aov: Any = ...,
    cvr: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> BreakEvenRoasResult[Any]: ...
@overload
def cac(
    spend: float,
    new_customers: float,
    *,
    arpa: float | None = ...,
    gross_margin: float = ...,
    target_payback_months: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> CacResult[float]: ...
@overload
def cac(
    spend: _Numeric,
    new_customers: _Numeric,
    *,
    arpa: _Numeric | None = ...,
    gross_margin: _Numeric = ...,
    target_payback_months: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> CacResult[NDArray[np.float64]]: ...
@overload
def cac(
    spend: Any,
    new_customers: Any,
    *,
    arpa: Any = ...,
    gross_margin: Any = ...,
    target_payback_months: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> CacResult[Any]: ...
@overload
def click_cvr(
    clicks: float,
    conversions: float,
    *,
    target_conversions: float | None = ...,
    spend: float | None = ...,
    revenue: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> ClickCvrResult[float]: ...
@overload
def click_cvr(
    clicks: _Numeric,
    conversions: _Numeric,
    *,
    target_conversions: _Numeric | None = ...,
    spend: _Numeric | None = ...,
    revenue: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> ClickCvrResult[NDArray[np.float64]]: ...
@overload
def click_cvr(
    clicks: Any,
    conversions: Any,
    *,
    target_conversions: Any = ...,
    spend: Any = ...,
    revenue: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> ClickCvrResult[Any]: ...
@overload
def cpa(spend: float, conversions: float, *, errors: str = ..., threads: int | None = ...) -> CpaResult[float]: ...
@overload
def cpa(
    spend: _Numeric, conversions: _Numeric, *, errors: str = ..., threads: int | None = ...
) -> CpaResult[NDArray[np.float64]]: ...
@overload
def cpa(spend: Any, conversions: Any, *, errors: str = ..., threads: int | None = ...) -> CpaResult[Any]: ...
@overload
def cpc(spend: float, clicks: float, *, errors: str = ..., threads: int | None = ...) -> CpcResult[float]: ...
@overload
def cpc(
    spend: _Numeric, clicks: _Numeric, *, errors: str = ..., threads: int | None = ...
) -> CpcResult[NDArray[np.float64]]: ...
@overload
def cpc(spend: Any, clicks: Any, *, errors: str = ..., threads: int | None = ...) -> CpcResult[Any]: ...
@overload
def cpl_to_cac(
    cpl: float,
    lead_to_customer: float,
    *,
    target_cac: float | None = ...,
    sales_cost_per_lead: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> CplToCacResult[float]: ...
@overload
def cpl_to_cac(
    cpl: _Numeric,
    lead_to_customer: _Numeric,
    *,
    target_cac: _Numeric | None = ...,
    sales_cost_per_lead: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> CplToCacResult[NDArray[np.float64]]: ...
@overload
def cpl_to_cac(
    cpl: Any,
    lead_to_customer: Any,
    *,
    target_cac: Any = ...,
    sales_cost_per_lead: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> CplToCacResult[Any]: ...
@overload
def cpm(spend: float, impressions: float, *, errors: str = ..., threads: int | None = ...) -> CpmResult[float]: ...
@overload
def cpm(
    spend: _Numeric, impressions: _Numeric, *, errors: str = ..., threads: int | None = ...
) -> CpmResult[NDArray[np.float64]]: ...
@overload
def cpm(spend: Any, impressions: Any, *, errors: str = ..., threads: int | None = ...) -> CpmResult[Any]: ...
@overload
def ctr(clicks: float, impressions: float, *, errors: str = ..., threads: int | None = ...) -> CtrResult[float]: ...
@overload
def ctr(
    clicks: _Numeric, impressions: _Numeric, *, errors: str = ..., threads: int | None = ...
) -> CtrResult[NDArray[np.float64]]: ...
@overload
def ctr(clicks: Any, impressions: Any, *, errors: str = ..., threads: int | None = ...) -> CtrResult[Any]: ...
@overload
def ltv_to_cac(
    cac: float,
    arpa: float,
    *,
    churn: float,
    gross_margin: float = ...,
    target_ratio: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LtvToCacResult[float]: ...
@overload
def ltv_to_cac(
    cac: _Numeric,
    arpa: _Numeric,
    *,
    churn: _Numeric,
    gross_margin: _Numeric = ...,
    target_ratio: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LtvToCacResult[NDArray[np.float64]]: ...
@overload
def ltv_to_cac(
    cac: Any,
    arpa: Any,
    *,
    churn: Any,
    gross_margin: Any = ...,
    target_ratio: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> LtvToCacResult[Any]: ...
@overload
def marginal_roas(
    spend: float,
    revenue: float,
    *,
    margin: float = ...,
    exponent: float = ...,
    cap: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> MarginalRoasResult[float]: ...
@overload
def marginal_roas(
    spend: _Numeric,
    revenue: _Numeric,
    *,
    margin: _Numeric = ...,
    exponent: _Numeric = ...,
    cap: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> MarginalRoasResult[NDArray[np.float64]]: ...
@overload
def marginal_roas(
    spend: Any,
    revenue: Any,
    *,
    margin: Any = ...,
    exponent: Any = ...,
    cap: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> MarginalRoasResult[Any]: ...
@overload
def max_cpc(
    aov: float,
    margin: float,
    cvr: float,
    *,
    buffer: float = ...,
    ctr: float | None = ...,
    lead_to_customer: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> MaxCpcResult[float]: ...
@overload
def max_cpc(
    aov: _Numeric,
    margin: _Numeric,
    cvr: _Numeric,
    *,
    buffer: _Numeric = ...,
    ctr: _Numeric | None = ...,
    lead_to_customer: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> MaxCpcResult[NDArray[np.float64]]: ...
@overload
def max_cpc(
    aov: Any,
    margin: Any,
    cvr: Any,
    *,
    buffer: Any = ...,
    ctr: Any = ...,
    lead_to_customer: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> MaxCpcResult[Any]: ...
@overload
def mer(
    revenue: float,
    spend: float,
    *,
    margin: float = ...,
    buffer: float = ...,
    target_mer: float | None = ...,
    target_profit: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> MerResult[float]: ...
@overload
def mer(
    revenue: _Numeric,
    spend: _Numeric,
    *,
    margin: _Numeric = ...,
    buffer: _Numeric = ...,
    target_mer: _Numeric | None = ...,
    target_profit: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> MerResult[NDArray[np.float64]]: ...
@overload
def mer(
    revenue: Any,
    spend: Any,
    *,
    margin: Any = ...,
    buffer: Any = ...,
    target_mer: Any = ...,
    target_profit: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> MerResult[Any]: ...
@overload
def roas(
    revenue: float,
    spend: float,
    *,
    gross_margin: float = ...,
    payment_fees: float = ...,
    shipping: float = ...,
    returns: float = ...,
    target_profit: float = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> RoasResult[float]: ...
@overload
def roas(
    revenue: _Numeric,
    spend: _Numeric,
    *,
    gross_margin: _Numeric = ...,
    payment_fees: _Numeric = ...,
    shipping: _Numeric = ...,
    returns: _Numeric = ...,
    target_profit: _Numeric = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> RoasResult[NDArray[np.float64]]: ...
@overload
def roas(
    revenue: Any,
    spend: Any,
    *,
    gross_margin: Any = ...,
    payment_fees: Any = ...,
    shipping: Any = ...,
    returns: Any = ...,
    target_profit: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> RoasResult[Any]: ...
@overload
def target_roas(
    gross_margin: float,
    *,
    payment_fees: float = ...,
    shipping: float = ...,
    returns: float = ...,
    fixed_cost_share: float = ...,
    profit_share: float = ...,
    aov: float | None = ...,
    cvr: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> TargetRoasResult[float]: ...
@overload
def target_roas(
    gross_margin: _Numeric,
    *,
    payment_fees: _Numeric = ...,
    shipping: _Numeric = ...,
    returns: _Numeric = ...,
    fixed_cost_share: _Numeric = ...,
    profit_share: _Numeric = ...,
    aov: _Numeric | None = ...,
    cvr: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> TargetRoasResult[NDArray[np.float64]]: ...
@overload
def target_roas(
    gross_margin: Any,
    *,
    payment_fees: Any = ...,
    shipping: Any = ...,
    returns: Any = ...,
    fixed_cost_share: Any = ...,
    profit_share: Any = ...,
    aov: Any = ...,
    cvr: Any = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> TargetRoasResult[Any]: ...
def merge(parts: Iterable[Partial]) -> Partial: ...
def report(
    df: Any,
    metric: str = ...,
    *,
    columns: Mapping[str, str] | None = ...,
    by: Any = ...,
    date: str | None = ...,
    window: Any = ...,
    week_start: str = ...,
    tz: str = ...,
    now: Any = ...,
    lag: Any = ...,
    adjust: str | None = ...,
    attribution_window: Any = ...,
    allow_mismatch: bool = ...,
    arms: Sequence[Any] | None = ...,
    nan_policy: str = ...,
    errors: str = ...,
    threads: int | None = ...,
    **options: Any,
) -> Report: ...
def summarize(
    df: Any,
    metric: str = ...,
    *,
    columns: Mapping[str, str] | None = ...,
    by: Any = ...,
    date: str | None = ...,
    window: Any = ...,
    week_start: str = ...,
    tz: str = ...,
    arms: Sequence[Any] | None = ...,
    nan_policy: str = ...,
    threads: int | None = ...,
) -> Partial: ...
def adstock(spend: Any, theta: float, *, normalize: bool = ..., max_lag: int | None = ...) -> AdstockResult: ...
def allocate(
    channels: Any, budget: float, *, lower: Any = ..., upper: Any = ..., margin: float | None = ...
) -> Allocation: ...
def fit_response(
    spend: Any,
    revenue: Any,
    *,
    group: Sequence[Hashable] | None = ...,
    model: str = ...,
    margin: float | None = ...,
    cap: float | None = ...,
    extrapolate: bool = ...,
    confidence: float = ...,
    baseline: bool = ...,
    weights: Any = ...,
    loss: str = ...,
    loss_scale: float | None = ...,
    noise: str = ...,
    adstock: float | str | None = ...,
    normalize: bool = ...,
    max_lag: int | None = ...,
    newey_west: int | None = ...,
    n_boot: int = ...,
    block: int | str | None = ...,
    seed: int = ...,
    threads: int | None = ...,
) -> Any: ...
@overload
def response_eval(
    model: str, params: Mapping[str, float], spend: float, *, errors: str = ..., threads: int | None = ...
) -> ResponseEvaluation[float]: ...
@overload
def response_eval(
    model: str, params: Mapping[str, _Numeric], spend: _Numeric, *, errors: str = ..., threads: int | None = ...
) -> ResponseEvaluation[NDArray[np.float64]]: ...
@overload
def response_eval(
    model: str, params: Mapping[str, Any], spend: Any, *, errors: str = ..., threads: int | None = ...
) -> ResponseEvaluation[Any]: ...
def response_fit(
    model: str,
    spend: Any,
    revenue: Any,
    *,
    margin: float | None = ...,
    cap: float | None = ...,
    extrapolate: bool = ...,
    confidence: float = ...,
    baseline: bool = ...,
    weights: Any = ...,
    loss: str = ...,
    loss_scale: float | None = ...,
    noise: str = ...,
    adstock: float | str | None = ...,
    normalize: bool = ...,
    max_lag: int | None = ...,
    newey_west: int | None = ...,
    n_boot: int = ...,
    block: int | str | None = ...,
    seed: int = ...,
    threads: int | None = ...,
) -> ResponseFit: ...
@overload
def response_incremental(
    extra_spend: float, extra_revenue: float, *, errors: str = ..., threads: int | None = ...
) -> ResponseIncrement[float]: ...
@overload
def response_incremental(
    extra_spend: _Numeric, extra_revenue: _Numeric, *, errors: str = ..., threads: int | None = ...
) -> ResponseIncrement[NDArray[np.float64]]: ...
@overload
def response_incremental(
    extra_spend: Any, extra_revenue: Any, *, errors: str = ..., threads: int | None = ...
) -> ResponseIncrement[Any]: ...
@overload
def response_optimum(
    model: str,
    params: Mapping[str, float],
    margin: float,
    *,
    cap: float | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> ResponseOptimum[float]: ...
@overload
def response_optimum(
    model: str,
    params: Mapping[str, _Numeric],
    margin: _Numeric,
    *,
    cap: _Numeric | None = ...,
    errors: str = ...,
    threads: int | None = ...,
) -> ResponseOptimum[NDArray[np.float64]]: ...
@overload
def response_optimum(
    model: str, params: Mapping[str, Any], margin: Any, *, cap: Any = ..., errors: str = ..., threads: int | None = ...
) -> ResponseOptimum[Any]: ...
def response_select(
    candidates: Sequence[str],
    spend: Any,
    revenue: Any,
    *,
    criterion: str = ...,
    margin: float | None = ...,
    cross_validate: bool = ...,
    baseline: bool = ...,
    weights: Any = ...,
    loss: str = ...,
    loss_scale: float | None = ...,
    noise: str = ...,
    adstock: float | str | None = ...,
    normalize: bool = ...,
    max_lag: int | None = ...,
) -> ResponseSelection: ...
def compare_windows(one: SpanResult, other: SpanResult, *, allow_mismatch: bool = ...) -> None: ...
def window(
    date: str | datetime.date | datetime.datetime, *, week_start: str = ..., tz: str | None = ...
) -> WindowResult: ...
def window_starts(
    dates: Any, window: str = ..., *, week_start: str = ..., rolling_days: int | None = ..., tz: str | None = ...
) -> Any: ...
