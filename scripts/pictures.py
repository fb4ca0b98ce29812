"""The pictures of docs/calculators: runs the examples of each page, and draws what they made (`make pictures`)."""

from __future__ import annotations

import doctest
import io
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")

from matplotlib import pyplot
from PIL import Image

import edgetally as et
from edgetally._show.report import draw

FOLDER = Path(__file__).parents[1] / "docs/calculators"

# A report worth a picture takes more weeks than a page has room for.
WEEKS = """
import datetime, random
import edgetally as et
draw = random.Random(4).uniform
days = [datetime.date(2026, 8, 31) + datetime.timedelta(day) for day in range(80)]
shops = {"search": (500, 3.6), "social": (300, 2.4), "video": (100, 1.6)}
table = [(day, name, spend * draw(0.8, 1.2), roas) for day in days for name, (spend, roas) in shops.items()]
weeks = {
    "day": [str(row[0]) for row in table],
    "channel": [row[1] for row in table],
    "spend": [row[2] for row in table],
    "revenue": [row[2] * row[3] * draw(0.6, 1.4) for row in table],
}
weekly = et.report(weeks, "roas", by="channel", date="day", window="week", now="2026-11-19")
"""

# Picture, page, what is drawn after the page's examples have run.
PICTURES: list[tuple[str, str, str]] = [
    ("lift", "lift.md", "r"),
    ("posterior", "lift.md", "money"),
    ("forest", "testing.md", "channels"),
    ("looks", "testing.md", "looks"),
    ("funnel", "funnel.md", "f"),
    ("tornado", "funnel.md", "bars"),
    ("response", "response.md", "fit"),
    ("allocate", "allocate.md", "plan"),
    ("cash-flows", "roi.md", "project"),
    ("target-cpa", "target-cpa.md", "t"),
    ("geo", "geo.md", "double"),
    ("report", "report.md", "weekly"),
]


def namespace(page: str) -> dict[str, Any]:
    """What a page's examples leave behind."""
    found: dict[str, Any] = {}
    text = (FOLDER / page).read_text(encoding="utf-8")
    for example in doctest.DocTestParser().get_examples(text, page):
        exec(compile(example.source, page, "exec"), found)  # noqa: S102
    if page == "report.md":
        exec(WEEKS, found)  # noqa: S102
    return found


def save(axes: Any, name: str) -> None:
    """As a small PNG: few colours are enough for a diagram."""
    figure = (axes[0] if isinstance(axes, list) else axes).figure
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=100)
    pyplot.close(figure)
    picture = Image.open(buffer).convert("RGB").quantize(160, dither=Image.Dither.NONE)
    picture.save(FOLDER / "img" / f"{name}.png", optimize=True)


def main() -> None:
    """All of them, or those that are named."""
    pages: dict[str, dict[str, Any]] = {}
    for name, page, what in PICTURES:
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        if page not in pages:
            # What an example prints is not asked for.
            out, sys.stdout = sys.stdout, io.StringIO()
            try:
                pages[page] = namespace(page)
            finally:
                sys.stdout = out
        result = eval(what, pages[page])  # noqa: S307
        save(result.plot() if isinstance(result, et.Result) else draw(result), name)
        print(f"{name}.png: {result!r:.60}")


if __name__ == "__main__":
    main()
