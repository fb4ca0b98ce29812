"""Metrics of a report, reports against each other, windows against each other: pandas and the calculators themselves."""

from __future__ import annotations

import math
from typing import Any

import edgetally as et
import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from .harness import Oracle, stacked
from .tables import RATIOS, table


def metrics(oracle: Oracle) -> None:
    """Every other metric: sums by pandas, then the formula."""
    r = oracle.random("report metrics")
    ours, theirs, asked = [], [], []
    while len(asked) < oracle.rows:
        frame = table(r, int(r.integers(1, 200)))
        frame["cost"], frame["users"] = frame["spend"] / 2, frame["clicks"]
        frame["new_customers"] = frame["conversions"]
        sums = frame.groupby("channel").sum(numeric_only=True)
        names = ["revenue", "spend", "cost", "users", "aov", "cac", "ctr", "conversion_rate", "roi"]
        found = et.report(frame, names, by="channel")
        places = {name: place for place, name in enumerate(found["channel"])}
        for name, row in sums.iterrows():
            at = places[name]

            def over(a: float, b: float) -> float:
                return a / b if b else math.nan

            x, n, views = row["conversions"], row["clicks"], row["impressions"]
            low, high = proportion_confint(x, n, 0.05, "wilson") if n else (math.nan, math.nan)
            truth = {
                "revenue": row["revenue"],
                "spend": row["spend"],
                "cost": row["cost"],
                "users": n,
                "aov": over(row["revenue"], x),
                "cac": over(row["spend"], x),
                "ctr": over(n, views),
                "conversion_rate": over(x, n),
                "conversion_rate_low": low,
                "conversion_rate_high": high,
                "roi": over(row["revenue"] - row["cost"], row["cost"]),
            }
            theirs.append(truth)
            ours.append({key: float(found[key][at]) for key in truth})
            asked.append(f"{name} of {len(frame)} rows")
    like = {"conversion_rate_low": np.full(len(asked), 1e-3), "roi": np.full(len(asked), 1.0)}
    oracle.compare(
        "report", "pandas, statsmodels: other metrics", stacked(ours), stacked(theirs), {"table": asked}, like=1e-11,
        scale=like,
    )


def lifts(oracle: Oracle) -> None:
    """The lift of a segment is ``lift`` of its sums, and the arms may stand in rows."""
    r = oracle.random("report lift")
    ours, theirs, asked = [], [], []
    while len(asked) < oracle.rows:
        rows = int(r.integers(2, 40))
        users = r.integers(1, 5000, rows)
        frame = pd.DataFrame(
            {
                "plan": r.integers(0, 4, rows),
                "arm": r.choice(["ads", "psa"], rows),
                "users": users,
                "conversions": r.binomial(users, r.uniform(0.001, 0.3)),
            }
        )
        # Both arms are somewhere.
        frame.loc[:1, "arm"] = ["ads", "psa"]
        found = et.report(frame, "lift", by="plan", columns={"arm": "arm", "users": "users"}, arms=("ads", "psa"))
        places = {name: place for place, name in enumerate(found["plan"])}
        for plan, part in frame.groupby("plan"):
            sums = [part[part["arm"] == arm][["users", "conversions"]].sum() for arm in ("ads", "psa")]
            counts = [float(value) for side in sums for value in side]
            one = et.lift(*counts)
            truth = {
                "rel_lift": float(one.rel_lift),
                "rel_lift_low": one.rel_lift.low,
                "abs_lift": float(one.abs_lift),
                "abs_lift_high": one.abs_lift.high,
                "p_value": one.p_value,
            }
            theirs.append(truth)
            ours.append({key: float(found[key][places[plan]]) for key in truth})
            asked.append(str(counts))
    oracle.compare("report", "lift of pandas' sums", stacked(ours), stacked(theirs), {"counts": asked}, like=0)


def parts(oracle: Oracle) -> None:
    """The sums of ``summarize``, read as a report, are pandas'; comparisons of two weeks their differences."""
    r = oracle.random("summarize")
    rows: dict[str, list[Any]] = {name: [] for name in ("summarize", "report_compare")}
    truth: dict[str, list[Any]] = {name: [] for name in rows}
    asked: dict[str, list[Any]] = {name: [] for name in rows}
    while min(len(row) for row in asked.values()) < oracle.rows:
        frame = table(r, int(r.integers(20, 150)))
        metric = str(r.choice([name for name in RATIOS if name != "ctr"]))
        top, bottom, times = RATIOS[metric]
        whole = et.summarize(frame, [metric, "spend"], by=["channel", "plan"]).report()
        groups = frame.groupby(["channel", "plan"])[list({top, bottom, "spend"})].sum()
        found = dict(
            zip(
                zip(whole["channel"], whole["plan"], strict=True), zip(whole[metric], whole["spend"], strict=True), strict=True
            )
        )
        for key, row in groups.iterrows():
            got = found.pop(key)
            rows["summarize"].append({"metric": float(got[0]), "spend": float(got[1])})
            value = times * row[top] / row[bottom] if row[bottom] else math.nan
            truth["summarize"].append({"metric": value, "spend": row["spend"]})
            asked["summarize"].append(f"{metric}, {key}, of {len(frame)} rows")
        frame["date"] = pd.Timestamp("2026-01-05") + pd.to_timedelta(r.integers(0, 14, len(frame)), unit="D")
        weeks = et.report(frame, metric, by="channel", date="date", window="week", now="2026-06-01")
        first, second = (day for day in ("2026-01-05", "2026-01-12"))
        compared = et.report.compare(weeks.window(second), weeks.window(first), allow_mismatch=True)
        late = frame["date"] >= "2026-01-12"
        sums = [frame[side].groupby("channel")[[top, bottom]].sum() for side in (late, ~late)]
        values = [times * one[top] / one[bottom].where(one[bottom] != 0) for one in sums]
        for place, name in enumerate(compared["channel"]):
            now, before = (float(one.get(name, math.nan)) for one in values)
            rows["report_compare"].append({key: float(compared[key][place]) for key in ("change", "ratio")})
            quotient = now / before if before else math.nan
            truth["report_compare"].append({"change": now - before, "ratio": quotient})
            asked["report_compare"].append(f"{metric}, {name}, of {len(frame)} rows: {now}, {before}")
    for name in rows:
        theirs = stacked(truth[name])
        sizes = {"change": [abs(row.get("change", 0.0)) + 1 for row in truth[name]]} if "change" in theirs else {}
        oracle.compare(
            name, "pandas group-by", stacked(rows[name]), theirs, {"table": asked[name]}, like=1e-10, scale=sizes
        )


def spans(oracle: Oracle) -> None:
    """Windows may be compared when pandas counts as many days in both."""
    r = oracle.random("compare_windows")
    ours, theirs, asked = [], [], []
    letters = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q", "year": "Y"}
    for _ in range(oracle.rows):
        kinds = [str(r.choice(list(letters)))] * 2
        if r.random() < 0.2:
            kinds[1] = str(r.choice(list(letters)))
        days = [pd.Timestamp("1950-01-01") + pd.Timedelta(days=int(n)) for n in r.integers(0, 60_000, 2)]
        allowed = bool(r.random() < 0.2)
        pair = [et.window_span(day.date(), kind) for day, kind in zip(days, kinds, strict=True)]
        periods = [day.to_period(letters[kind]) for day, kind in zip(days, kinds, strict=True)]
        counts = [(one.end_time.normalize() - one.start_time).days + 1 for one in periods]
        try:
            et.compare_windows(*pair, allow_mismatch=allowed)
            taken = 1.0
        except et.EdgetallyError as refusal:
            taken = 0.0 if refusal.code == "window_mismatch" else math.nan
        ours.append(taken)
        theirs.append(float(allowed or counts[0] == counts[1]))
        asked.append(f"{kinds}, {days}, {allowed}")
    oracle.compare(
        "compare_windows", "pandas' periods", {"taken": np.array(ours)}, {"taken": np.array(theirs)}, {"windows": asked}
    )


def check(oracle: Oracle) -> None:
    """All of them."""
    for part in (metrics, lifts, parts, spans):
        part(oracle)
