"""What the documents say is true: every docstring and the README run, and importing is light."""

import doctest
import subprocess
import sys
from functools import reduce
from pathlib import Path

import pytest

import edgetally

README = Path(__file__).parents[1] / "README.md"


def run(text: str, name: str) -> None:
    test = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    assert test.examples, f"{name} has no example"
    shown: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(test, out=shown.append)
    assert result.failed == 0, "".join(shown)


FUNCTIONS = [name for name in edgetally.__all__ if callable(getattr(edgetally, name)) and name[:1].islower()]
EVENTS = [f"events.{name}" for name in edgetally.events.__all__ if name[:1].islower()]


@pytest.mark.parametrize("name", [*FUNCTIONS, *EVENTS, "EdgetallyError", "Interval"])
def test_a_docstring_runs(name: str) -> None:
    documented = reduce(getattr, name.split("."), edgetally)
    run(documented.__doc__ or "", f"edgetally.{name}")


def test_the_docstring_of_the_package_runs() -> None:
    run(edgetally.__doc__ or "", "edgetally")


def test_a_class_says_what_it_is() -> None:
    for name in edgetally.__all__:
        found = getattr(edgetally, name)
        if isinstance(found, type):
            assert found.__doc__, name


def test_the_readme_runs() -> None:
    run(README.read_text(encoding="utf-8"), "README.md")


def test_the_readme_names_every_dialect_and_field() -> None:
    text = README.read_text(encoding="utf-8")
    table = edgetally.dialects()
    assert [name for name in (*table, *set().union(*table.values())) if f"`{name}`" not in text] == []


def test_importing_brings_nothing_else() -> None:
    heavy = "numpy pandas polars pyarrow importlib.metadata typing"
    program = f"import sys, edgetally; print([name for name in '{heavy}'.split() if name in sys.modules])"
    # Isolated and without site, so that only this import is seen; the package's folder is given by hand.
    folder = Path(edgetally.__file__).parents[1]
    program = f"import sys; sys.path.insert(0, {str(folder)!r}); {program}"
    shown = subprocess.run([sys.executable, "-I", "-S", "-c", program], check=True, capture_output=True, text=True)
    assert shown.stdout.strip() == "[]"


def test_the_public_names_are_there_once() -> None:
    assert len(set(edgetally.__all__)) == len(edgetally.__all__)
    assert all(hasattr(edgetally, name) for name in edgetally.__all__)
    assert edgetally.__version__ == "0.1.0"
