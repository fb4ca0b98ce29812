"""What a picture shows, said without a library: panels of marks, drawn by matplotlib (``draw``) or as SVG (``svg``)."""

from __future__ import annotations

from math import isfinite, nan
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Blue and orange are told apart by every eye; both are readable on white and on black.
TONES = {
    "main": "#2b83c6",
    "gain": "#2b83c6",
    "loss": "#e0701a",
    "unsure": "#8c8c8c",
    "pale": "#8c8c8c",
    "second": "#9a6fc4",
}
# For lines side by side, after Okabe and Ito, each readable on white and on black.
SERIES = ("#2b83c6", "#e0701a", "#1f9e77", "#c2569b", "#b08a00", "#5fa8d3", "#9a6fc4", "#8c8c8c")


class Mark(NamedTuple):
    """One thing that is drawn; what ``x``, ``y`` and ``ends`` hold depends on the kind."""

    kind: str
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    ends: tuple[tuple[float, ...], ...] = ()
    tone: str = "main"
    label: str = ""
    style: str = ""


def tone(low: float, high: float, null: float = 0.0, *, good: str = "up") -> str:
    """Gain or loss where an interval lies on one side of no effect, else unsure."""
    if low > null:
        return "gain" if good == "up" else "loss"
    if high < null:
        return "loss" if good == "up" else "gain"
    return "unsure"


def floats(values: Iterable[Any]) -> tuple[float, ...]:
    """Numbers of any library; what is none is ``NaN``."""
    made = []
    for value in values:
        try:
            made.append(float(value))
        except (TypeError, ValueError):
            made.append(nan)
    return tuple(made)


class Panel:
    """One pair of axes: a unit each way, and the marks on them. ``rows`` and ``columns`` name places instead."""

    def __init__(
        self,
        title: str = "",
        *,
        x: str = "",
        y: str = "",
        x_unit: str = "number",
        y_unit: str = "number",
        rows: Sequence[Any] = (),
        columns: Sequence[Any] = (),
        zero: bool = False,
    ) -> None:
        """Nothing on it yet; ``zero`` keeps the origin of the numbers in sight."""
        self.title = title
        self.x, self.y, self.x_unit, self.y_unit = x, y, x_unit, y_unit
        self.rows, self.columns = [str(name) for name in rows], [str(name) for name in columns]
        self.zero = zero
        # A legend beside the axes, where there are too many lines to leave room for it.
        self.aside = False
        # Rows begin as far down as those of a panel beside it that has such a label.
        self.headroom = False
        self.marks: list[Mark] = []

    def _add(self, kind: str, **values: Any) -> None:
        self.marks.append(Mark(kind, **values))

    def span(self, row: int, estimate: Any, low: Any, high: Any, shade: str = "main") -> None:
        """An estimate with its interval, lying in a row; an open end is drawn as an arrow."""
        part = floats((estimate, low, high))
        if any(value == value for value in part):
            self._add("span", x=part[:1], y=(float(row),), ends=(part[1:2], part[2:]), tone=shade)

    def bar(self, row: int, start: Any, end: Any, shade: str = "main", text: str = "") -> None:
        """A bar that lies in a row, with a text at its end."""
        part = floats((start, end))
        if all(map(isfinite, part)):
            self._add("bar", x=part, y=(float(row),), tone=shade, label=text)

    def column(self, place: float, start: Any, end: Any, shade: str = "main", text: str = "") -> None:
        """A bar that stands, with a text above it."""
        part = floats((start, end))
        if all(map(isfinite, part)):
            self._add("column", x=(float(place),), y=part, tone=shade, label=text)

    def line(self, x: Iterable[Any], y: Iterable[Any], shade: str = "main", label: str = "", style: str = "") -> None:
        """A line through points; gaps where a value is missing."""
        self._add("line", x=floats(x), y=floats(y), tone=shade, label=label, style=style)

    def band(
        self, x: Iterable[Any], low: Iterable[Any], high: Iterable[Any], shade: str = "main", label: str = ""
    ) -> None:
        """A region between two lines."""
        self._add("band", x=floats(x), ends=(floats(low), floats(high)), tone=shade, label=label)

    def dots(self, x: Iterable[Any], y: Iterable[Any], shade: str = "main", label: str = "", style: str = "") -> None:
        """Points; ``style="hollow"`` for what is to be seen less."""
        self._add("dots", x=floats(x), y=floats(y), tone=shade, label=label, style=style)

    def whisker(self, x: Any, low: Any, high: Any, shade: str = "main") -> None:
        """An interval that stands."""
        self._add("whisker", x=floats((x,)), ends=(floats((low,)), floats((high,))), tone=shade)

    def rule(self, at: Any, label: str = "", *, across: bool = False, style: str = "dashed") -> None:
        """A line at one value, from bottom to top; ``across`` from left to right."""
        part = floats((at,))
        if isfinite(part[0]):
            self._add("level" if across else "rule", x=part, label=label, style=style)

    def hatch(self, start: float, end: float, label: str = "") -> None:
        """A region of x that is marked as unlike the rest."""
        if isfinite(start) and isfinite(end) and end > start:
            self._add("hatch", x=(float(start), float(end)), label=label)

    @property
    def empty(self) -> bool:
        """Whether nothing on it can be drawn."""
        kinds = {"rule", "level", "hatch"}
        return not any(isfinite(value) for mark in self.marks if mark.kind not in kinds for value in mark.x + mark.y)

    def limits(self, way: str, letters: float = 60.0) -> tuple[float, float]:
        """From where to where the numbers reach, with a little room; infinite ends do not count.

        ``letters`` are as many as fit along the axis.
        """
        if way == "y" and self.rows:
            # The label of an upright line stands above the first row.
            named = self.headroom or any(mark.kind == "rule" and mark.label for mark in self.marks)
            return len(self.rows) - 0.4, -1.1 if named else -0.6
        if way == "x" and self.columns:
            return -0.6, len(self.columns) - 0.4
        known: list[float] = [0.0] if self.zero else []
        for mark in self.marks:
            if mark.kind == "span":
                parts = (mark.x + mark.ends[0] + mark.ends[1]) if way == "x" else mark.y
            elif mark.kind in ("band", "whisker"):
                parts = mark.x if way == "x" else mark.ends[0] + mark.ends[1]
            elif mark.kind in ("rule", "hatch", "level"):
                parts = mark.x if (way == "y") == (mark.kind == "level") else ()
            else:
                parts = mark.x if way == "x" else mark.y
            known += [value for value in parts if isfinite(value)]
        if way == "x":
            # Bars are as wide as their step.
            known += [mark.x[0] + half for mark in self.marks if mark.kind == "column" for half in (-0.4, 0.4)]
        low, high = min(known, default=0.0), max(known, default=1.0)
        if low == high:
            low, high = low - (abs(low) * 0.1 or 1.0), high + (abs(high) * 0.1 or 1.0)
        room = 0.06 * (high - low)
        bars = [mark for mark in self.marks if mark.kind == ("bar" if way == "x" else "column")]
        named = way == "y" and any(mark.label and mark.kind in ("line", "band", "dots") for mark in self.marks)
        texts = way == "y" and any(mark.label for mark in bars)
        first = low if low == 0.0 and (self.zero or bars) else low - room * (3 if texts and low < 0 else 1)
        # A legend and the texts of columns stand above what is drawn.
        last = high + room * (3 if named or texts else 1)
        for mark in bars if way == "x" else []:
            # As much more as the text at the end of a bar takes of the axis.
            share = min((len(mark.label) + 2) / letters, 0.7) if mark.label else 0.0
            if _falls(mark):
                first = min(first, last - (last - mark.x[1]) / (1 - share))
            else:
                last = max(last, first + (mark.x[1] - first) / (1 - share))
        return first, last


def _falls(mark: Mark) -> bool:
    """Whether a bar goes down or to the left, so that its text stands at that end."""
    start, end = mark.x if mark.kind == "bar" else mark.y
    return end < start if mark.kind == "bar" else end < 0 >= start


class Picture:
    """A finding, in a sentence, with the panels that show it; ``layout`` says which stand side by side."""

    def __init__(
        self,
        title: str,
        panels: Sequence[Panel],
        *,
        layout: Sequence[Sequence[int]] = (),
        notes: Sequence[str] = (),
        small: int = 1,
    ) -> None:
        """The first panel is the main one; ``small`` of them are shown where there is little room."""
        kept = [at for at, panel in enumerate(panels) if not panel.empty]
        self.title = title
        self.panels = [panels[at] for at in kept]
        given = layout or [[at] for at in range(len(panels))]
        self.layout = [[kept.index(at) for at in line if at in kept] for line in given]
        self.layout = [line for line in self.layout if line]
        self.notes = [note for note in notes if note]
        self.small = small

    @property
    def trivial(self) -> bool:
        """Whether it is one bar, which says no more than its number."""
        marks = [mark for panel in self.panels for mark in panel.marks]
        return len(marks) == 1 and marks[0].kind == "bar"


def left_out(count: int, shown: int, what: str, which: str = "evenly spread over the order") -> str:
    """What to say where a picture has no room for every row; nothing where it has."""
    if count <= shown:
        return ""
    return f"{count - shown:,} of {count:,} {what} are not drawn: {which}."


def nothing(title: str) -> Picture:
    """A picture of a result in which nothing can be drawn."""
    return Picture(title, [])


def clip(value: float, low: float, high: float) -> float:
    """A value within limits; infinite ends become the limit."""
    return min(max(value, low), high) if value == value else nan


def thinned(count: int, most: int = 400) -> list[int]:
    """Places of at most so many rows, evenly, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(at * (count - 1) / (most - 1)) for at in range(most)})
