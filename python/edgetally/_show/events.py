"""The quality of events, and windows of days."""

from __future__ import annotations

from math import isfinite
from typing import Any

from . import numbers
from .picture import Panel, Picture, floats, nothing, tone
from .say import Say, Show, flat


def _change_sentence(say: Say) -> str:
    name = next((name for name in ("ratio_ci_exact", "ratio_ci") if name in say), "rate_ratio")
    _, low, high = say.three(name)
    ratio = say.value("rate_ratio")
    if ratio != ratio:
        return "There is no rate to compare with."
    if ratio == 0:
        return "The event has gone silent."
    change = ratio - 1, low - 1, high - 1
    if high < 1:
        change = 1 - ratio, 1 - high, 1 - low
    verb = "rose" if low > 1 else "fell" if high < 1 else "changed, if at all,"
    return f"The rate {verb} by {numbers.interval(*change, 'percent')}."


def _change_picture(say: Say) -> Picture:
    name = next((name for name in ("ratio_ci_exact", "ratio_ci") if name in say), "rate_ratio")
    panel = Panel(x="new rate over old rate", x_unit="times", rows=["rate"])
    three = say.three(name)
    panel.span(0, *three, tone(three[1], three[2], 1.0))
    panel.rule(1.0, "no change")
    return Picture(_change_sentence(say), [panel])


def _seasonal_sentence(say: Say) -> str:
    adjusted = flat(say.result["p_adjusted"]) if hasattr(say.result["p_adjusted"], "__len__") else []
    unusual = sum(1 for p in adjusted if p < 0.05)
    ratio = say.value("total_ratio")
    start = f"{unusual} of {len(adjusted)} bins are unusual"
    return f"{start}; in all, {ratio:.2f} times what is usual." if isfinite(ratio) else f"{start}."


def _seasonal_picture(say: Say) -> Picture:
    if not hasattr(say.result["ratio"], "__len__"):
        return nothing(_seasonal_sentence(say))
    ratio, adjusted = flat(say.result["ratio"]), flat(say.result["p_adjusted"])
    panel = Panel(x="bin", y="count over what is usual", x_unit="whole", y_unit="times", zero=True)
    for at, (value, p) in enumerate(zip(ratio, adjusted, strict=False)):
        panel.column(at, 1.0, value, ("gain" if value > 1 else "loss") if p < 0.05 else "unsure")
    panel.rule(1.0, "usual", across=True)
    return Picture(_seasonal_sentence(say), [panel])


def _dedup_sentence(say: Say) -> str:
    rate = say.value("overcount_rate")
    if rate != rate:
        return "There are no events to compare."
    return (
        f"{say('union')} different events, {say('overlap_rate')} of them seen by both sides; without removing copies "
        f"{numbers.number(rate, 'percent')} too many would be counted."
    )


def _dedup_picture(say: Say) -> Picture:
    rows = [("pixel only", "pixel_only"), ("both", "overlap"), ("server only", "server_only")]
    panel = Panel(x="different events", x_unit="count", rows=[label for label, _ in rows], zero=True)
    for row, (_, name) in enumerate(rows):
        panel.bar(row, 0.0, say.value(name), "second" if name == "overlap" else "main", say(name))
    return Picture(_dedup_sentence(say), [panel])


def _coverage_sentence(say: Say) -> str:
    text = f"{numbers.number(say.value('any_identifier'), 'percent')} of the events carry an identifier"
    if isfinite(say.value("score_0_10")):
        return f"{text}; the match score is {say.value('score_0_10'):.1f} of 10 (edgetally's own)."
    return f"{text}."


def _coverage_picture(say: Say) -> Picture:
    rows = sorted(say.result["coverage"].items(), key=lambda item: -item[1])[:30]
    panel = Panel(x="events that carry it", x_unit="percent", rows=[name for name, _ in rows], zero=True)
    for row, value in enumerate(floats(value for _, value in rows)):
        panel.bar(row, 0.0, value, "main", numbers.number(value, "percent"))
    return Picture(_coverage_sentence(say), [panel])


def _health_sentence(say: Say) -> str:
    if say.result["healthy"]:
        paused = len(say.result["paused_here"] or ())
        return f"The gateway works; {paused} destinations are paused." if paused else "The gateway works."
    return "The gateway cannot work: see its settings and bindings."


def _releases_sentence(say: Say) -> str:
    labels = [say.result[name]["label"] or "no label" for name in ("before", "after") if say.result[name]]
    what = f"{' to '.join(labels)}: " if len(labels) == 2 else ""
    return f"{what}{say.result['verdict']}. {say.result['reason']}"


def _verdicts(rows: Any) -> str:
    verdicts = list(rows["verdict"])
    counts = {verdict: verdicts.count(verdict) for verdict in ("send", "send_limited", "block")}
    return f"{counts['send']} get everything, {counts['send_limited']} with limits, {counts['block']} nothing."


def _consent_sentence(say: Say) -> str:
    return f"Of {len(say.result['destinations'])} destinations {_verdicts(say.result['destinations'])}"


def _destinations_sentence(say: Say) -> str:
    return f"Of {len(say.result['verdict'])} destinations {_verdicts(say.result)}"


def _window_sentence(say: Say) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {say(name)}" for name in say.result.fields[:3]) + "."


def _span_sentence(say: Say) -> str:
    state = ""
    if say.result["complete"] is not None:
        state = ", complete" if say.result["complete"] else ", not complete"
        state += "" if not say.result["complete"] else " and mature" if say.result["mature"] else " but not mature"
    return f"{say('label')}: {say('n_days')} days from {say('start')}, ending before {say('end')}{state}."


SHOWN = {
    "RateChangeResult": Show(_change_sentence, _change_picture, headline="ratio_ci_exact", null=1.0),
    "OverdispersedChangeResult": Show(_change_sentence, _change_picture, headline="ratio_ci", null=1.0),
    "SeasonalChangeResult": Show(_seasonal_sentence, _seasonal_picture, {"dispersion": "number"}, whole=True),
    "DedupResult": Show(_dedup_sentence, _dedup_picture),
    "MatchQualityResult": Show(
        _coverage_sentence, _coverage_picture, {"event_score": "percent", "score_0_10": "number"}
    ),
    "CoverageResult": Show(_coverage_sentence, _coverage_picture),
    "HealthResult": Show(_health_sentence, whole=True),
    "ReleasesResult": Show(_releases_sentence, whole=True),
    "ConsentResult": Show(_consent_sentence, whole=True),
    "ConsentDestinationsResult": Show(_destinations_sentence, whole=True),
    "WindowResult": Show(_window_sentence),
    "SpanResult": Show(_span_sentence, None, {"n_days": "count"}),
}
