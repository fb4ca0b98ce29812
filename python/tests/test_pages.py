"""The pages of the calculators are true: their examples run, the index is complete, every function is on a page."""

import doctest
import inspect
import re
from pathlib import Path

import pytest

import edgetally

FOLDER = Path(__file__).parents[2] / "docs" / "calculators"
INDEX = FOLDER / "README.md"
PAGES = sorted(FOLDER.glob("*.md"))
# What is inside ```python and begins with a prompt; other blocks show what other tools answer.
BLOCKS = re.compile(r"^```python\n(>>> .*?)^```$", re.DOTALL | re.MULTILINE)


def examples(page: Path) -> list[doctest.Example]:
    """All of a page's examples, with the page's own line numbers."""
    text = page.read_text(encoding="utf-8")
    found = []
    for block in BLOCKS.finditer(text):
        for example in doctest.DocTestParser().get_examples(block[1], page.name):
            example.lineno += text.count("\n", 0, block.start(1))
            found.append(example)
    return found


def test_the_pages_are_there() -> None:
    assert len(PAGES) > 15


# The tables of coverage.md and oracle.md are written by scripts/coverage.py and scripts/oracle, and show no call.
SHOWING = [page for page in PAGES if page.stem not in ("coverage", "oracle")]


@pytest.mark.parametrize("page", SHOWING, ids=lambda page: page.stem)
def test_what_a_page_shows_is_what_is_printed(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = examples(page)
    # No prompt is outside of a block that runs.
    assert len(found) == len(re.findall(r"^>>> ", text, re.MULTILINE)) > 0
    test = doctest.DocTest(found, {}, page.name, str(page), 0, None)
    shown: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(test, out=shown.append)
    assert result.failed == 0, "".join(shown)


def test_every_page_is_linked_from_the_index() -> None:
    links = set(re.findall(r"\]\(([^)#]+\.md)", INDEX.read_text(encoding="utf-8")))
    assert links == {page.name for page in PAGES} - {INDEX.name}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_and_picture_is_there(page: Path) -> None:
    for target, _, anchor in re.findall(r"\]\(((?!https?:)[^)#]*)(#([^)]+))?\)", page.read_text(encoding="utf-8")):
        file = page.parent / target if target else page
        assert file.is_file(), target
        if anchor:
            titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}, anchor


def test_every_function_is_on_some_page() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES if page != INDEX)
    # Only what stands in code: many names are words of the language too.
    words = {word for code in re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL) for word in re.findall(r"\w+", code)}
    for module in (edgetally, edgetally.events):
        public = {name: getattr(module, name) for name in module.__all__ if not name.startswith("__")}
        functions = [name for name, what in public.items() if callable(what) and not inspect.isclass(what)]
        assert len(functions) > 5
        assert [name for name in functions if name not in words] == [], module.__name__


def test_pictures_are_small() -> None:
    pictures = list((FOLDER / "img").iterdir())
    assert 0 < len(pictures) <= 14
    assert all(picture.suffix == ".png" and picture.stat().st_size < 40_000 for picture in pictures)
