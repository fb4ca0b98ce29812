"""Read by the type checker only: what callers are told of the types."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import assert_type

import edgetally as et

one = et.funnel(12, 0.015, 0.03, 80)
assert_type(one, et.FunnelResult[float])
assert_type(one.cpa, float)

many = et.funnel(12, [0.01, 0.02], 0.03, 80)
assert_type(many, et.FunnelResult[NDArray[np.float64]])
assert_type(many.cpa, NDArray[np.float64])


def of_a_frame(series: Any) -> None:
    """A column of pandas, Polars or Arrow comes back as what it was."""
    assert_type(et.roi(series, 3000).roi, Any)


lift = et.lift(100_000, 1_200, 100_000, 900, spend=50_000, aov=80, margin=0.4)
assert_type(lift.incremental_conversions, et.Interval[float])
assert_type(lift.incremental_conversions.low, float)
assert_type(et.lift.diff_ci(100, 5, 100, 3).diff_score, et.Interval[float])
assert_type(float(lift.rel_lift), float)
assert_type(et.hash_email("jo@shop.example"), str | None)
