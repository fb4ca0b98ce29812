"""What a person reads of a result: numbers rounded as their interval allows, what decides first, flags in words."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import edgetally as et
from edgetally._show import numbers, units

LOSS = et.lift(100_000, 1_200, 100_000, 900, spend=50_000, aov=80, margin=0.4)
nan, inf = math.nan, math.inf


@pytest.mark.parametrize(
    ("three", "unit", "currency", "text"),
    [
        ((300.4, 210.9, 389.7), "count", "", "300 [211, 390]"),
        ((-40_400.2, -43_253.4, -37_530.9), "money", "", "-40,400 [-43,253, -37,531]"),
        ((-40_400.2, -43_253.4, -37_530.9), "money", "$", "-$40,400 [-43,253, -37,531]"),
        ((26.67, 13.88, 51.24), "money", "EUR", "EUR 27 [14, 51]"),
        ((0.3333, 0.2243, 0.4529), "percent", "", "33% [22%, 45%]"),
        ((0.003, 0.00211, 0.0039), "points", "", "0.30 pp [0.21, 0.39]"),
        ((1.3333, 1.2235, 1.453), "times", "", "1.33 [1.22, 1.45]"),
        # An end that is not zero is not shown as zero, and costs the other numbers no digits.
        ((0.0488, -0.004, 0.1), "percent", "", "5% [-0.4%, 10%]"),
        ((125.0, 50.2, inf), "money", "", "125 [50, inf]"),
        ((-inf, -inf, inf), "number", "", "-inf [-inf, inf]"),
        ((5.0, nan, nan), "count", "", "5"),
        ((nan, nan, nan), "count", "", "undefined"),
        ((nan, 3.0, inf), "money", "", "undefined [3.00, inf]"),
        ((0.0, 0.0, 0.2775), "percent", "", "0% [0%, 28%]"),
    ],
)
def test_an_interval_has_the_digits_that_its_width_supports(
    three: tuple[float, float, float], unit: str, currency: str, text: str
) -> None:
    assert numbers.interval(*three, unit, currency) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234567.0, "money", "1,234,567"),
        (26.6666, "money", "26.67"),
        (0.0042, "money", "0.0042"),
        (0.015, "percent", "1.50%"),
        (0.00875, "percent", "0.875%"),
        (5e-11, "p", "5e-11"),
        (0.0257, "p", "0.026"),
        (0.6766, "p", "0.68"),
        (0.9734, "probability", "97.3%"),
        (0.8138, "probability", "81%"),
        (0.99999, "probability", "over 99.9%"),
        (1e-9, "probability", "under 0.1%"),
        (16_792.0, "count", "16,792"),
        (0.45, "count", "0.450"),
        (-1.1e-16, "times", "0"),
        (7.2, "months", "7.20 months"),
        (1e300, "number", "1e+300"),
        (nan, "money", "undefined"),
        (inf, "times", "inf"),
    ],
)
def test_a_number_by_itself(value: float, unit: str, text: str) -> None:
    assert numbers.number(value, unit) == text


def test_a_minus_is_a_minus_where_any_letter_can_be_drawn() -> None:
    assert numbers.typographic("-5 [-7, inf] break-even 2026-11-02 p = 5e-11") == (
        "\N{MINUS SIGN}5 [\N{MINUS SIGN}7, ∞] break-even 2026-11-02 p = 5e\N{MINUS SIGN}11"
    )


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.0, 1.0), (-43_000.0, 12_000.0), (1e-9, 3e-9), (0.0, 1e18), (-1.0, -0.5), (2.0, 2.0), (nan, 1.0)],
)
def test_steps_lie_within_what_they_divide(low: float, high: float) -> None:
    found = numbers.steps(low, high)
    assert len(found) <= 7
    if low == 0 < high:
        assert found[0] == 0
    if high > low:
        assert len(found) >= 2
        assert all(low - 1e-9 * abs(low) <= step <= high + 1e-9 * abs(high) for step in found)


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("incremental_profit", "money"),
        ("incremental_conversions", "count"),
        ("incremental_roas", "times"),
        ("incremental_cpa", "money"),
        ("rel_lift", "percent"),
        ("abs_lift", "points"),
        ("exposed_rate", "percent"),
        ("p_value", "p"),
        ("prob_profit_positive", "probability"),
        ("payback_months", "months"),
        ("profit_margin", "percent"),
        ("ltv_to_cac", "times"),
        ("optimal_spend_ci_bootstrap", "money"),
        ("break_even_roas", "times"),
        ("break_even_cvr", "percent"),
        ("z", "number"),
    ],
)
def test_a_field_is_in_the_unit_that_its_name_says(name: str, unit: str) -> None:
    assert units.unit(name) == unit


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (LOSS, "The ads added 300 orders [211, 390] and lost 40,400 [37,531, 43,253]."),
        (
            et.lift(100_000, 1_200, 100_000, 900, spend=5_000, aov=80, margin=0.4),
            "The ads added 300 orders [211, 390] and earned 4,600 [1,747, 7,469].",
        ),
        (
            et.lift(10_000, 500, 10_000, 460, spend=5_000, aov=80, margin=0.4),
            "Whether the ads added orders is open: 40 [-19, 99], and they lost 3,720 [1,819, 5,617].",
        ),
        (et.lift(150_000, 1_500, 150_000, 1_650), "The ads took away 150 orders [41, 260]."),
        (et.lift(0, 0, 0, 0), "The lift of these counts is undefined."),
        (
            et.lift_economics(900_000, 9_900, 100_000, 1_000, spend=20_000, aov=80, margin=0.4),
            "The ads added 900 orders [297, 1,473], and whether they paid is open: profit 8,800 [-10,500, 27,147]; the "
            "probability of a profit is 81%.",
        ),
        (
            et.funnel(12, 0.015, 0.03, 80, gross_margin=0.57),
            "1,000 impressions earn 8.52: an order costs 26.67 and may cost 45.60.",
        ),
        (et.funnel(12, 0.0, 0.03, 80), "1,000 impressions lose 12.00."),
        (et.target_cpa(3_000, margin=0.6, buffer=0.2), "A customer may cost 1,440: the buffer decides."),
        (
            et.roi_cashflows([-3000, 500, 800, 1200, 1500, 1800], rate=0.01),
            "The money earns 2,598 in present value and is back after 3.33 periods; its internal rate of return is "
            "21.4% per period.",
        ),
        (et.srm([821_588, 815_482]), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_sentence_that_decides_comes_first(result: et.Result, sentence: str | None) -> None:
    first = result.summary().splitlines()[0]
    assert first == sentence or (sentence is None and "believe no lift" in first)


def test_fields_are_grouped_by_unit_and_what_is_undefined_is_named() -> None:
    lines = et.lift(10_000, 500, 10_000, 460).summary().splitlines()
    assert [line for line in lines if line and not line.startswith((" ", "!"))][1:5] == [
        "Counts",
        "Rates and shares",
        "How sure",
        "Other",
    ]
    (absent,) = [line for line in lines if line.startswith("Undefined, or not given: ")]
    assert "incremental_profit" in absent
    assert not any(line.startswith("  incremental_profit") for line in lines)


def test_flags_say_what_to_do() -> None:
    text = et.lift(10_000, 500, 10_000, 460).summary()
    assert "! interval_includes_zero: No effect at all is compatible with the data: wait for more users" in text
    warned = et.fit_response(
        [9_000, 9_500, 10_000, 10_500, 11_000], [55_800, 57_000, 60_900, 61_800, 63_900], margin=0.4
    )
    assert "! little_variation: Spend hardly varied" in warned.summary()
    assert "Simpson" in et.segment_lift(["a", "b"], [9000, 1000], [90, 100], [1000, 9000], [8, 810]).summary()


def test_a_currency_is_named_where_money_is() -> None:
    text = LOSS.summary(currency="EUR")
    assert text.startswith("The ads added 300 orders [211, 390] and lost EUR 40,400 [37,531, 43,253].")
    assert "-EUR 40,400" in text
    assert "EUR" not in LOSS.summary()
    wrong: Any = 3
    with pytest.raises(et.EdgetallyError) as caught:
        LOSS.summary(currency=wrong)
    assert caught.value.code == "wrong_type"


def test_columns_are_summed_up_and_not_listed() -> None:
    index = ["search", "social", "display", "video"]
    exposed = pd.Series([640, 690, 70, 1500], index)
    users = pd.Series([40_000, 60_000, 8_000, 150_000], index)
    rows = et.lift(users, exposed, users, pd.Series([430, 610, 75, 1650], index))
    text = rows.summary()
    assert (
        text.splitlines()[0]
        == "LiftResult of 4 rows: relative lift surely above no effect in 2, below in 1, open in 1."
    )
    assert "0.875% .. 1.15% .. 1.60%" in text
    assert len(et.cpa(np.full(100_000, 5.0), np.arange(100_000)).summary()) < 500
    assert "undefined in 1" in et.cpa([5.0, 4.0], [0, 2]).summary()


def test_a_summary_is_plain_letters() -> None:
    for result in (
        LOSS,
        et.lift(10_000, 500, 10_000, 460, spend=5_000, aov=80, margin=0.4),
        et.funnel(12, 0.01, 0.03, 80),
    ):
        assert result.summary().isascii()
