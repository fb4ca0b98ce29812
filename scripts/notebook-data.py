"""The tables of docs/notebooks/a-year-of-ads.ipynb, made up with a fixed seed: exports as web analytics and ad platforms write them.

    python scripts/notebook-data.py

Their dirt is the usual one: comments before the head, days like 20260504, thousands separated, a currency that changes, weeks
that are missing, a day that was exported twice, "(not set)", totals in the last row, moments with a time zone.
"""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

FOLDER = Path(__file__).parents[1] / "docs/notebooks/data"
FIRST = datetime.date(2025, 11, 3)
DAYS = 364
BERLIN = ZoneInfo("Europe/Berlin")
# Revenue of a day against spend of that day: most, and where half of it is reached. Brand search brings what comes anyway.
CURVES = {"Paid Search": (9_000.0, 1_500.0), "Paid Social": (6_600.0, 1_200.0), "Brand Search": (2_400.0, 0.0)}
MEAN = {"Paid Search": 1_100.0, "Paid Social": 900.0, "Brand Search": 220.0}
# In these weeks the platform was paused.
PAUSED = range(23, 25)


def day(at: int) -> datetime.date:
    """The day after so many."""
    return FIRST + datetime.timedelta(days=at)


def write(name: str, rows: list[list[object]], before: tuple[str, ...] = ()) -> None:
    """A file with comments before its head."""
    with (FOLDER / name).open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{line}\n" for line in before)
        csv.writer(file, lineterminator="\n").writerows(rows)


def main() -> None:
    """Four files."""
    random = np.random.default_rng(1011)
    FOLDER.mkdir(exist_ok=True)
    weekly = {name: np.exp(0.55 * random.standard_normal(DAYS // 7)) for name in CURVES}
    season = 1 + 0.15 * np.sin(np.arange(DAYS) / 365 * 2 * np.pi)
    cost = {
        name: np.array(
            [
                0.0
                if name == "Paid Social" and at // 7 in PAUSED
                else MEAN[name] * weekly[name][at // 7] * random.uniform(0.9, 1.1)
                for at in range(DAYS)
            ]
        ).round(2)
        for name in CURVES
    }

    # What web analytics counts, by day and channel.
    analytics: list[list[object]] = [
        ["Date", "Session default channel group", "Sessions", "Key events", "Total revenue"]
    ]
    totals = np.zeros(3)
    for at in range(DAYS):
        rows = []
        for name, (top, half) in CURVES.items():
            spent = cost[name][at]
            clean = top * spent / (half + spent) if half else top
            revenue = round(float(clean * season[at] * np.exp(0.12 * random.standard_normal() - 0.0072)), 2)
            orders = int(random.poisson(revenue / 62)) if revenue else 0
            rows.append([name, int(orders * random.uniform(28, 40)) + int(random.poisson(20)), orders, revenue])
        rows.append(
            [
                "Organic Search",
                int(random.poisson(900)),
                int(random.poisson(24)),
                round(float(random.lognormal(7.3, 0.2)), 2),
            ]
        )
        if at % 9 == 4:
            rows.append(["(not set)", int(random.poisson(15)), 0, 0.0])
        for row in rows:
            analytics.append([day(at).strftime("%Y%m%d"), row[0], row[1], row[2], f"{row[3]:.2f}"])
            totals += row[1:]
        if day(at) == datetime.date(2026, 5, 4):
            # The seam of two exports: a day that is in both.
            analytics += [list(row) for row in analytics[-len(rows) :]]
    analytics.append(["", "Grand total", int(totals[0]), int(totals[1]), f"{totals[2]:.2f}"])
    write(
        "analytics.csv",
        analytics,
        (
            "# ----------------------------------------",
            "# Traffic acquisition: channel group",
            "# 20251103-20261101",
            "# ----------------------------------------",
        ),
    )

    # What the search platform was paid, by day and campaign.
    search: list[list[object]] = [["Day", "Campaign", "Currency code", "Impr.", "Clicks", "Cost"]]
    paid = 0.0
    for at in range(DAYS):
        for name in ("Paid Search", "Brand Search"):
            clicks = int(cost[name][at] / (0.9 if name == "Paid Search" else 0.25))
            search.append(
                [
                    day(at).isoformat(),
                    f"{name} | DE",
                    "EUR",
                    f"{clicks * 28:,}",
                    f"{clicks:,}",
                    f"{cost[name][at]:,.2f}",
                ]
            )
            paid += cost[name][at]
    search.append(["Total: account", "", "EUR", "", "", f"{paid:,.2f}"])
    write("search_ads.csv", search, ("Campaign performance report", "3 November 2025 - 1 November 2026"))

    # What the social platform was paid, by week; nothing is written of weeks in which it was paused, and the account
    # was moved from dollars to euros in spring.
    social: list[list[object]] = [
        ["Reporting starts", "Reporting ends", "Campaign name", "Currency", "Impressions", "Amount spent"]
    ]
    for week in range(DAYS // 7):
        if week in PAUSED:
            continue
        spent = float(cost["Paid Social"][7 * week : 7 * week + 7].sum())
        dollars = week < 20
        social.append(
            [
                day(7 * week).isoformat(),
                day(7 * week + 6).isoformat(),
                "Paid Social | DE",
                "USD" if dollars else "EUR",
                int(spent / 7.5 * 1000),
                f"{spent / (0.9 if dollars else 1):.2f}",
            ]
        )
    write("social_ads.csv", social)

    # Four weeks in which a tenth of the visitors were not shown the social ads: a line per visitor who bought, and how
    # many there were.
    users = {"exposed": 54_000, "holdout": 6_000}
    chance = {"exposed": 0.0170, "holdout": 0.0050}
    start = datetime.datetime(2026, 9, 7, tzinfo=BERLIN)
    orders: list[list[object]] = [["created_at", "arm", "customer", "revenue"]]
    for arm, count in users.items():
        for customer in range(random.binomial(count, chance[arm])):
            at = start + datetime.timedelta(seconds=int(random.integers(0, 28 * 86_400)))
            orders.append([at.isoformat(), arm, f"{arm[0]}{customer:04}", f"{random.lognormal(3.9, 0.6):.2f}"])
    orders[1:] = sorted(orders[1:], key=lambda row: str(row[0]))
    write("holdout_orders.csv", orders)
    write("holdout_visitors.csv", [["arm", "visitors"], *([arm, count] for arm, count in users.items())])


if __name__ == "__main__":
    main()
