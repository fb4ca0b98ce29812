"""Flags and warnings in words: what each says, and what to do."""

from __future__ import annotations

from .numbers import p_value

_SAID = {
    "low_counts": (
        'Fewer than 5 conversions are expected in some cell: rely on method="score" or lift_p_value, and wait for more.'
    ),
    "negative_lift": "The exposed converted less often than the holdout.",
    "interval_includes_zero": (
        "No effect at all is compatible with the data: wait for more users, or treat it as unproven."
    ),
    "underpowered": "The experiment could not have found an effect of this size: plan more users with sample_size.",
    "srm": "The users were not split as planned, so no lift of this test can be believed: find out why first.",
    "sample_ratio_mismatch": (
        "The users were not split as planned, so no lift of this test can be believed: find out why first."
    ),
    "winsorized": "The largest values were cut: say so beside the number, and look at it without the cut.",
    "segments_differ": "The segments do not agree on the lift: decide for each of them, not for all together.",
    "simpson": (
        "All users together and the segments have lifts of different signs (Simpson's paradox): believe the "
        "segments, and find out why the split depends on them."
    ),
    "several_rates_of_return": (
        "More than one rate makes the value zero, so none of them is the return: decide by the net present value."
    ),
    "parameters_not_identified": (
        "The survivors do not tell the parameters: use more periods, or the horizon's sum alone."
    ),
    "parameters_weakly_identified": (
        "The parameters are hardly told apart by these survivors: read survival, not alpha and beta."
    ),
    "some_input_cannot_reach_the_goal_alone": "Some input cannot reach the goal by itself: it is undefined above.",
    "silent_event": "The event does not fire any more: look at the tag before the statistics.",
    "no_response": (
        "Spend explains revenue no better than a constant does, so there is no curve to find a best spend on: "
        "vary the spend more, or run an experiment."
    ),
    "not_increasing": ("Revenue does not rise with spend here, so no spend is the best: look for what else moved it."),
    "saturation_not_seen": "The curve levels off far above any revenue seen: its ceiling is a guess of the model's.",
    "exact_fit": "Every row lies on the curve but for rounding, so nothing measures its error: there are no intervals.",
    "straight_line": "A straight line does as well as any curve: nothing says where more spend stops paying.",
    "missing_rows": "Rows with a missing number were left out.",
    "missing_omitted": "Rows with a missing number were left out.",
    "small_counts": "The counts are small, so the evidence is the exact binomial one: it asks for more users.",
    "no_variation": "The data do not vary, so there is no error to measure by: no interval, no p-value.",
    "no_variance": "The sample does not vary, which is no certainty: there is no interval.",
    "constant_covariate": "The covariate does not vary, so nothing was adjusted: take another from before the test.",
    "no_arm_differs": "No arm differs surely from the holdout, all comparisons taken together.",
    "margin_not_given": "No margin was given, so that all revenue counts as profit before the ads: pass the margin.",
    "not_reachable": "A rate above 100% would be needed: at these prices no rate is enough.",
    "unbounded": "Nobody leaves, or revenue grows faster than customers leave: set a horizon.",
    "nobody_left": "No customer has left in the sample, so there is no estimate of how long they stay: wait.",
    "several_rates": "More than one rate makes the value zero, so none is the return: decide by the net present value.",
    "no_rate": "No rate makes the value zero: decide by the net present value.",
    "no_conversions": "Nothing was bought, so a conversion has no cost, and its interval no upper end.",
    "too_few_regions": "With so few regions no p-value can be small enough, so the interval has no ends: add regions.",
    "too_few_donors": "With so few donors no p-value can be small enough, so the interval has no ends: add donors.",
    "perfect_fit": "The double meets the region exactly before the start, which does not say how far it is off after.",
    "silent": "The event does not fire any more: look at the tag before the statistics.",
    "no_profitable_spend": "No spend on this curve pays for itself at this margin: the best is not to spend.",
    "edge_of_search": "The search ended at its edge, so these data hold no such curve: try another model.",
    "not_converged": "The search did not arrive at a curve: try another model, or fewer parameters.",
    "little_variation": "Spend hardly varied, so the shape is mostly the model's: vary the spend on purpose.",
    "optimum_outside_range": ("The best spend lies beyond what was ever spent: move towards it in steps, and measure."),
    "optimum_outside": "The best spend lies beyond what was ever spent: move towards it in steps, and measure.",
    "few_rows": "There are few rows for so many parameters: expect the curve to move with the next ones.",
    "autocorrelated": (
        "Neighbouring periods err alike, so intervals are too narrow: use newey_west or a block bootstrap."
    ),
    "resamples_failed": "Many resamples held no curve: the interval is that of the others.",
    "margin_one": 'The margin is 1, so that "profit" is revenue less spend: pass the margin.',
    "margin_is_one": 'The margin is 1, so that "profit" is revenue less spend: pass the margin.',
    "margin_assumed": 'No margin was given, so that "profit" is revenue less spend: pass the margin.',
    "no_width": "The data have no variation to measure an error by, so there is no interval.",
}


def flag(word: str) -> tuple[str, str]:
    """A flag's word and its sentence; an empty sentence for a word that says it all."""
    key = word.split(":")[0].strip().lower().replace(" ", "_").replace("-", "_")
    if "simpson" in key:
        key = "simpson"
    return word, _SAID.get(key, "")


def chance(p: float, test: str = "") -> str:
    """What a p-value says, in a sentence; nothing where there is none."""
    if p != p:
        return ""
    often = "practically never" if p < 0.001 else "seldom" if p < 0.05 else "often enough"
    return f"Chance alone {often} makes such a difference (p = {p_value(p)}{f', by {test}' if test else ''})."
