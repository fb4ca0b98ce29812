"""Read by the type checker only: what callers are told of the types."""

from typing import Any

from typing_extensions import assert_type

import edgetally as et

assert_type(et.funnel(12, 0.015, 0.03, 80), et.FunnelResult)
# A float for numbers, a column of the caller's own kind for columns.
assert_type(et.funnel(12, [0.01, 0.02], 0.03, 80).cpa, Any)
assert_type(et.roi_cashflows([-100, 110]).irr, float)
assert_type(et.roi_cashflows([-100, 110]).irr_unique, bool)

lift = et.lift(100_000, 1_200, 100_000, 900, spend=50_000, aov=80, margin=0.4)
assert_type(float(lift.rel_lift), float)
assert_type(et.lift_diff_ci(100, 5, 100, 3).diff_score, et.Interval[Any])
assert_type(et.hash_email("jo@shop.example"), str | None)
assert_type(et.Ledger("https://events.shop.example", "token").balances().delivered, list[Any])
assert_type(et.Ledger("https://events.shop.example").compare_releases(source="shop", after="2").verdict, str)
assert_type(et.events.rate_change(et.LedgerTable({})), et.events.RateChangeResult)
assert_type(et.events.rate_change(90, 24, 130, 24), et.events.RateChangeResult)
# Functions that hang on others are found, and a misspelt field is not.
et.lift.diff_ci(100, 5, 100, 3)
_ = et.funnel(12, 0.015, 0.03, 80).cpaa  # type: ignore[attr-defined]
et.geo.did([100, 104], [130, 128], [90, 95], [97, 99])
