"""One right call of every public function, by keyword: what the sweeps over all of them start from."""

import inspect
import json
import math
from functools import reduce
from pathlib import Path
from typing import Any

import edgetally as et

_FIXTURE = Path(__file__).parents[2] / "crates/core/tests/fixtures/calculators.json"
_WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def _number(value: Any) -> Any:
    if isinstance(value, str):
        return _WORDS.get(value, value)
    if isinstance(value, list):
        return [_number(item) for item in value]
    if isinstance(value, dict):
        return {name: _number(item) for name, item in value.items()}
    return value


_ARMS = {"exposed_users": 1000, "exposed_conversions": 60, "holdout_users": 1000, "holdout_conversions": 40}
_TABLE = {
    "date": ["2026-05-04", "2026-05-05", "2026-05-12"],
    "channel": ["search", "social", "search"],
    "revenue": [100.0, 50.0, 80.0],
    "spend": [40.0, 30.0, 20.0],
}
_SPEND = [1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 6e4, 8e4]
_REVENUE = [1e4, 1.7e4, 3.1e4, 5e4, 8e4, 1.4e5, 1.7e5, 1.9e5]
_SPAN = et.window_span("2026-02-10", "month")
_TEXT = {"value": "Elena", "dialect": "meta", "default_country": "DE", "country": "DE", "threads": 1}

# What the reference rows do not hold.
_WRITTEN: dict[str, dict[str, Any]] = {
    "attribution_incrementality": {"incremental": 300, "attributed": 1200},
    "compare_releases": {
        "lines": [
            {"hour": f"2026-11-2{day}T09:00:00Z", "source": "shop", "release": release, "state": "accepted", "n": 9}
            for day, release in ((1, "a"), (2, "b"))
        ],
        "source": "shop",
        "before": "a",
        "after": "b",
        "by": "release",
        "until": "2026-11-23",
        "looks": "once",
        "min_events": 5,
        "watch": ["purchase"],
        "thresholds": {"see": 0.5},
        "platforms": {"mine": "meta"},
        "tz": "UTC",
    },
    "explain_consent": {"us_privacy": "1YYN", "gpp_sid": [], "gpc": True, "ad_user_data": "granted", "country": "US"},
    "channel_group": {"source": "google", "medium": "cpc", "campaign": "x", "source_category": "SEARCH"},
    "compare_windows": {"one": _SPAN, "other": _SPAN},
    "cuped_from_sums": {"exposed": [4, 10, 10, 30, 30, 29], "holdout": [4, 9, 10, 26, 30, 27], "confidence": 0.95},
    "events_coverage": {"events": [{"em": "x", "ph": None}, {"em": "y", "ph": "z"}], "identifiers": ["em"]},
    "fit_response": {"spend": _SPEND, "revenue": _REVENUE, "model": "power", "margin": 0.4, "n_boot": 5},
    "funnel_decompose": {
        "cpm_before": 10,
        "ctr_before": 0.01,
        "cvr_before": 0.02,
        "cpm_after": 12,
        "ctr_after": 0.012,
        "cvr_after": 0.03,
        "aov_before": 80,
        "aov_after": 90,
        "margin_before": 0.5,
        "margin_after": 0.5,
    },
    "funnel_from_counts": {"impressions": 10_000, "clicks": 200, "conversions": 9, "spend": 100.0, "revenue": 700.0},
    "gbstats_compat": {**_ARMS, "difference": "relative", "alpha": 0.05, "prior_mean": 0.0, "prior_sd": 0.3},
    "geo_power": {
        "treated": [10.0, 11, 12, 11, 10, 12, 13, 11, 12, 10, 11, 12, 13, 12],
        "donors": [
            [9.0, 10, 11, 10, 9, 11, 12, 10, 11, 9, 10, 11, 12, 11],
            [5.0, 6, 7, 6, 5, 7, 8, 6, 7, 5, 6, 7, 8, 7],
        ],
        "periods": 2,
    },
    "holdout_cost": {"holdout_share": 0.1},
    "lift_ci": {**_ARMS, "confidence": 0.95, "method": "score", "alternative": "two-sided"},
    "lift_revenue_values": {"exposed": [1.0, 2, 4, 8], "holdout": [1.0, 3, 2], "winsorize": 0.9, "confidence": 0.95},
    "ltv_bootstrap": {"gross_profit": [10.0, 20, 30], "months": [3, 4, 5], "churned": [1, 0, 1], "n_boot": 5},
    "ltv_from_counts": {"gross_profit_month": 20.0, "customer_months": 1000, "churned": 40, "confidence": 0.95},
    "ltv_retention": {"retention": [1.0, 0.8, 0.6], "gross_profit": [10.0, 10, 10], "annual_discount": 0.1},
    "parse_utm": {"url": "https://shop.example/?utm_source=x", "threads": 1},
    "ratio_metric": {
        "exposed_num": [1.0, 2, 3],
        "exposed_den": [1.0, 1, 2],
        "holdout_num": [1.0, 1, 3],
        "holdout_den": [1.0, 1, 2],
    },
    "report": {"df": _TABLE, "metric": "roas", "by": "channel", "date": "date", "window": "week"},
    "sample_size": {"baseline": 0.02, "target": 0.03, "alpha": 0.05, "power": 0.8},
    "sequential": {**_ARMS, "tau": 0.01, "alpha": 0.05},
    "sequential_simulation": {
        "exposed_rate": 0.02,
        "holdout_rate": 0.02,
        "exposed_users_per_look": 10,
        "holdout_users_per_look": 10,
        "looks": 2,
        "tau": 0.01,
        "repetitions": 2,
        "seed": 1,
    },
    "sha256_hex": {},
    "source_category": {"source": "google", "threads": 1},
    "summarize": {"df": _TABLE, "metric": "roas", "by": "channel", "date": "date", "window": "week"},
    "traffic": {"url": "https://shop.example/", "referrer": "https://www.bing.com/", "own": ["pay.example"]},
    "window_span": {"date": "2026-02-10", "window": "month", "today": "2026-03-05", "lag_days": 7, "tz": "UTC"},
    "window_starts": {"dates": ["2026-11-22", "2026-11-23"], "window": "week", "week_start": "monday"},
    "xirr": {"cash_flows": [-100.0, 60, 60], "dates": ["2026-01-01", "2026-06-01", "2027-01-01"], "rate": 0.1},
}


def functions() -> list[str]:
    """The names of all public functions."""
    return [name for name in et.__all__ if inspect.isroutine(getattr(et, name))]


def _calls() -> dict[str, list[dict[str, Any]]]:
    calls: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads(_FIXTURE.read_text(encoding="utf-8")):
        if "raises" in row["outputs"]:
            continue
        name = row["calculator"]
        found = reduce(lambda at, part: getattr(at, part, None), name.split("."), et)  # type: ignore[arg-type]
        found = getattr(et, name.replace(".", "_"), found)
        public = next((full for full in functions() if getattr(et, full) is found), None)
        if public:
            given = {key: _number(value) for key, value in row["inputs"].items() if value is not None}
            calls.setdefault(public, []).append(given)
    for name in functions():
        if name in _WRITTEN:
            calls.setdefault(name, []).append(_WRITTEN[name])
        elif name.startswith(("normalize_", "hash_")):
            calls[name] = [{**_TEXT, "dialect": "ga4"} if name.endswith("street") else _TEXT]
    return calls


# Every public function with the keywords of right calls.
CALLS = _calls()
