"""What a picture is made of: its title, its panels by unit, its labels; not its pixels."""

import builtins
import re
from collections.abc import Iterator
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import edgetally as et
from edgetally._show import _say, drawn
from edgetally._show import report as report_shown
from edgetally._show.picture import Panel, tone
from edgetally._show.svg import svg

mpl.use("agg")
mpl.rcParams["figure.dpi"] = 40

from matplotlib import pyplot  # noqa: E402

LOSS = et.lift(100_000, 1_200, 100_000, 900, spend=50_000, aov=80, margin=0.4)
SPEND = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 48_000, 64_000]
REVENUE = [7_810, 14_720, 28_100, 50_600, 86_100, 130_500, 161_000, 178_000]
FIT = et.fit_response(SPEND, REVENUE, margin=0.4, n_boot=50)
FUNNEL = et.funnel(cpm=12, ctr=0.015, cvr=0.03, aov=80, gross_margin=0.60, payment_fees=0.03)


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    pyplot.close("all")


def panels(result: et.Result, **options: Any) -> dict[str, Panel]:
    """The panels by their title."""
    return {panel.title: panel for panel in drawn(_say(result, "", options)).panels}


def labels(panel: Panel, kind: str) -> list[str]:
    return [mark.label for mark in panel.marks if mark.kind == kind and mark.label]


def test_lift_has_a_panel_for_each_unit() -> None:
    found = panels(LOSS)
    assert [panel.x_unit for panel in found.values()] == ["count", "money", "percent", "times"]
    assert found["What they earned"].rows == ["revenue", "gross profit", "profit"]
    assert labels(found["Orders added"], "rule") == ["no effect", "break-even 1,562"]
    assert labels(found["Revenue per unit of spend"], "rule") == ["break-even 2.50"]
    # Without money there is nothing to say of it.
    assert [panel.x_unit for panel in panels(et.lift(9_000, 187, 1_000, 18)).values()] == ["count", "percent"]


def test_a_gain_a_loss_and_the_unsure_are_told_apart() -> None:
    assert (tone(1, 2), tone(-2, -1), tone(-1, 1)) == ("gain", "loss", "unsure")
    assert (tone(0.995, 1.44, 1.0), tone(1.1, 1.4, 1.0)) == ("unsure", "gain")
    money = panels(LOSS)["What they earned"]
    assert [mark.tone for mark in money.marks if mark.kind == "span"] == ["gain", "gain", "loss"]


def test_no_effect_on_a_ratio_is_one() -> None:
    ratio = panels(et.lift_bayes(54_000, 1_296, 6_000, 120))["Ratio of the rates"]
    (span,) = [mark for mark in ratio.marks if mark.kind == "span"]
    (rule,) = [mark for mark in ratio.marks if mark.kind == "rule"]
    assert span.ends[0][0] < 1.0 < span.ends[1][0]
    assert (span.tone, rule.x) == ("unsure", (1.0,))
    for panel in panels(et.lift_rel_ci(54_000, 1_296, 6_000, 120)).values():
        assert {mark.x for mark in panel.marks if mark.kind == "rule"} == {(1.0,)}


@pytest.mark.parametrize("threshold", [None, 0.001])
def test_the_posterior_is_a_density_and_its_shade_is_the_probability(threshold: float | None) -> None:
    result = et.lift_bayes(54_000, 1_296, 6_000, 120, threshold=threshold)
    posterior = panels(result)["Difference of the rates, after the data"]
    (line,) = [mark for mark in posterior.marks if mark.kind == "line"]
    step = line.x[1] - line.x[0]
    assert sum(line.y) * step == pytest.approx(1.0, abs=0.01)
    at = threshold or 0.0
    beyond = sum(y for x, y in zip(line.x, line.y, strict=True) if x >= at) * step
    assert beyond == pytest.approx(result.prob_above_threshold if threshold else result.prob_lift_positive, abs=0.02)
    assert posterior.y_unit == "hidden"


@pytest.mark.parametrize("prior", [(1, 1), (0.5, 0.5)])
def test_the_posterior_of_the_profit_agrees_with_the_field(prior: tuple[float, float]) -> None:
    result = et.lift_economics(900_000, 9_900, 100_000, 1_000, spend=20_000, aov=80, margin=0.4, bayes=prior)
    first = drawn(_say(result, "")).panels[0]
    assert first.title == "Profit, after the data"
    (line,) = [mark for mark in first.marks if mark.kind == "line"]
    mass = [y for x, y in zip(line.x, line.y, strict=True) if x >= 0]
    assert sum(mass) / sum(line.y) == pytest.approx(result.prob_profit_positive, abs=0.01)
    # A prior that cannot be told from the fields gives no posterior that contradicts them.
    strong = et.lift_economics(900, 99, 100, 10, spend=200, aov=80, margin=0.4, bayes=(30, 700))
    assert drawn(_say(strong, "")).panels[0].title == "Orders added"


def test_looks_are_a_path_from_columns_or_from_a_list() -> None:
    users = np.arange(1, 13) * 10_000.0
    exposed = [124, 260, 371, 496, 619, 731, 850, 977, 1_094, 1_215, 1_330, 1_458]
    held_out = [98, 183, 280, 367, 449, 548, 640, 722, 809, 905, 989, 1_083]
    rows = et.sequential(users, exposed, users, held_out, tau=0.002)
    each = [et.sequential(n, a, n, b, tau=0.002) for n, a, b in zip(users, exposed, held_out, strict=True)]
    (path,) = panels(rows).values()
    (again,) = panels(each[-1], looks=each[:-1]).values()
    assert [mark.y for mark in path.marks] == [mark.y for mark in again.marks]
    assert labels(path, "band") == ["interval, valid at all looks"]
    assert labels(path, "level") == ["no effect"]
    assert "first look that excludes zero" in labels(path, "dots")
    with pytest.raises(et.EdgetallyError) as caught:
        LOSS.plot(looks=each)
    assert caught.value.code == "unknown_argument"


def test_segments_are_sorted_with_the_whole_below_and_simpson_is_said() -> None:
    picture = drawn(_say(et.segment_lift(["a", "b"], [9000, 1000], [90, 100], [1000, 9000], [8, 810]), ""))
    (panel,) = picture.panels
    assert panel.rows == ["b", "a", "all, within segments"]
    assert labels(panel, "rule") == ["pooled -6.28 pp"]
    assert any("Simpson" in note for note in picture.notes)


def test_the_funnel_its_money_and_what_moves_it() -> None:
    found = panels(FUNNEL)
    steps, money, moves = found.values()
    assert steps.rows == ["impressions", "clicks", "orders"]
    assert labels(steps, "bar") == [
        "1,000, for 12.00",
        "15, 1.50% of them, 0.80 each",
        "0.450, 3.00% of the clicks, 26.67 each",
    ]
    assert money.columns == ["revenue", "goods, fees", "contribution", "ads", "profit"]
    assert labels(money, "column") == ["36.00", "-15.48", "20.52", "-12.00", "8.52"]
    assert moves.rows[-1] == "CPM"
    # The picture's own tornado moves the profit as the calculator's does.
    bars = et.funnel_tornado(12, 0.015, 0.03, 80, gross_margin=0.60, payment_fees=0.03)
    ends = {mark.x[1] for mark in moves.marks if mark.kind == "bar"}
    for low, high, name in zip(bars.low, bars.high, bars.order, strict=True):
        if name in ("cpm", "ctr", "cvr", "aov"):
            assert min(abs(end - low) for end in ends) < 1e-9
            assert min(abs(end - high) for end in ends) < 1e-9
    (tornado,) = panels(bars).values()
    assert tornado.rows[0] == "gross margin"
    assert (tornado.x, tornado.x_unit) == ("profit per 1,000", "money")


def test_a_waterfall_ends_where_the_result_says() -> None:
    target = et.target_cpa(3_000, margin=0.6, buffer=0.2, share_incremental=0.5)
    steps = next(iter(panels(target).values()))
    assert steps.columns == [
        "lifetime value",
        "costs",
        "gross profit",
        "kept",
        "target",
        "not caused",
        "attributed target",
    ]
    assert labels(steps, "column") == ["3,000", "-1,200", "1,800", "-360.00", "1,440", "-720.00", "720.00"]
    # A lifetime value that is a result counts as its headline.
    assert (
        next(iter(panels(et.target_cpa(et.ltv(200, churn=0.03), margin=0.5)).values())).columns[0] == "lifetime value"
    )


def test_cash_is_cumulated_up_to_the_payback() -> None:
    (panel,) = panels(et.roi_cashflows([-3000, 500, 800, 1200, 1500, 1800], rate=0.01)).values()
    lines = {mark.label: mark.y for mark in panel.marks if mark.kind == "line"}
    assert lines["cumulated"] == (-3000, -2500, -1700, -500, 1000, 2800)
    assert lines["cumulated, discounted"][-1] == pytest.approx(2598.1, abs=0.01)
    assert labels(panel, "rule") == ["paid back after 3.33"]


def test_a_response_has_data_band_optimum_and_the_return_of_the_next_unit() -> None:
    revenue, marginal = drawn(_say(FIT, "")).panels
    assert labels(revenue, "band") == ["interval of the curve"]
    assert [mark.x for mark in revenue.marks if mark.label == "observed"] == [tuple(map(float, SPEND))]
    assert any(label.startswith("optimum 27,") for label in labels(revenue, "dots"))
    assert any(label.startswith("break-even 75,") for label in labels(revenue, "dots"))
    assert (marginal.x_unit, marginal.y_unit) == ("money", "times")
    assert labels(marginal, "level") == ["pays for itself: 2.50"]
    # Beyond the largest spend there are no data.
    (hatch,) = [mark for mark in revenue.marks if mark.kind == "hatch"]
    assert hatch.x[0] == 64_000
    narrow = et.fit_response(
        [9_000, 9_500, 10_000, 10_500, 11_000], [55_800, 57_000, 60_900, 61_800, 63_900], margin=0.4
    )
    assert labels(drawn(_say(narrow, "")).panels[0], "hatch") == ["no data"]


class _Told:
    """A fit with other warnings, and no optimum."""

    def __init__(self, warning: str) -> None:
        nan = float("nan")
        fields = {"warnings": [warning], "optimal_spend": nan, "optimal_profit": nan}
        none = dict.fromkeys(("optimal_spend_ci_delta", "optimal_spend_ci_bootstrap"), et.Interval(nan, nan, nan))
        values = {**dict(FIT._items()), **fields, **none}
        self.fit = et.ResponseFit((*(values[name] for name in FIT.fields), FIT._engine))


@pytest.mark.parametrize(
    ("warning", "said"), [("no_response", "Spend does not move revenue"), ("not_increasing", "Revenue does not rise")]
)
def test_where_there_is_no_curve_no_optimum_is_drawn(warning: str, said: str) -> None:
    fit = _Told(warning).fit
    picture = drawn(_say(fit, ""))
    assert picture.title.startswith(said)
    assert [panel.title for panel in picture.panels] == ["Revenue"]
    assert not any(
        word in mark.label
        for word in ("optimum", "break-even", "paid back")
        for panel in picture.panels
        for mark in panel.marks
    )
    assert f"! {warning}: " in fit.summary()


def test_an_allocation_before_and_after() -> None:
    channels = {
        "search": {"model": "power", "params": {"k": 60, "b": 0.75}},
        "social": {"model": "michaelis_menten", "params": {"vmax": 400_000, "k": 50_000}},
    }
    plan = et.allocate(channels, 100_000)
    money, returns = panels(plan, before={"search": 10_000, "social": 90_000}).values()
    assert money.rows == returns.rows
    assert {mark.label: sorted(mark.x) for mark in money.marks if mark.kind == "dots"} == {"before": [10_000, 90_000]}
    values = [mark.x[1] for mark in returns.marks if mark.kind == "bar"]
    assert values[0] == pytest.approx(values[1])
    # Curves that were fitted remember what was spent.
    fitted = et.allocate({"a": FIT, "b": FIT}, 60_000)
    (dots,) = [mark for mark in panels(fitted)["Spend by channel"].marks if mark.kind == "dots"]
    assert (dots.label, dots.x) == ("before", (sum(SPEND) / 8,) * 2)
    with pytest.raises(et.EdgetallyError) as caught:
        plan.plot(before=[1, 2, 3])
    assert caught.value.code == "length_mismatch"


def test_regions_against_what_they_would_have_had() -> None:
    double = et.geo_synthetic_control([15, 15.5, 16], [[10, 12, 11], [20, 19, 21]], [20, 21], [[12, 12], [22, 22]])
    path = panels(double)["The treated and what they would have had"]
    lines = {mark.label: mark.y for mark in path.marks if mark.kind == "line"}
    assert lines["treated"] == pytest.approx((15, 15.5, 16, 20, 21))
    assert lines["would have had"][3:] == pytest.approx(tuple(double.counterfactual))
    did = et.geo_did([[1, 2], [3, 4]], [[5, 6], [7, 8]], [[1, 2], [2, 3]], [[2, 2], [3, 3]])
    lines = {m.label: m.y for m in panels(did)["The treated and what they would have had"].marks if m.kind == "line"}
    after = np.array(lines["treated"][2:]) - np.array(lines["would have had"][2:])
    assert after.mean() == pytest.approx(did.did)


WEEKS = {
    "day": [f"2026-11-{day:02}" for day in range(2, 19)] * 2,
    "channel": ["search"] * 17 + ["social"] * 17,
    "spend": [10.0] * 34,
    # Highest in the last days, whose week is not over.
    "revenue": [float(20 + day % 5 + 30 * (day % 17 > 13)) for day in range(34)],
}


def test_a_report_by_window_greys_what_is_not_complete() -> None:
    report = et.report(WEEKS, "roas", by="channel", date="day", window="week", now="2026-11-19")
    axes = report_shown.draw(report)
    assert axes.get_title(loc="left").startswith("ROAS is highest")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["not complete", "search", "social"]
    # The finding is not taken from a window that is not over.
    assert "2026-11-16" not in axes.get_title(loc="left")
    assert report_shown.summary(report).splitlines()[0].replace("\n", " ") == axes.get_title(loc="left").replace(
        "\n", " "
    )


def test_a_report_by_segment_is_sorted_and_says_what_all_are() -> None:
    report = et.report(WEEKS, "roas", by="channel")
    axes = report_shown.draw(report, pyplot.subplots()[1])
    names = [label.get_text() for label in axes.get_yticklabels()]
    best = max(zip(report["roas"], report["channel"], strict=True))[1]
    assert names[0] == best
    assert any(text.get_text().startswith("all ") for text in axes.texts)
    html = report_shown.html(report)
    assert "<svg" in html
    assert "search" in html
    assert report_shown.draw(report, metric="spend").get_xlabel() == "spend (money)"
    same = et.report({"channel": ["a", "b"], "spend": [1.0, 2.0], "revenue": [2.0, 4.0]}, by="channel")
    assert report_shown.summary(same).splitlines()[0] == "ROAS is 2.00 in all: it is the same in all rows."
    with pytest.raises(et.EdgetallyError) as caught:
        report_shown.draw(report, metric="sales")
    assert caught.value.code == "unknown_column"
    table = et.report({"channel": ["<script>"], "spend": [0.0], "revenue": [0.0]}, by="channel")
    assert "<script" not in report_shown.html(table)
    assert report_shown.summary(table).startswith("ROAS is undefined")
    report_shown.draw(table)


def test_a_comparison_says_what_rose_and_what_fell() -> None:
    report = et.report(WEEKS, "roas", by="channel", date="day", window="week", now="2026-11-19")
    later, before = report.window("2026-11-09"), report.window("2026-11-02")
    found = later.compare(before)
    sentence = report_shown.summary(found).splitlines()[0]
    rose = max(zip(found["change"], found["channel"], strict=True))
    assert rose[0] > 0
    assert sentence.startswith(f"ROAS rose most for {rose[1]}, from ")
    axes = report_shown.draw(found)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["before"]


# By matplotlib


def test_plot_returns_axes_and_a_list_where_there_are_panels() -> None:
    axes = LOSS.plot()
    assert isinstance(axes, list)
    assert [axis.get_title(loc="left") for axis in axes] == [
        "Orders added",
        "What they earned",
        "Lift over the holdout",
        "Revenue per unit of spend",
    ]
    assert axes[0].figure.get_suptitle() == "The ads added 300 orders [211, 390] and lost 40,400 [37,531, 43,253]."
    single = et.rate_ci(30, 1_000).plot()
    assert not isinstance(single, list)
    assert single.get_xlabel() == "rate"


def test_an_axes_of_ones_own_gets_the_main_panel() -> None:
    mine = pyplot.subplots(figsize=(3, 2))[1]
    assert LOSS.plot(mine) is mine
    assert mine.get_xlabel() == "orders"
    assert mine.get_title(loc="left").replace("\n", " ").startswith("The ads added 300 orders")
    assert len(mine.figure.axes) == 1


def test_axes_have_units_and_thousands() -> None:
    axes = LOSS.plot(currency="EUR")
    axes[0].figure.canvas.draw()
    assert axes[1].get_xlabel() == "EUR"
    ticks = [label.get_text() for label in axes[1].get_xticklabels()]
    assert "20,000" in ticks
    assert any(tick.startswith("\N{MINUS SIGN}40,000") for tick in ticks)
    assert all(label.get_text().endswith("%") for label in axes[2].get_xticklabels())


def test_a_dollar_is_no_formula() -> None:
    axes = LOSS.plot(currency="$")
    axes[0].figure.canvas.draw()
    assert axes[0].figure.get_suptitle().count(r"\$") == 1
    credit = et.attribution([{"path": ["$a_{$", "b"], "converted": True}], model="linear").plot()
    credit.figure.canvas.draw()


def test_the_style_decides_on_text_and_ground() -> None:
    with mpl.style.context("dark_background"):
        axes = LOSS.plot()
        assert axes[0].figure.get_facecolor() == mpl.colors.to_rgba("black")
        dot = next(line for line in axes[0].lines if line.get_marker() == "o")
        assert mpl.colors.to_rgba(dot.get_color()) == mpl.colors.to_rgba("white")


def test_nothing_to_draw_is_said() -> None:
    axes = et.lift(0, 0, 0, 0).plot()
    assert [text.get_text() for text in axes.texts] == ["nothing to draw"]
    assert axes.get_title(loc="left") == "The lift of these counts is undefined."


def test_without_matplotlib_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *arguments: Any, **options: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(et.EdgetallyError, match="pip install matplotlib"):
        LOSS.plot()
    # Notebooks have a picture all the same.
    assert "<svg" in LOSS._repr_html_()


# In notebooks


def test_the_small_picture_takes_the_colours_of_the_page() -> None:
    for result in (LOSS, FIT, FUNNEL, et.attribution(["a > b", "b"])):
        html = result._repr_html_()
        fixed = set(re.findall(r"(?<![-\w])(?:color|background|background-color):\s*([^;\"]+)", html))
        assert fixed <= {"inherit", "none", "color-mix(in srgb,currentColor 20%,transparent)"}
        assert 'fill="currentColor"' in html
        assert "style>" not in html


def test_an_svg_says_its_finding_and_stays_within_its_frame() -> None:
    for result in (LOSS, FIT, FUNNEL, et.roi_cashflows([-100, 60, 70]), et.lift(9_000, 187, 1_000, 18)):
        text = svg(drawn(_say(result, "")))
        assert re.search(r'aria-label="[^"]+\."', text)
        box = re.search(r'viewBox="0 0 (\d+) (\d+)"', text)
        assert box is not None
        for x in map(float, re.findall(r' (?:x|x1|x2|cx)="(-?[\d.]+)"', text)):
            assert -1 <= x <= float(box[1]) + 1
        for y in map(float, re.findall(r' (?:y|y1|y2|cy)="(-?[\d.]+)"', text)):
            assert -1 <= y <= float(box[2]) + 1


def test_names_are_escaped_everywhere() -> None:
    name = "<img src=x onerror=alert(1)>"
    shown = [
        et.attribution([{"path": [name], "converted": True}]),
        et.segment_lift([name, "b"], [90, 100], [9, 10], [90, 100], [4, 5]),
        et.lift_ci(pd.Series([90.0, 100], [name, "b"]), pd.Series([9.0, 10], [name, "b"]), 90, 5),
    ]
    for result in shown:
        assert "<img" not in result._repr_html_()
        assert "&lt;img" in result._repr_html_()


def test_what_a_picture_has_no_room_for_is_counted() -> None:
    names = [f"s{at}" for at in range(200)]
    segments = et.segment_lift(names, [1000] * 200, list(range(200)), [1000] * 200, [90] * 200)
    arms = et.lift_arms(["psa", *names], [1000] * 201, [90, *range(200)], holdout="psa")
    curve = {"model": "michaelis_menten", "params": {"vmax": 1e5, "k": 5e4}}
    plan = et.allocate(dict.fromkeys(names, curve), 1e6, margin=0.5)
    for result, note in (
        (segments, "170 of 200 segments are not drawn"),
        (arms, "170 of 200 arms are not drawn"),
        (plan, "176 of 200 channels are not drawn"),
    ):
        assert any(note in found for found in drawn(_say(result, "")).notes), note
    report = et.report({"channel": names, "spend": [1.0] * 200, "revenue": list(range(200))}, "roas", by="channel")
    assert any(
        "170 of 200 segments are not drawn" in found
        for found in report_shown.picture(report_shown.Table(report, "")).notes
    )


def test_a_sum_is_not_held_against_the_sum_of_all() -> None:
    table = {"channel": ["a", "b"], "spend": [1.0, 2.0], "revenue": [3.0, 1.0]}
    for metric, rules in (("revenue", []), ("roas", ["all 1.33"])):
        (panel,) = report_shown.picture(report_shown.Table(et.report(table, metric, by="channel"), "")).panels
        assert labels(panel, "rule") == rules


def test_one_channel_is_one_channel() -> None:
    plan = et.allocate({"a": {"model": "michaelis_menten", "params": {"vmax": 1e5, "k": 5e4}}}, 100)
    assert plan.summary().startswith("100.00 in one channel brings")
