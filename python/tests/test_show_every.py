"""Every public result class, over all reference rows and what is degenerate: text, HTML, picture, no exception."""

import copy
import math
import pickle
import re
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from test_vectors import ROWS, find, plain

import edgetally as et
from edgetally._show import attribution, events, experiment, funnel, geo, lift, money, response

mpl.use("agg")
# What is drawn is not looked at here.
mpl.rcParams["figure.dpi"] = 20

from matplotlib import pyplot  # noqa: E402

nan, inf = math.nan, math.inf

CLASSES = {
    name
    for module in (et, et.events)
    for name, found in vars(module).items()
    if isinstance(found, type) and issubclass(found, et.Result) and found is not et.Result
}

# What the reference rows do not reach.
MORE: list[Any] = [
    lambda: et.lift(0, 0, 0, 0),
    lambda: et.lift(1, 0, 1, 0, spend=0, aov=0, margin=1),
    lambda: et.lift(1, 1, 1, 1, spend=5, aov=3, margin=0),
    lambda: et.lift(1e15, 1e15, 1, 0, spend=1e300, aov=1e300, margin=1),
    lambda: et.lift(9_000, 200, 1_000, 18, alternative="greater"),
    lambda: et.lift(9_000, 200, 1_000, 18, method=None, bayes=None),
    lambda: et.lift_economics(0, 0, 0, 0),
    lambda: et.lift_economics(10, 10, 10, 10, spend=5, aov=3, margin=0.5, bayes=(30, 70)),
    lambda: et.lift([], [], [], []),
    lambda: et.lift(np.ones((2, 2)), 0, 1, 0),
    lambda: et.lift(pd.Series([9_000.0, None]), 200, 1_000, 18),
    lambda: et.lift(pl.Series([9_000, None]), 200, 1_000, 18),
    lambda: et.lift(pa.array([9_000, None]), 200, 1_000, 18),
    lambda: et.lift([5, -1], 2, 3, 1, errors="coerce"),
    lambda: et.lift_ci(10_000, [200, 150], 10_000, 180),
    lambda: et.lift_ci(10_000, 200, 10_000, 180),
    lambda: et.lift_ci(10_000, 200, 10_000, 180, method="newcombe"),
    lambda: et.lift_ci(np.full(5_000, 100.0), np.arange(5_000) % 100, 100, 50),
    lambda: et.lift_bayes(0, 0, 0, 0),
    lambda: et.lift_bayes(10_000, 500, 10_000, 460, threshold=0.002, rope=0.001),
    lambda: et.lift_bayes(10_000, 500, 10_000, 460, intervals=False),
    lambda: et.lift_bayes([10_000, 20_000], 500, 10_000, 460, threshold=0.002),
    lambda: et.lift_revenue_values([3, 0, 5, 2, 90], [1, 0, 2, 4, 0], winsorize=0.9, spend=3, margin=0.5),
    lambda: et.lift_revenue(1, 0, 10, 1, 0, 10),
    lambda: et.lift_revenue([1.0, 2.0], 1, 10, 1, 1, 10),
    lambda: et.rate_ci(30, 1_000, method="wilson"),
    lambda: et.rate_ci([30, 40], 1_000),
    lambda: et.sequential([10, 100], [0, 3], [10, 100], [0, 1], tau=0.01),
    lambda: et.sequential(0, 0, 0, 0, tau=0.01),
    lambda: et.sequential_simulation(
        0.02, 0.02, exposed_users_per_look=50, holdout_users_per_look=50, tau=0.01, repetitions=9
    ),
    lambda: et.segment_lift([], [], [], [], []),
    lambda: et.segment_lift([f"s{at}" for at in range(60)], [100] * 60, list(range(60)), [100] * 60, [5] * 60),
    lambda: et.segment_roas([0.0], [1.0], by=["a"]),
    lambda: et.adjust_pvalues([]),
    lambda: et.adjust_pvalues([nan, 0.2]),
    lambda: et.srm([0, 0]),
    lambda: et.sample_size([0.01, 0.02], 0.03),
    lambda: et.funnel(0, 0, 0, 0),
    lambda: et.funnel(12, 0.015, 0.03, 80, gross_margin=0.1, returns=0.5),
    lambda: et.funnel([12, nan], 0.015, 0.03, 80),
    lambda: et.funnel_tornado(12, 0.015, 0.03, 80, output="roas"),
    lambda: et.funnel_tornado(0, 0, 0, 0),
    lambda: et.funnel_elasticity(0, 0, 0, 0),
    lambda: et.funnel_from_counts(20_000, 300, 0, spend=240, revenue=0),
    lambda: et.funnel_from_counts(1, 1, 1, spend=240, revenue=1),
    lambda: et.target_cpa(-5),
    lambda: et.target_cpa(et.ltv(200, churn=0.03), margin=0.5, buffer=0.1, share_incremental=0.4),
    lambda: et.target_cpa([100.0, 200.0], margin=0.5),
    lambda: et.roi_cashflows([0.0]),
    lambda: et.roi_cashflows([-100, 230, -132]),
    lambda: et.roi_cashflows([-1.0] * 200, rate=0.1),
    lambda: et.roi(0, 0),
    lambda: et.xirr([-1000, 300, 850], ["2025-01-01", "2025-07-01", "2026-01-01"]),
    lambda: et.ltv(200, churn=0),
    lambda: et.ltv([200, 300], churn=0.1),
    lambda: et.ltv_from_counts(160, 10_000, 300),
    lambda: et.ltv_from_counts(160, 10_000, 0),
    lambda: et.ltv_bootstrap([10.0, 20, 5, 0], [5, 9, 2, 1], [1, 0, 1, 1], n_boot=50),
    lambda: et.lift_arms(["psa", "video", "search"], [10_000] * 3, [480, 570, 540], holdout="psa"),
    lambda: et.lift_arms(["psa", "<i>"], [10, 10], [0, 0], holdout="psa"),
    lambda: et.lift_non_inferiority(10_000, 500, 10_000, 510, non_inferiority=0.1),
    lambda: et.lift_non_inferiority([10_000, 0], 0, 10_000, 510, non_inferiority=0.1),
    lambda: et.lift(10_000, 500, 10_000, 510, non_inferiority=0.1, spend=100, aov=80, margin=0.5),
    lambda: et.sample_size_revenue(1.0, 10.0, mde_rel=0.1),
    lambda: et.lift_power_revenue(0.1, 10.0, 10_000, 10.0, 10_000),
    lambda: et.lift_mde_revenue(10.0, 10_000, 10.0, 10_000, holdout_mean=1.0),
    lambda: et.lift_mde_revenue(10.0, [10_000, 0], 10.0, 10_000),
    lambda: et.geo_counterfactual([10.0 + at % 3 for at in range(30)], [14.0, 15, 16], spend=5),
    lambda: et.HealthResult((True, "1.0", [], {"LEDGER": True}, {"meta": "24.0"}, [], {"meta": {"seconds": 60}}, {})),
    lambda: et.HealthResult((False, "1.0", [{"at": "<b>"}], {}, {}, ["meta"], {}, {"quarantined": {"n": 2}})),
    lambda: et.ReleasesResult(("inconclusive", "too early: <b>", 200.0, False, None, None, [], [], [], {})),
    lambda: et.ReleasesResult(
        ("fail", "<b>", 0.0, True, {"label": ""}, {"label": "<i>"}, [{"text": "<b>", "p": nan}], [], [], {"see": 0.4})
    ),
    lambda: et.explain_consent(us_privacy="1YYN", gpc=True),
    lambda: et.explain_consent(tcf="<b>"),
    lambda: et.explain_consent(ad_user_data="granted").destinations,
    lambda: et.verify_receipts([]),
    lambda: et.verify_receipts(["<b>"]),
    lambda: et.holdout_cost(0.1),
    lambda: et.holdout_cost([0.1, 0.5]),
    lambda: et.funnel_decompose(
        cpm_before=12, ctr_before=0.015, cvr_before=0.03, cpm_after=15, ctr_after=0.018, cvr_after=0.03
    ),
    lambda: et.funnel_decompose(
        cpm_before=12, ctr_before=0, cvr_before=0.03, cpm_after=15, ctr_after=0.018, cvr_after=0.03, aov_before=80
    ),
    lambda: et.traffic("https://shop.example/?gclid=x"),
    lambda: et.traffic(["https://shop.example/", None]),
    lambda: et.ltv_retention([1, 0.6, 0.5], 10),
    lambda: et.marginal_roas(0, 0),
    lambda: et.marginal_roas(50_000, 200_000, margin=0.4, exponent=0.9),
    lambda: et.marginal_roas(50_000, 200_000, margin=0.01),
    lambda: et.marginal_roas([50_000, 60_000], 200_000),
    lambda: et.fit_response([1, 2, 3, 4, 5], [5, 5.1, 4.9, 5, 5], margin=0.4),
    lambda: et.fit_response([1, 2, 3, 4, 5], [5, 4, 3, 2, 1.0], margin=0.4),
    lambda: et.fit_response([1, 2, 3, 4, 5], [5, 8, 11, 13, 14.5]),
    lambda: et.fit_response([0, 2, 3, 4, 5, 6], [1, 8, 11, 13, 14.5, 16], model="power", margin=0.9, n_boot=20),
    lambda: et.fit_response([1, 2, 3, 4, 5], [5, 8, 11, 13, 14.5], margin=0.4).optimum(0.4),
    lambda: et.allocate([{"model": "power", "params": {"k": 60, "b": 0.75}}], 0),
    lambda: et.allocate({"a": et.fit_response([1, 2, 3, 4, 5], [5, 8, 11, 13, 14.5])}, 4, margin=0.5),
    lambda: et.response_eval("power", {"k": 1, "b": 0.5}, [1, 2]),
    lambda: et.geo_did([[1, 2], [3, 4]], [[5, 6], [7, 8]], [[1, 2], [2, 3]], [[2, 2], [3, 3]]),
    lambda: et.geo_did([1], [2], [1], [1]),
    lambda: et.geo_synthetic_control([15, 15.5, 16], [[10, 12, 11], [20, 19, 21]], [20], [[12], [22]]),
    lambda: et.geo_synthetic_control([15, 15.5, 16], [[10, 12, 11], [20, 19, 21]]),
    lambda: et.geo_power([15, 15.5, 16, 17.5], [[10, 12, 11, 12], [20, 19, 21, 22]], 1, lifts=[0, 1], least_before=2),
    lambda: et.attribution([{"path": ["<b>&'\"$x$"], "converted": True}]),
    lambda: et.attribution([{"path": ["a"], "converted": False}]),
    lambda: et.attribution(["a > b", "b"], model="linear"),
    lambda: et.attribution_time_decay([]),
    lambda: et.attribution_incrementality(5, 0),
    lambda: et.parse_utm(["https://shop.example/?utm_source=<script>", None]),
    lambda: et.parse_utm("https://shop.example/"),
    lambda: et.window("2026-02-10"),
    lambda: et.window(["2026-02-10", "2026-02-11"]),
    lambda: et.window_span("2026-02-10", "month", today="2026-03-05"),
    lambda: et.events.rate_change(0, 24, 7, 24),
    lambda: et.events.rate_change([1, 2], 24, 7, 24),
    lambda: et.events.dedup([], []),
    lambda: et.events.coverage([]),
    lambda: et.events.coverage([{"em": "x"}]),
]


def all_results() -> dict[str, list[et.Result]]:
    """The results by class: those of the reference rows, and those above that are not refused."""
    found: dict[str, list[et.Result]] = defaultdict(list)
    for row in ROWS:
        if "raises" not in row["outputs"]:
            inputs = {name: plain(value) for name, value in row["inputs"].items() if value is not None}
            result = find(row["calculator"])(**inputs)
            if isinstance(result, et.Result):
                found[type(result).__name__].append(result)
    for make in MORE:
        try:
            result = make()
        except et.EdgetallyError:
            continue
        found[type(result).__name__].append(result)
    return found


RESULTS = all_results()


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_a_class_shows_itself(name: str) -> None:
    for result in RESULTS[name]:
        assert repr(result).startswith(name)
        text = result.summary()
        first = text.splitlines()[0]
        assert first.endswith("."), first
        # Words only: no number of Python's own, no name of a field in the sentence.
        assert not re.search(r"\bnan\b|\bNone\b(?! of)|\d\.\d{6}|array\(", first), first
        html = result._repr_html_()
        assert "<script" not in html.lower()
        root = ElementTree.fromstring(html)  # noqa: S314
        assert root.find(".//b") is not None
        for svg in root.iter("{http://www.w3.org/2000/svg}svg"):
            for element in svg.iter():
                for key, value in element.attrib.items():
                    assert "nan" not in value.split() or key == "aria-label", (element.tag, element.attrib)


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_a_class_draws_itself(name: str) -> None:
    # Drawing takes a while: a few of each, the degenerate ones last.
    for result in [*RESULTS[name][:1], *RESULTS[name][1:][-3:]]:
        axes = result.plot(currency="$")
        panels = axes if isinstance(axes, list) else [axes]
        figure = panels[0].figure
        title = figure.get_suptitle() or panels[0].get_title(loc="left")
        assert title.rstrip().endswith("."), title
        figure.draw_without_rendering()
        pyplot.close(figure)


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_a_result_opened_again_shows_the_same(name: str) -> None:
    for result in [*RESULTS[name][:1], *RESULTS[name][1:][-3:]]:
        for again in (pickle.loads(pickle.dumps(result)), copy.copy(result)):  # noqa: S301 - pickled on this line
            assert again._repr_html_() == result._repr_html_()
            assert again.summary() == result.summary()


UNITS = "count money months number p percent periods points probability text times"


def test_pictures_are_registered_by_name_and_nowhere_else() -> None:
    for module in (et, et.events):
        for found in vars(module).values():
            assert not (isinstance(found, type) and issubclass(found, et.Result) and hasattr(found, "_draw")), found
    # What is registered is there.
    for subject in (attribution, events, experiment, funnel, geo, lift, money, response):
        for show in subject.SHOWN.values():
            assert set(show.units.values()) <= set(UNITS.split()), show.units


def test_every_public_class_is_driven() -> None:
    # Results within others, and those of functions that are tried elsewhere.
    within = {"AllocationPlan", "CupedAdjustment"}
    parents = {"Flagged", "LiftEstimates", "ResponseOptimum"}
    assert sorted(CLASSES - set(RESULTS) - within - parents) == []
