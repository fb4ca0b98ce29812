"""Pictures by matplotlib, imported when the first one is drawn. Fonts, text and background are those of the style."""

from __future__ import annotations

from math import isfinite
from textwrap import fill
from typing import TYPE_CHECKING, Any

from .._arguments import error
from .numbers import tick, typographic
from .picture import SERIES, TONES, clip

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .picture import Mark, Panel, Picture


# Inches that a number on a column takes, and below which axes have no room for a legend.
_WORD = 0.45
_NARROW = 1.7
# Longer names of rows are cut.
_LONGEST = 34


def _safe(text: str) -> str:
    """A text as it is meant: a dollar is no formula."""
    return typographic(text).replace("$", r"\$")


def colour(name: str) -> str:
    """The colour of a tone, or of a series by its number."""
    return SERIES[int(name) % len(SERIES)] if name.isdigit() else TONES[name]


def draw(picture: Picture, ax: Any = None, currency: str = "") -> Any:
    """Into ``ax`` the main panel, without one all panels in a new figure; returns the axes, a list where several."""
    try:
        import matplotlib as mpl
        from matplotlib import pyplot
    except ImportError:
        raise error("not_drawable", "plot() needs matplotlib: pip install matplotlib") from None
    ink = mpl.rcParams["text.color"]
    if ax is not None:
        axes, panels = [ax], picture.panels[:1]
    elif not picture.panels:
        axes, panels = [pyplot.subplots(figsize=(6.4, 1.8), layout="constrained")[1]], []
    else:
        axes, panels = _figure(pyplot, picture), picture.panels
    if not panels:
        axes[0].set_axis_off()
        axes[0].text(
            0.5, 0.5, "nothing to draw", ha="center", va="center", color=ink, alpha=0.7, transform=axes[0].transAxes
        )
    for axis, panel in zip(axes, panels, strict=False):
        _panel(axis, panel, ink, currency)
    single = len(axes) == 1
    for axis, panel in zip(axes, panels, strict=False):
        if not single and panel.title:
            axis.set_title(_safe(panel.title), loc="left", fontsize="medium")
    _title(axes, picture, single, ax is not None)
    return axes[0] if single else axes


def _figure(pyplot: Any, picture: Picture) -> list[Any]:
    heights = [max(_height(picture.panels[at]) for at in line) for line in picture.layout]
    wide = 9.0 if any(len(line) > 1 for line in picture.layout) else 6.8
    tall = 0.55 + sum(heights) + 0.24 * len(picture.notes)
    figure = pyplot.figure(figsize=(wide, tall), layout="constrained")
    grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
    axes: dict[int, Any] = {}
    for row, line in enumerate(picture.layout):
        inner = grid[row].subgridspec(1, len(line))
        for column, at in enumerate(line):
            axes[at] = figure.add_subplot(inner[column])
    return [axes[at] for at in sorted(axes)]


def _height(panel: Panel) -> float:
    return 1.15 + 0.34 * len(panel.rows) if panel.rows else 2.8


def _letters(width: float, size: float, weight: str | None = None) -> int:
    """How many letters of a size fit into inches."""
    return max(int(width * 72 / ((0.6 if weight else 0.55) * size)), 12)


def _title(axes: list[Any], picture: Picture, single: bool, given: bool) -> None:
    from matplotlib.font_manager import FontProperties

    figure = axes[0].figure
    figure = getattr(figure, "figure", None) or figure
    text = _safe(picture.title)
    small = given and axes[0].get_position().width * figure.get_size_inches()[0] < 2 * _NARROW
    size = FontProperties(size="large" if not given else "small" if small else "medium").get_size_in_points()
    if single:
        whole = figure.get_size_inches()[0]
        names = max((len(name) for name in picture.panels[0].rows), default=10) if picture.panels else 0
        beside = 0.25 + min(names, _LONGEST) * 0.53 * FontProperties(size="medium").get_size_in_points() / 72
        width = axes[0].get_position().width * whole if given else whole - beside
        weight = None if given else "bold"
        axes[0].set_title(fill(text, _letters(width, size, weight)), loc="left", fontsize=size, fontweight=weight)
    else:
        width = figure.get_size_inches()[0] - 0.3
        figure.suptitle(fill(text, _letters(width, size, "bold")), x=0.01, ha="left", fontsize=size, fontweight="bold")
    if picture.notes and not given:
        small = FontProperties(size="small").get_size_in_points()
        notes = "\n".join(
            fill(_safe(note), _letters(figure.get_size_inches()[0] - 0.3, small)) for note in picture.notes
        )
        figure.supxlabel(notes, x=0.01, ha="left", fontsize=small, fontweight="normal")


def _panel(ax: Any, panel: Panel, ink: str, currency: str) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    width, height = ax.get_position().size * ax.figure.get_size_inches()
    letters = max(width * 15, 12)
    limits = {"x": panel.limits("x", letters), "y": panel.limits("y")}
    narrow = bool(panel.columns) and width / len(panel.columns) < _WORD
    for mark in sided(panel.marks, limits["x"], letters):
        # No room for a text on each column.
        mark = mark._replace(label="") if narrow and mark.kind == "column" else mark
        _DRAWN[mark.kind](ax, mark, limits, ink)
    ax.set_xlim(*limits["x"])
    ax.set_ylim(*limits["y"])
    for axis, names, unit, room in (
        (ax.xaxis, panel.columns, panel.x_unit, width / 0.9),
        (ax.yaxis, panel.rows, panel.y_unit, height / 0.45),
    ):
        if unit == "hidden":
            axis.set_ticks([])
            axis.set_visible(False)
        elif names:
            keep = (
                range(0, len(names), max(1, -(-len(names) // max(int(room * 1.6), 1))))
                if axis is ax.xaxis
                else range(len(names))
            )
            fitting = max(6, int(width / len(names) * 72 / 5))
            axis.set_ticks(list(keep), [_label(names[at], fitting if axis is ax.xaxis else 0) for at in keep])
            if axis is ax.xaxis and width / len(names) < 0.8:
                ax.tick_params(axis="x", labelsize="small")
        else:
            axis.set_major_locator(
                MaxNLocator(max(2, min(6, int(room))), steps=[1, 2, 2.5, 5, 10], integer=unit == "whole")
            )
            axis.set_major_formatter(FuncFormatter(lambda value, _, unit=unit: _safe(tick(value, unit, currency))))
    if panel.rows:
        ax.tick_params(axis="y", length=0)
    ax.set_xlabel(_safe(with_unit(panel.x, panel.x_unit, currency)))
    ax.set_ylabel(_safe(with_unit(panel.y, panel.y_unit, currency)))
    ax.spines[["top", "right"]].set_visible(False)
    if panel.rows or panel.y_unit == "hidden":
        ax.spines["left"].set_visible(False)
    if panel.x_unit == "hidden":
        ax.spines["bottom"].set_visible(False)
    if ax.get_legend_handles_labels()[1] and width > _NARROW:
        entries = len(ax.get_legend_handles_labels()[1])
        place: dict[str, Any] = {"loc": "best"}
        if panel.aside or (panel.rows and entries > 2):
            place = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
        elif panel.rows:  # bars leave no room
            place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.2}
        ax.legend(frameon=False, fontsize="small" if width > 2 * _NARROW else "x-small", **place)


def sided(marks: Sequence[Mark], limits: tuple[float, float], letters: float) -> list[Mark]:
    """The same marks; the label of each upright line goes to the side where it has room, said by its ends.

    ``letters`` are as many as fit along the axis.
    """
    low, high = limits
    upright = sorted({(mark.x[0], mark.label) for mark in marks if mark.kind == "rule" and mark.label})
    last_is_late = bool(upright) and upright[-1][0] - low > 0.6 * (high - low)
    made = []
    for mark in marks:
        if mark.kind == "rule":
            after = [one for one in upright if one[0] > mark.x[0]]
            left = last_is_late and not after
            if after:
                # The next line's label comes towards this one when it is the last and stands on the right.
                toward = len(after[0][1]) if last_is_late and len(after) == 1 else 0
                left = (after[0][0] - mark.x[0]) / (high - low) * letters < len(mark.label) + toward + 3
            mark = mark._replace(ends=((float(left),),))
        made.append(mark)
    return made


def _label(name: str, letters: int) -> str:
    name = _safe(name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…")
    return fill(name, letters, break_long_words=False) if letters else name


def with_unit(label: str, unit: str, currency: str) -> str:
    """An axis's label with what its numbers are."""
    if unit == "hidden":
        return ""
    unit = {"money": currency or "money", "points": "percentage points", "months": "months", "periods": "periods"}.get(
        unit, ""
    )
    return f"{label} ({unit})" if unit and label and unit not in label else label or unit


def _span(ax: Any, mark: Mark, limits: Any, ink: str) -> None:
    low, high = (clip(end[0], *limits["x"]) for end in mark.ends)
    shade, y = colour(mark.tone), mark.y[0]
    if low == low and high == high:
        ax.plot([low, high], [y, y], color=shade, linewidth=3, solid_capstyle="butt", zorder=3)
        for end, shown, arrow in ((mark.ends[0][0], low, "<"), (mark.ends[1][0], high, ">")):
            if not isfinite(end):
                ax.plot([shown], [y], arrow, color=shade, markersize=7, clip_on=False, zorder=3)
    ax.plot(mark.x, [y], "o", color=ink, markersize=6, zorder=4)


def _text_of_bar(ax: Any, mark: Mark, ink: str, x: float, y: float, away: tuple[float, float], **where: Any) -> None:
    if mark.label:
        ax.annotate(_safe(mark.label), (x, y), away, textcoords="offset points", fontsize="small", color=ink, **where)


def _bar(ax: Any, mark: Mark, limits: Any, ink: str) -> None:
    del limits
    start, end = mark.x
    ax.barh(mark.y[0], end - start, left=start, color=colour(mark.tone), height=0.62, linewidth=0, alpha=_thin(mark))
    right = end >= start
    _text_of_bar(ax, mark, ink, end, mark.y[0], (4 if right else -4, 0), ha="left" if right else "right", va="center")


def _column(ax: Any, mark: Mark, limits: Any, ink: str) -> None:
    del limits
    start, end = mark.y
    ax.bar(mark.x[0], end - start, bottom=start, color=colour(mark.tone), width=0.68, linewidth=0, alpha=_thin(mark))
    up = not (end < 0 >= start)
    top = max(start, end) if up else end
    _text_of_bar(ax, mark, ink, mark.x[0], top, (0, 3 if up else -3), ha="center", va="bottom" if up else "top")


def _thin(mark: Mark) -> float:
    return 0.3 if mark.tone == "pale" else 1.0


def _line(ax: Any, mark: Mark, limits: Any, ink: str) -> None:
    del limits, ink
    ax.plot(
        mark.x,
        mark.y,
        color=colour(mark.tone),
        linestyle="--" if mark.style == "dashed" else "-",
        linewidth=1.2 if mark.style == "thin" else 2,
        label=_safe(mark.label) or "_",
        zorder=3,
    )


def _band(ax: Any, mark: Mark, limits: Any, ink: str) -> None:
    del ink
    low, high = ([clip(value, *sorted(limits["y"])) for value in end] for end in mark.ends)
    ax.fill_between(
        mark.x, low, high, color=colour(mark.tone), alpha=0.28, linewidth=0, label=_safe(mark.label) or "_", zorder=2
    )


def _dots(ax: Any, mark: Mark, limits: Any, ink: str) -> None:
    del limits
    shade = ink if mark.tone == "ink" else colour(mark.tone)
    face = "none" if mark.style == "hollow" else shade
    size = {"large": 9, "hollow": 6}.get(mark.style, 5.5)
    ax.plot(
        mark.x,
        mark.y,
        "o",
        color=shade,
        markerfacecolor=face,
        markersize=size,
        label=_safe(mark.label) or "_",
        zorder=4,
    )


def _whisker(ax: Any, mark: Mark, limits: Any, ink: str) -> None:
    del ink
    low, high = (clip(end[0], *sorted(limits["y"])) for end in mark.ends)
    ax.plot([mark.x[0], mark.x[0]], [low, high], color=colour(mark.tone), linewidth=2, solid_capstyle="butt", zorder=2)


def _rule(ax: Any, mark: Mark, limits: Any, ink: str) -> None:
    draw_line = ax.axhline if mark.kind == "level" else ax.axvline
    draw_line(
        mark.x[0], color=ink, linewidth=1, linestyle="--" if mark.style == "dashed" else "-", alpha=0.75, zorder=1
    )
    if not mark.label:
        return
    del limits
    late = bool(mark.ends and mark.ends[0][0])
    text = _safe(mark.label)
    if mark.kind == "level":
        ax.annotate(
            text, (1, mark.x[0]), (-2, 3), xycoords=("axes fraction", "data"), textcoords="offset points", ha="right",
            va="bottom", fontsize="small", color=ink,
        )  # fmt: skip
    else:
        ax.annotate(
            text, (mark.x[0], 1), (-4 if late else 4, -2), xycoords=("data", "axes fraction"),
            textcoords="offset points", ha="right" if late else "left", va="top", fontsize="small", color=ink,
        )  # fmt: skip


def _hatch(ax: Any, mark: Mark, limits: Any, ink: str) -> None:
    del limits, ink
    look = {"facecolor": "none", "edgecolor": TONES["pale"], "hatch": "///", "linewidth": 0, "alpha": 0.45}
    ax.axvspan(*mark.x, **look, zorder=0, label=_safe(mark.label) or "_")


_DRAWN = {
    "span": _span,
    "bar": _bar,
    "column": _column,
    "line": _line,
    "band": _band,
    "dots": _dots,
    "whisker": _whisker,
    "rule": _rule,
    "level": _rule,
    "hatch": _hatch,
}
