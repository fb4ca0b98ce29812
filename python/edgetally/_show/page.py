"""Results for notebooks: no script, no style sheet, no colour that vanishes on a dark page; everything escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from . import text
from .numbers import typographic
from .svg import svg

if TYPE_CHECKING:
    from .say import Say

# The page's own colours, light or dark: nothing here sets one for text or ground.
BOX = "max-width:60em;color:inherit;background:none;color-scheme:light dark"
_RULE = (
    "border:0;border-top:1px solid;border-color:inherit;border-color:color-mix(in srgb,currentColor 20%,transparent)"
)
CELL = f"padding:2px 10px;background:none;color:inherit;{_RULE};text-align:"
# More fields than these are folded away below the sentence and the picture.
_OPEN = 10


def note(word: str, said: str) -> str:
    """A flag, marked by a bar and not by its colour alone."""
    more = f": {escape(said)}" if said else ""
    return f'<p style="margin:.4em 0;padding:.1em .7em;border-left:4px solid #e0701a"><b>{escape(word)}</b>{more}</p>'


def of_result(say: Say) -> str:
    """The sentence, flags, the small picture, and the fields."""
    from . import drawn, told

    head = f'<p style="margin:.4em 0;font-size:1.1em"><b>{escape(typographic(told(say)))}</b></p>'
    notes = "".join(note(word, said) for word, said in text.flags(say))
    picture = drawn(say)
    small = "" if picture.trivial else svg(picture)
    body = []
    shown, absent = text.parted(say)
    for heading, names in shown:
        if heading:
            body.append(f'<tr><th colspan="3" style="{CELL}left">{escape(heading)}</th></tr>')
        body += [_row(say, name) for name in names]
    table = f'<table style="border-collapse:collapse;color:inherit;background:none">{"".join(body)}</table>'
    if absent:
        table += f'<p style="margin:.4em 0"><small>Undefined, or not given: {escape(", ".join(absent))}.</small></p>'
    count = len(say.result.fields)
    if count > _OPEN:
        table = f'<details><summary style="cursor:pointer">All {count} fields</summary>{table}</details>'
    return f'<div style="{BOX}">{head}{notes}{small}{table}</div>'


def _row(say: Say, name: str) -> str:
    shown = typographic(text.value(say, name))
    shown = shown if len(shown) <= 80 else shown[:79] + "…"
    wrapping = "" if len(shown) > 30 else ";white-space:nowrap"
    return (
        f'<tr><td style="{CELL}left"><code style="background:none;color:inherit">{escape(name)}</code></td>'
        f'<td style="{CELL}right{wrapping}">{escape(shown)}</td>'
        f'<td style="{CELL}left"><small>{escape(say.result.definition.get(name, ""))}</small></td></tr>'
    )
