"""Small pictures as SVG, written by hand: no library, no script; text and axes in the page's own colour."""

from __future__ import annotations

from html import escape
from math import isfinite
from textwrap import wrap
from typing import TYPE_CHECKING

from .draw import colour, sided, with_unit
from .numbers import steps, tick, typographic
from .picture import clip

if TYPE_CHECKING:
    from .picture import Mark, Panel, Picture

_WIDTH = 480.0
_ROW = 26.0
_TALL = 150.0
_LETTER = 6.1


def svg(picture: Picture, currency: str = "") -> str:
    """The main panels one below the other; an empty text where there is nothing to draw."""
    parts = []
    top = 0.0
    panels = picture.panels[: picture.small]
    for at, panel in enumerate(panels):
        drawn = _Drawing(panel, top, currency, bool(panel.title) and len(panels) > 1, at)
        parts.append(drawn.text())
        top = drawn.end
    if not parts:
        return ""
    label = escape(typographic(picture.title), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {top:.0f}" role="img" aria-label="{label}" '
        f'style="max-width:{_WIDTH:.0f}px;width:100%;height:auto;display:block;color:inherit;background:none" '
        f'font-size="11" font-family="sans-serif" fill="currentColor">{"".join(parts)}</svg>'
    )


class _Drawing:
    """One panel at its place."""

    def __init__(self, panel: Panel, top: float, currency: str, titled: bool, number: int) -> None:
        self.panel, self.currency, self.number = panel, currency, number
        names = [_cut(name) for name in panel.rows]
        named = any(mark.kind == "rule" and mark.label for mark in panel.marks)
        ticks = [] if names or panel.y_unit == "hidden" else [self._tick(at, "y") for at in self._steps("y", 4)]
        self.left = 14 + _LETTER * max((len(name) for name in names + ticks), default=0)
        self.right = _WIDTH - 14
        self.top = top + 8 + 16 * titled + 14 * (named and not names)
        self.top += 14 * bool(panel.y and not names)
        self.bottom = self.top + (_ROW * (len(names) + 0.5 * named) if names else _TALL)
        self.letters = (self.right - self.left) / _LETTER
        self.below = [self._wrapped(name) for name in panel.columns]
        self.legend = self._placed([m for m in panel.marks if m.label and m.kind in ("line", "band", "dots", "hatch")])
        extra = 12 * (max([1, *map(len, self.below)]) - 1)
        self.foot = self.bottom + 18 + extra + 15 * bool(panel.x or (panel.x_unit == "money" and not panel.columns))
        self.end = self.foot + 16 * (1 + max((line for line, _, _ in self.legend), default=-1))
        self.title = (top, panel.title) if titled else None
        self.limits = {"x": panel.limits("x", self.letters), "y": panel.limits("y")}

    def _steps(self, way: str, most: int) -> list[float]:
        low, high = self.panel.limits(way, self.letters) if way == "x" else self.panel.limits(way)
        return steps(low, high, most)

    def _tick(self, value: float, way: str) -> str:
        return typographic(tick(value, self.panel.x_unit if way == "x" else self.panel.y_unit, self.currency))

    def x(self, value: float) -> float:
        low, high = self.limits["x"]
        return self.left + (clip(value, low, high) - low) / (high - low) * (self.right - self.left)

    def y(self, value: float) -> float:
        low, high = self.limits["y"]
        return self.bottom - (clip(value, *sorted((low, high))) - low) / (high - low) * (self.bottom - self.top)

    def text(self) -> str:
        """Axes, marks, names."""
        parts = []
        if self.title:
            parts.append(_words(2, self.title[0] + 14, self.title[1], weight="600"))
        marks = sided(self.panel.marks, self.limits["x"], self.letters)
        for kinds in (("hatch",), ("band",), ("level", "rule"), ("bar", "column", "whisker", "line"), ("span", "dots")):
            parts += [getattr(self, f"_{mark.kind}")(mark) for mark in marks if mark.kind in kinds]
        return "".join(parts) + self._axes()

    def _axes(self) -> str:
        panel = self.panel
        parts = [_stroke(self.left, self.bottom, self.right, self.bottom, opacity=0.5)]
        if panel.columns and all(self.below):
            for at, lines in enumerate(self.below):
                for number, line in enumerate(lines):
                    parts.append(_words(self.x(at), self.bottom + 14 + 12 * number, line, "middle"))
        elif panel.columns:
            room = max(1, int((self.right - self.left) / (_LETTER * (max(map(len, panel.columns)) + 2))))
            keep = range(0, len(panel.columns), -(-len(panel.columns) // room))
            parts += [_words(self.x(at), self.bottom + 14, _cut(panel.columns[at]), "middle") for at in keep]
        elif panel.x_unit != "hidden":
            for value in self._steps("x", 5):
                parts.append(_stroke(self.x(value), self.bottom, self.x(value), self.bottom + 3, opacity=0.5))
                parts.append(_words(self.x(value), self.bottom + 14, self._tick(value, "x"), "middle"))
        if panel.rows:
            parts += [_words(self.left - 8, self.y(at) + 4, _cut(name), "end") for at, name in enumerate(panel.rows)]
        elif panel.y_unit != "hidden":
            for value in self._steps("y", 4):
                parts.append(_stroke(self.left, self.y(value), self.right, self.y(value), opacity=0.12))
                parts.append(_words(self.left - 6, self.y(value) + 4, self._tick(value, "y"), "end"))
            if panel.y:
                # Above the names of upright lines.
                named = any(mark.kind == "rule" and mark.label for mark in panel.marks)
                parts.append(
                    _words(2, self.top - 6 - 14 * named, with_unit(panel.y, panel.y_unit, self.currency), opacity=0.75)
                )
        label = with_unit(panel.x, panel.x_unit, self.currency)
        if label and not (panel.columns and not panel.x):
            parts.append(_words((self.left + self.right) / 2, self.foot - 4, label, "middle", opacity=0.75))
        return "".join(parts) + self._legend()

    def _wrapped(self, name: str) -> list[str]:
        """The name of a column in lines that fit below it; none where a word does not."""
        most = max(int(self.letters / max(len(self.panel.columns), 1)) - 1, 1)
        if len(self.panel.columns) > 8 or max(map(len, name.split()), default=0) > most + 2:
            return []
        return wrap(name, most, break_long_words=False)

    def _placed(self, marks: list[Mark]) -> list[tuple[int, float, Mark]]:
        """The entries of the legend, each with its line and its place on it."""
        found, line, at = [], 0, 14.0
        for mark in marks:
            wide = 26 + _LETTER * len(mark.label)
            if at > 14 and at + wide > _WIDTH:
                line, at = line + 1, 14.0
            found.append((line, at, mark))
            at += wide
        return found

    def _legend(self) -> str:
        parts = []
        for line, at, mark in self.legend:
            y = self.foot + 16 * line
            if mark.kind == "dots":
                look = f'fill="none" stroke="{_ink(mark)}"' if mark.style == "hollow" else f'fill="{_ink(mark)}"'
                parts.append(f'<circle cx="{at + 5:.1f}" cy="{y + 6:.1f}" r="4" {look}/>')
            else:
                down, tall, look = 5, 3, f'fill="{_ink(mark)}"'
                if mark.kind != "line":
                    down, tall = 1, 10
                    look = 'fill="currentColor" opacity="0.1"' if mark.kind == "hatch" else f'{look} opacity="0.35"'
                parts.append(f'<rect x="{at:.1f}" y="{y + down:.1f}" width="10" height="{tall}" {look}/>')
            parts.append(_words(at + 15, y + 10, mark.label))
        return "".join(parts)

    def _span(self, mark: Mark) -> str:
        (low,), (high,) = mark.ends
        y, shade, parts = self.y(mark.y[0]), _ink(mark), []
        if low == low and high == high:
            left, right = self.x(low), self.x(high)
            parts.append(_stroke(left, y, right, y, shade, 4))
            for end, at, way in ((low, left, -1), (high, right, 1)):
                if not isfinite(end):
                    points = f"{at:.1f},{y - 5:.1f} {at + 8 * way:.1f},{y:.1f} {at:.1f},{y + 5:.1f}"
                    parts.append(f'<polygon points="{points}" fill="{shade}"/>')
        if isfinite(mark.x[0]):
            parts.append(f'<circle cx="{self.x(mark.x[0]):.1f}" cy="{y:.1f}" r="4"/>')
        return "".join(parts)

    def _bar(self, mark: Mark) -> str:
        start, end = sorted(mark.x)
        left, right, y = self.x(start), self.x(end), self.y(mark.y[0])
        pale = ' opacity="0.3"' if mark.tone == "pale" else ""
        wide = max(right - left, 0.5)
        shape = f'<rect x="{left:.1f}" y="{y - 8:.1f}" width="{wide:.1f}" height="16" fill="{_ink(mark)}"{pale}/>'
        if not mark.label:
            return shape
        if mark.x[1] >= mark.x[0]:
            return shape + _words(right + 4, y + 4, mark.label)
        return shape + _words(left - 4, y + 4, mark.label, "end")

    def _column(self, mark: Mark) -> str:
        low, high = sorted(mark.y)
        wide = 0.68 * (self.x(1.0) - self.x(0.0))
        top, bottom, x = self.y(high), self.y(low), self.x(mark.x[0])
        tall = max(bottom - top, 0.5)
        shape = (
            f'<rect x="{x - wide / 2:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{tall:.1f}" fill="{_ink(mark)}"/>'
        )
        below = mark.y[1] < 0 >= mark.y[0]
        return shape + (_words(x, bottom + 12 if below else top - 4, mark.label, "middle") if mark.label else "")

    def _line(self, mark: Mark) -> str:
        runs: list[list[str]] = [[]]
        for x, y in zip(mark.x, mark.y, strict=False):
            if isfinite(x) and isfinite(y):
                runs[-1].append(f"{self.x(x):.1f},{self.y(y):.1f}")
            elif runs[-1]:
                runs.append([])
        dash = ' stroke-dasharray="5 3"' if mark.style == "dashed" else ""
        wide = 1.2 if mark.style == "thin" else 2
        return "".join(
            f'<polyline points="{" ".join(run)}" fill="none" stroke="{_ink(mark)}" stroke-width="{wide}"{dash}/>'
            for run in runs
            if run
        )

    def _band(self, mark: Mark) -> str:
        ends = [
            (x, low, high)
            for x, low, high in zip(mark.x, *mark.ends, strict=False)
            if isfinite(x) and low == low and high == high
        ]
        there = [f"{self.x(x):.1f},{self.y(high):.1f}" for x, _, high in ends]
        back = [f"{self.x(x):.1f},{self.y(low):.1f}" for x, low, _ in reversed(ends)]
        return f'<polygon points="{" ".join(there + back)}" fill="{_ink(mark)}" opacity="0.28"/>' if ends else ""

    def _dots(self, mark: Mark) -> str:
        size = 5.5 if mark.style == "large" else 3.2
        look = (
            f'fill="none" stroke="{_ink(mark)}" stroke-width="1.5"'
            if mark.style == "hollow"
            else f'fill="{_ink(mark)}"'
        )
        return "".join(
            f'<circle cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="{size}" {look}/>'
            for x, y in zip(mark.x, mark.y, strict=False)
            if isfinite(x) and isfinite(y)
        )

    def _whisker(self, mark: Mark) -> str:
        (low,), (high,) = mark.ends
        if low != low or high != high:
            return ""
        return _stroke(self.x(mark.x[0]), self.y(low), self.x(mark.x[0]), self.y(high), _ink(mark), 2)

    def _rule(self, mark: Mark) -> str:
        x = self.x(mark.x[0])
        line = _stroke(x, self.top, x, self.bottom, dash="4 3" if mark.style == "dashed" else "", opacity=0.75)
        late = bool(mark.ends and mark.ends[0][0])
        # Beside the line where rows leave room above the first of them, else on top of it.
        aside, up = ((-4 if late else 4), 9) if self.panel.rows else (0, -4)
        name = _words(x + aside, self.top + up, mark.label, "end" if late else "start") if mark.label else ""
        return line + name

    def _level(self, mark: Mark) -> str:
        y = self.y(mark.x[0])
        line = _stroke(self.left, y, self.right, y, dash="4 3" if mark.style == "dashed" else "", opacity=0.75)
        return line + (_words(self.right, y - 4, mark.label, "end") if mark.label else "")

    def _hatch(self, mark: Mark) -> str:
        left, right = self.x(mark.x[0]), self.x(mark.x[1])
        return (
            f'<rect x="{left:.1f}" y="{self.top:.1f}" width="{right - left:.1f}" height="{self.bottom - self.top:.1f}" '
            'fill="currentColor" opacity="0.1"/>'
        )


def _ink(mark: Mark) -> str:
    return "currentColor" if mark.tone == "ink" else colour(mark.tone)


def _cut(name: str) -> str:
    return name if len(name) <= 26 else name[:25] + "…"


def _words(x: float, y: float, text: str, anchor: str = "start", weight: str = "", opacity: float = 1.0) -> str:
    more = f' font-weight="{weight}"' * bool(weight) + f' opacity="{opacity}"' * (opacity < 1)
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(typographic(text))}</text>'


def _stroke(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    ink: str = "currentColor",
    wide: float = 1,
    dash: str = "",
    opacity: float = 1.0,
) -> str:
    more = f' stroke-dasharray="{dash}"' * bool(dash) + f' opacity="{opacity}"' * (opacity < 1)
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{ink}" stroke-width="{wide}"{more}/>'
