"""Every reference row, by name: inputs are keywords, outputs are fields."""

import json
import math
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

import edgetally
from edgetally import Interval

FIXTURE = Path(__file__).parents[2] / "crates/core/tests/fixtures/calculators.json"
ROWS: list[dict[str, Any]] = json.loads(FIXTURE.read_text(encoding="utf-8"))
WORDS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def plain(value: Any) -> Any:
    """NaN and the infinities are words in the file."""
    if isinstance(value, str):
        return WORDS.get(value, value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def by_underscore(name: str) -> Any:
    return getattr(edgetally, name.replace(".", "_"), None)


def by_dots(name: str) -> Any:
    return reduce(lambda found, part: getattr(found, part, None), name.split("."), edgetally)  # type: ignore[arg-type]


def find(name: str) -> Any:
    return by_underscore(name) or by_dots(name)


def close(got: Any, want: Any, relative: float, absolute: float) -> bool:
    if isinstance(want, dict):
        return all(close(got[name], value, relative, absolute) for name, value in want.items())
    if isinstance(want, list):
        if isinstance(got, Interval) and isinstance(got.estimate, float):
            parts = [got.estimate, got.low, got.high]
            if len(want) == 2:
                parts = parts[1:]
        elif isinstance(got, Interval):
            parts = list(got.estimate)
        else:
            parts = list(got)
        return len(parts) == len(want) and all(
            close(a, b, relative, absolute) for a, b in zip(parts, want, strict=True)
        )
    if isinstance(want, (bool, str)) or want is None:
        return bool(got == want)
    got = float(got)
    if math.isnan(want):
        return math.isnan(got)
    return got == want or abs(got - want) <= absolute + relative * abs(want)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["id"]))
def test_a_reference_row(row: dict[str, Any]) -> None:
    function = find(row["calculator"])
    assert function is not None, f"edgetally has no {row['calculator']}"
    inputs = {name: plain(value) for name, value in row["inputs"].items() if value is not None}
    outputs = row["outputs"]
    if "raises" in outputs:
        with pytest.raises(edgetally.EdgetallyError) as caught:
            function(**inputs)
        assert isinstance(caught.value, ValueError)
        assert caught.value.code
        return
    result = function(**inputs)
    relative, absolute = row["tolerance"]["rel"], row["tolerance"]["abs"]
    if "all_outputs" in outputs:
        for name, value in result.to_dict().items():
            for part in value.values() if isinstance(value, dict) else [value]:
                assert math.isnan(part), name
        return
    for name, want in outputs.items():
        got = result[name]
        assert close(got, plain(want), relative, absolute), f"{name}: {got!r} is not {want!r}"


@pytest.mark.parametrize("name", sorted({row["calculator"] for row in ROWS}))
def test_a_calculator_has_both_spellings(name: str) -> None:
    assert by_underscore(name) is not None
    assert by_dots(name) is not None
