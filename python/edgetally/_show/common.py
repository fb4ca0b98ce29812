"""What every result can be shown as, when its subject says nothing: by the names and units of its fields."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from .._edgetally import Interval
from . import numbers, units
from .picture import Panel, Picture, nothing, thinned, tone
from .say import Say, is_column

if TYPE_CHECKING:
    from collections.abc import Callable

# Fields that are no finding: never a headline, never in a picture of what a result says.
_ASIDE = frozenset(
    {"quality", "z", "t", "df", "se", "exact", "z_pooled", "z_unpooled", "chi2", "covariance", "rss", "sigma"}
    | {"aic", "aicc", "bic", "log_likelihood"}
)
# With more rows than these a picture shows them sorted, as a line.
_MOST_ROWS = 40
# As many of them are sorted.
_SORTED = 100_000


def headline(say: Say) -> str:
    """The field that many rows are shown by: what the subject names, the first interval, or the first number."""
    if say.show.headline in say:
        return say.show.headline
    fields = [(name, value) for name, value in say.result._items() if name not in _ASIDE]
    intervals = [name for name, value in fields if isinstance(value, Interval)]
    columns = [name for name, value in fields if is_column(value) or numbers.is_number(value)]
    return next(iter(intervals + columns), "")


def capital(text: str) -> str:
    """The same with a capital in front."""
    return text[:1].upper() + text[1:]


def plain_sentence(say: Say) -> str:
    """The first field, by its definition."""
    if not say.result.fields:
        return type(say.result).__name__
    name = say.result.fields[0]
    text = say.result.definition.get(name, name).rstrip(".?").partition(":")[0].partition(";")[0]
    return f"{text}: {say(name)}."


def template(text: str, *needed: str) -> Callable[[Say], str]:
    """A sentence with fields in braces; the plain one where a field that it needs is undefined."""

    def made(say: Say) -> str:
        names = needed or tuple(part.partition("}")[0] for part in text.split("{")[1:])
        if not all(isfinite(say.value(name)) for name in names):
            return plain_sentence(say)
        return text.format_map({name: say(name) for name in say.result.fields})

    return made


def sentence_of_rows(say: Say) -> str:
    """How many rows, and what most of them say."""
    count, name = say.rows() or 0, headline(say)
    rows = "1 row" if count == 1 else f"{count:,} rows"
    start = f"{type(say.result).__name__} of {rows}"
    if not name or not count:
        return f"{start}."
    estimates, low, high = say.column(name)
    found, *ends = say.spread(name)
    missing = len(estimates) - found
    tail = f"; undefined in {missing:,}" if missing else ""
    null, unit, label = say.show.null, say.unit(name), units.words(name)
    if isinstance(say.result[name], Interval) and null is not None:
        above, below = int((low > null).sum()), int((high < null).sum())
        effect = "no effect" if null == 0 else numbers.number(null, unit)
        start = f"{start}: {label} surely above {effect} in {above:,}"
        return f"{start}, below in {below:,}, open in {found - above - below:,}{tail}."
    if not found:
        return f"{start}: {label} is undefined in all of them."
    first, half, last = (numbers.number(value, unit, say.currency) for value in ends)
    return f"{start}: {label} from {first} to {last}, half of them below {half}{tail}."


def picture_of_rows(say: Say) -> Picture:
    """A row each, or all of them sorted where they are many."""
    import numpy as np

    name = headline(say)
    if not name:
        return nothing(sentence_of_rows(say))
    estimates, low, high = say.column(name)
    with_ends = not (np.isnan(low).all() and np.isnan(high).all())
    title, label, unit = sentence_of_rows(say), units.words(name), say.unit(name)
    null = say.show.null if with_ends else None
    if len(estimates) <= _MOST_ROWS:
        panel = Panel(x=label, x_unit=unit, rows=say.names(len(estimates)), zero=not with_ends)
        for row, (estimate, left, right) in enumerate(zip(estimates, low, high, strict=True)):
            if with_ends:
                panel.span(row, estimate, left, right, tone(left, right, 0.0 if null is None else null))
            else:
                panel.bar(row, 0.0, estimate, "main", numbers.number(estimate, unit, say.currency))
        if null is not None:
            panel.rule(null, "no effect" if null == 0 else "")
        return Picture(title, [panel])
    rows = np.flatnonzero(np.isfinite(estimates))
    if len(rows) > _SORTED:
        # Evenly spread rows have the same shape, and the ends are kept.
        ends = rows[[int(estimates[rows].argmin()), int(estimates[rows].argmax())]]
        rows = np.unique(np.concatenate([rows[:: len(rows) // _SORTED], ends]))
    order = rows[np.argsort(estimates[rows], kind="stable")]
    order = order[thinned(len(order))]
    panel = Panel(x="rows, from the lowest to the highest (%)", y=label, y_unit=unit)
    share = [100.0 * at / max(len(order) - 1, 1) for at in range(len(order))]
    if with_ends:
        panel.band(share, low[order], high[order], "main", "interval")
    panel.line(share, estimates[order], "main", label)
    if null is not None:
        panel.rule(null, "no effect", across=True)
    return Picture(title, [panel])


def picture_of_fields(say: Say) -> Picture:
    """Fields of one unit on one axis, a panel for each of the two units that most fields have."""
    groups: dict[str, list[str]] = {}
    for name, value in say.result._items():
        unit = say.unit(name)
        single = isinstance(value, Interval) or numbers.is_number(value)
        if single and unit not in ("p", "text") and name not in _ASIDE and isfinite(say.value(name)):
            groups.setdefault(unit, []).append(name)
    panels = []
    for unit, names in sorted(groups.items(), key=lambda item: -len(item[1]))[:2]:
        spans = [name for name in names if say.three(name)[1] == say.three(name)[1]]
        chosen = spans or names
        heading = dict(units.HEADINGS).get(units.group(unit), "")
        panel = Panel(heading, x=heading.lower() if unit != "money" else "", x_unit=unit, zero=not spans)
        panel.rows = [units.words(name) for name in chosen[:14]]
        for row, name in enumerate(chosen[:14]):
            estimate, low, high = say.three(name)
            null = null_of(say, name)
            if spans:
                panel.span(row, estimate, low, high, tone(low, high, null) if null is not None else "main")
            else:
                panel.bar(row, 0.0, estimate, "main", say(name))
        nulls = {null_of(say, name) for name in chosen} - {None}
        if spans and len(nulls) == 1:
            panel.rule(nulls.pop(), "no effect")
        panels.append(panel)
    from . import told

    return Picture(told(say), panels)


def null_of(say: Say, name: str) -> float | None:
    """Where no effect lies: at 1 for the ratio of two rates, at 0 for differences, nowhere for plain sizes."""
    unit = say.unit(name)
    if name.startswith(("ratio_credible", "ratio_katz", "ratio_log", "ratio_score", "ratio_mover", "ratio_fieller")):
        return 1.0
    if name in ("ratio", "rate_ratio", "ratio_ci", "ratio_ci_exact", "total_ratio"):
        return 1.0
    if unit == "points" or name.startswith(
        ("rel_", "diff", "did", "incremental_", "raw_", "average_effect", "profit", "lift")
    ):
        return None if unit == "times" or "cpa" in name else 0.0
    return None
