"""A summary for people, as plain text: the sentence that decides, the rest grouped, flags with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._edgetally import Interval
from . import numbers, units
from .words import flag

if TYPE_CHECKING:
    from .say import Say

# Groups are worth a heading from so many fields on.
_GROUPED = 7


def groups(say: Say) -> list[tuple[str, list[str]]]:
    """The fields under their headings; one group without a heading where they are few."""
    names = list(say.result.fields)
    if len(names) < _GROUPED:
        return [("", names)]
    made: list[tuple[str, list[str]]] = []
    for key, heading in units.HEADINGS:
        found = [name for name in names if units.group(say.unit(name)) == key]
        if found:
            made.append((heading, found))
    return made if len(made) > 1 else [("", names)]


def parted(say: Say) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """The groups without what is undefined, and the names of that; few fields stay together."""
    shown = groups(say)
    if len(say.result.fields) < _GROUPED:
        return shown, []
    absent = [name for name in say.result.fields if value(say, name) == numbers.UNDEFINED]
    kept = [(heading, [name for name in names if name not in absent]) for heading, names in shown]
    return [(heading, names) for heading, names in kept if names], absent


def flags(say: Say) -> list[tuple[str, str]]:
    """The flags and warnings of a result, each with its sentence."""
    found = list(say.result._flags()) if say.rows() is None else []
    warnings = getattr(say.result, "warnings", ()) or ()
    found += [word for word in warnings if word not in found and isinstance(word, str)]
    return [flag(word) for word in found]


def value(say: Say, name: str) -> str:
    """A field; a column by its middle and its ends."""
    found = say.result[name]
    count = say.rows()
    part = found.estimate if isinstance(found, Interval) else found
    if (
        count is None
        or say.single
        or numbers.is_number(part)
        or not hasattr(part, "__len__")
        or isinstance(part, (str, dict))
    ):
        return say.shown(found, say.unit(name))
    rows, *ends = say.spread(name)
    if not rows:
        return numbers.UNDEFINED
    return " .. ".join(numbers.number(x, say.unit(name), say.currency) for x in ends)


def of_result(say: Say) -> str:
    """The whole summary."""
    from . import told

    lines = [told(say)]
    shown, absent = parted(say)
    rows = [(name, value(say, name)) for _, names in shown for name in names]
    wide = max((len(name) for name, _ in rows), default=0)
    value_wide = min(max((len(text) for _, text in rows), default=0), 34)
    if not say.single and rows:
        lines.append("  (columns: lowest .. middle .. highest)")
    cells = dict(rows)
    for heading, names in shown:
        lines += ["", heading] if heading else []
        lines += [
            f"  {name:<{wide}}  {cells[name]:>{value_wide}}  {say.result.definition.get(name, '')}".rstrip()
            for name in names
        ]
    if absent:
        lines += ["", f"Undefined, or not given: {', '.join(absent)}."]
    notes = [f"! {word}: {text}" if text else f"! {word}" for word, text in flags(say)]
    return "\n".join(lines + ([""] if notes else []) + notes)


def table(names: list[str], rows: list[list[str]], more: str = "") -> str:
    """Cells below their names, aligned to the right."""
    widths = [max([len(name), *(len(row[place]) for row in rows)]) for place, name in enumerate(names)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in [names, *rows]]
    return "\n".join(lines + ([more] if more else []))
