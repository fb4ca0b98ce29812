"""Reports: sums and ratios by segment and window against pandas, whole and in parts."""

from __future__ import annotations

from typing import Any

import edgetally as et
import numpy as np
import pandas as pd

from .harness import Oracle, mixed, spread, stacked

RATIOS = {
    "roas": ("revenue", "spend", 1.0),
    "mer": ("revenue", "spend", 1.0),
    "cpa": ("spend", "conversions", 1.0),
    "cpc": ("spend", "clicks", 1.0),
    "cpm": ("spend", "impressions", 1000.0),
    "ctr": ("clicks", "impressions", 1.0),
}
FREQUENCY = {"day": "D", "week": "W-SUN", "month": "M", "quarter": "Q"}


def table(r: np.random.Generator, rows: int) -> pd.DataFrame:
    """An export: some segments, a few months, zeros, whole counts."""
    clicks = np.floor(mixed(r, rows, spread(r, rows, 1, 1e4), 0.0))
    return pd.DataFrame(
        {
            "channel": r.choice(["search", "social", "video", "e-mail"], rows),
            "plan": r.integers(0, 3, rows),
            "date": pd.Timestamp("2025-12-01") + pd.to_timedelta(r.integers(0, 120, rows), unit="D"),
            "spend": mixed(r, rows, np.round(spread(r, rows, 0.01, 1e5), 2), 0.0),
            "revenue": mixed(r, rows, np.round(spread(r, rows, 0.01, 1e6), 2), 0.0),
            "conversions": np.floor(clicks * r.random(rows)),
            "clicks": clicks,
            "impressions": clicks + np.floor(spread(r, rows, 1, 1e5)),
        }
    )


def check(oracle: Oracle) -> None:
    """As many rows of reports as any other function has inputs."""
    r = oracle.random("report")
    for part in ("report", "merge"):
        ours, theirs, asked = [], [], []
        while len(asked) < oracle.rows:
            frame = table(r, int(r.integers(1, 300)))
            metric = str(r.choice(list(RATIOS)))
            window = str(r.choice(list(FREQUENCY)))
            by = [["channel"], ["plan"], ["channel", "plan"]][int(r.integers(0, 3))]
            top, bottom, times = RATIOS[metric]
            options: dict[str, Any] = {"by": by, "date": "date", "window": window}
            if part == "report":
                report = et.report(frame, metric, **options)
            else:
                cuts = np.sort(r.integers(0, len(frame) + 1, 2))
                pieces = [
                    frame.iloc[a:b] for a, b in ((0, cuts[0]), (cuts[0], cuts[1]), (cuts[1], len(frame))) if b > a
                ]
                report = et.merge(et.summarize(piece, metric, **options) for piece in pieces).report()
            start = frame["date"].dt.to_period(FREQUENCY[window]).dt.start_time.dt.date
            groups = frame.groupby([*(frame[name] for name in by), start.rename("start")])
            # Sorted, so that the sums of halves are those of the whole to the last digits but a few.
            sums = groups[[top, bottom]].sum()
            counts = groups.size()
            columns = [list(report[name]) for name in (*by, "window_start", "rows", metric)]
            found = {key[:-2]: key[-2:] for key in zip(*columns, strict=True)}
            for key, row in sums.iterrows():
                got = found.pop((*key[:-1], key[-1]), (np.nan, np.nan))
                value = got[1].estimate if isinstance(got[1], et.Interval) else got[1]
                ours.append({"rows": got[0], "metric": float(value)})
                theirs.append(
                    {"rows": counts[key], "metric": times * row[top] / row[bottom] if row[bottom] else np.nan}
                )
                asked.append(f"{metric} by {by} and {window}, {key}, of {len(frame)} rows")
            if found:
                ours[-1]["rows"] = -1.0
        oracle.compare(part, "pandas group-by", stacked(ours), stacked(theirs), {"table": asked}, like=1e-12)
