"""Attribution: the credit of each channel, under one model or under all."""

from __future__ import annotations

from typing import Any

from . import numbers
from .picture import Panel, Picture, nothing
from .say import Say, Show, flat

_MODELS = {
    "first": "first touch",
    "last": "last touch",
    "linear": "linear",
    "position_40_20_40": "position 40-20-40",
    "markov_order1": "Markov",
    "shapley_sum_game": "Shapley",
}
_MOST = 20


def _ends(credit: Any) -> list[tuple[str, float]]:
    return sorted(((str(name), float(value)) for name, value in credit.items()), key=lambda item: -item[1])


def _credit_sentence(say: Say) -> str:
    rows, total = _ends(say.result["credit"]), say.value("total_conversions")
    if not rows or not total > 0:
        return "There are no conversions to share."
    share = numbers.number(rows[0][1] / total, "percent", places=0)
    most = f"{rows[0][0]} is credited with most: {share} of {numbers.number(total, 'count')} conversions"
    return f"{most}. Credit is not cause."


def _credit_picture(say: Say) -> Picture:
    rows, total = _ends(say.result["credit"])[:_MOST], say.value("total_conversions")
    panel = Panel(x="conversions credited", x_unit="count", rows=[name for name, _ in rows], zero=True)
    for row, (_, value) in enumerate(rows):
        share = numbers.number(value / total, "percent", places=0) if total > 0 else ""
        panel.bar(row, 0.0, value, "main", f"{numbers.number(value, 'count')} ({share})" if share else "")
    return Picture(_credit_sentence(say), [panel])


def _all_sentence(say: Say) -> str:
    total = say.value("total_conversions")
    channels = list(say.result["first"])
    if not channels or not total > 0:
        return "There are no conversions to share."
    spread = {}
    for name in channels:
        values = [float(say.result[model][name]) for model in _MODELS if model in say]
        spread[name] = max(values) - min(values)
    name = max(spread, key=lambda key: spread[key])
    if spread[name] <= 1e-9 * total:
        return f"All models agree on the {numbers.number(total, 'count')} conversions. Credit is not cause."
    values = sorted(float(say.result[model][name]) for model in _MODELS if model in say)
    low, high = numbers.number(values[0], "count"), numbers.number(values[-1], "count")
    spread_of = f"from {low} to {high} of {numbers.number(total, 'count')} conversions"
    return f"The models differ most on {name}, {spread_of}. Credit is not cause."


def _all_picture(say: Say) -> Picture:
    channels = [name for name, _ in _ends(say.result["linear"])][:_MOST]
    panel = Panel(x="conversions credited", x_unit="count", rows=[str(name) for name in channels], zero=True)
    models = [model for model in _MODELS if model in say and isinstance(say.result[model], dict)]
    by_text = {str(name): name for name in say.result["linear"]}
    for row, name in enumerate(channels):
        values = [float(say.result[model][by_text[name]]) for model in models]
        panel.bar(row, min(values), max(values), "pale")
    for place, model in enumerate(models):
        values = [float(say.result[model][by_text[name]]) for name in channels]
        panel.dots(values, [float(row) for row in range(len(channels))], str(place), _MODELS[model])
    return Picture(_all_sentence(say), [panel])


def _decay_sentence(say: Say) -> str:
    weights = flat(say.result["weights"]) if hasattr(say.result["weights"], "__len__") else [say.value("weights")]
    if not weights:
        return "There are no touches to share the conversion."
    return f"Of {len(weights)} touches the weightiest gets {numbers.number(max(weights), 'percent')} of the conversion."


def _decay_picture(say: Say) -> Picture:
    if not hasattr(say.result["weights"], "__len__"):
        return nothing(_decay_sentence(say))
    weights = flat(say.result["weights"])[:_MOST]
    panel = Panel(
        x="share of the conversion", x_unit="percent", rows=[f"touch {at + 1}" for at in range(len(weights))], zero=True
    )
    for row, value in enumerate(weights):
        panel.bar(row, 0.0, value, "main", numbers.number(value, "percent"))
    return Picture(_decay_sentence(say), [panel])


def _factor_sentence(say: Say) -> str:
    factor = say.value("factor")
    if factor != factor:
        return "Nothing was attributed, so there is nothing to correct."
    return f"An attributed conversion is worth {factor:.2f} incremental ones: multiply the channel's credit by that."


def _traffic_sentence(say: Say) -> str:
    found = {name: say.result[name] for name in ("source", "medium", "channel") if name in say}
    if any(not isinstance(value, (str, type(None))) for value in found.values()):
        return f"{type(say.result).__name__} of {len(next(iter(found.values()))):,} rows."
    parts = [f"{name} {value}" for name, value in found.items() if value is not None]
    return f"The visit came by {', '.join(parts)}." if parts else "Nothing says where the visit came from."


def _utm_sentence(say: Say) -> str:
    if any(not isinstance(value, (str, type(None))) for _, value in say.result._items()):
        return f"{type(say.result).__name__} of {len(say.result[0]):,} rows."
    parts = [f"{name} {value}" for name, value in say.result._items() if value is not None]
    return f"{', '.join(parts)}." if parts else "The address has no UTM parameters."


SHOWN = {
    "AttributionResult": Show(
        _all_sentence,
        _all_picture,
        dict.fromkeys(("linear_unique", *_MODELS), "count") | {"markov_removal_effect": "percent"},
    ),
    "CreditResult": Show(
        _credit_sentence, _credit_picture, {"credit": "count", "share": "percent", "removal_effect": "percent"}
    ),
    "TimeDecayResult": Show(_decay_sentence, _decay_picture, whole=True),
    "IncrementalityResult": Show(_factor_sentence),
    "TrafficResult": Show(_traffic_sentence, whole=True),
    "UtmResult": Show(_utm_sentence, whole=True),
}
