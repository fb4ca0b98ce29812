"""Pictures of results, by matplotlib, which is imported when the first one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._edgetally import EdgetallyError, Interval

if TYPE_CHECKING:
    from ._result import Result

INK = "#1f3b57"
PALE = "#9db4c8"
GAIN = "#2a7f62"
LOSS = "#b3432b"


def axes(ax: Any, size: tuple[float, float] = (6.4, 3.6)) -> Any:
    """The axes that were given, or those of a new figure."""
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots(figsize=size, layout="constrained")[1]


def _tidy(ax: Any) -> Any:
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def forest(
    ax: Any, names: list[str], intervals: list[Interval[Any]], *, zero: float | None = 0.0, label: str = ""
) -> Any:
    """Estimates with their intervals, one line each, from the top down; colour says on which side of zero they lie."""
    ax = axes(ax, (6.4, 0.9 + 0.32 * len(names)))
    finite = [x for i in intervals for x in (i.estimate, i.low, i.high) if x == x and abs(x) != float("inf")]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    room = 0.05 * (high - low or 1.0)
    for place, interval in enumerate(intervals):
        left = interval.low if interval.low > low - room else low - room
        right = interval.high if interval.high < high + room else high + room
        colour = PALE
        if zero is not None and interval.low > zero:
            colour = GAIN
        elif zero is not None and interval.high < zero:
            colour = LOSS
        ax.plot([left, right], [place, place], color=colour, linewidth=3, solid_capstyle="butt")
        ax.plot([interval.estimate], [place], "o", color=INK, markersize=5)
    if zero is not None:
        ax.axvline(zero, color=INK, linewidth=0.8, linestyle=":")
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel(label)
    return _tidy(ax)


def tornado(ax: Any, names: list[str], low: list[float], high: list[float], base: float, *, label: str = "") -> Any:
    """How far each input moves the output, the largest on top."""
    ax = axes(ax, (6.4, 0.9 + 0.36 * len(names)))
    for place, (a, b) in enumerate(zip(low, high, strict=True)):
        ax.barh(place, a - base, left=base, color=LOSS if a < base else GAIN, height=0.6)
        ax.barh(place, b - base, left=base, color=GAIN if b > base else LOSS, height=0.6)
    ax.axvline(base, color=INK, linewidth=0.8)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlabel(label)
    return _tidy(ax)


def curve(
    ax: Any,
    spend: list[float],
    revenue: list[float],
    *,
    points: tuple[list[float], list[float]] | None = None,
    marks: dict[str, tuple[float, float]] | None = None,
    band: tuple[list[float], list[float]] | None = None,
) -> Any:
    """A response curve, with what was observed and points that have a name."""
    ax = axes(ax)
    if band is not None:
        ax.fill_between(spend, band[0], band[1], color=PALE, alpha=0.4, linewidth=0)
    ax.plot(spend, revenue, color=INK)
    if points is not None:
        ax.plot(points[0], points[1], "o", color=PALE, markersize=4, markeredgecolor=INK, markeredgewidth=0.5)
    for name, (x, y) in (marks or {}).items():
        ax.plot([x], [y], "o", color=GAIN if "opt" in name else INK, markersize=7)
        ax.annotate(name, (x, y), xytext=(6, -12), textcoords="offset points", fontsize=9)
    ax.set_xlabel("spend")
    ax.set_ylabel("revenue")
    return _tidy(ax)


def lines(ax: Any, names: list[str], values: list[float], *, label: str = "") -> Any:
    """Bars of plain numbers, for results that are no interval."""
    ax = axes(ax, (6.4, 0.9 + 0.32 * len(names)))
    ax.barh(range(len(names)), values, color=[GAIN if value >= 0 else LOSS for value in values], height=0.6)
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlabel(label)
    return _tidy(ax)


def result(what: Result, ax: Any = None) -> Any:
    """What suits the result: its intervals as a forest, or the step from cost to profit."""
    drawing = getattr(what, "_draw", None)
    if drawing is not None:
        return drawing(ax)
    intervals = {name: value for name, value in what._items() if isinstance(value, Interval)}
    single = {name: value for name, value in intervals.items() if isinstance(value.estimate, float)}
    if single:
        return forest(ax, list(single), list(single.values()))
    for name, value in intervals.items():
        rows = [Interval(*map(float, row)) for row in zip(value.estimate, value.low, value.high, strict=True)]
        labels = (
            value.estimate.index if hasattr(value.estimate, "index") and not callable(value.estimate.index) else None
        )
        return forest(
            ax, [str(label) for label in (labels if labels is not None else range(len(rows)))], rows, label=name
        )
    numbers = {name: value for name, value in what._items() if isinstance(value, float) and value == value}
    if numbers:
        return lines(ax, list(numbers), list(numbers.values()))
    error = EdgetallyError("this result has nothing that can be drawn; take one row, or to_pandas()")
    error.code = "not_drawable"
    raise error
