"""How two computations of the same thing are compared, and what is said about it."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import edgetally as et
import numpy as np

LIKE = 1e-9


# Public functions that nothing is compared with, and why.
WITHOUT = {
    "dialects": "a table, not a computation: a test compares it with what is sent",
    "error_codes": "a list, not a computation: a test compares it with the codes that are raised",
}


def _functions() -> dict[int, str]:
    """Every public function by its first name; what hangs on one, as ``report.compare``, too."""
    named = {name: getattr(et, name) for name in et.__all__}
    named |= {f"events_{name}": getattr(et.events, name) for name in et.events.__all__}
    for name, function in list(named.items()):
        if callable(function) and not isinstance(function, type):
            named |= {f"{name}_{short}": one for short, one in getattr(function, "__dict__", {}).items() if short[0] != "_"}
    found: dict[int, str] = {}
    for name, function in named.items():
        if callable(function) and not isinstance(function, type):
            found.setdefault(id(function), name)
    return found


def without_oracle(compared: Iterable[str]) -> list[str]:
    """The public functions that nothing was compared with, and reasons for functions that there are not."""
    names = _functions()
    seen = set()
    for name in compared:
        function: Any = et
        for part in name.split("."):
            function = getattr(function, part, None)
        seen.add(names.get(id(function), name.replace(".", "_")))
    every = set(names.values())
    return sorted((every - seen - set(WITHOUT)) | (set(WITHOUT) - every))


@dataclass
class Line:
    """What is known of one function."""

    function: str
    against: str
    inputs: int
    refused: int = 0
    values: int = 0
    equal: int = 0
    explained: dict[str, int] = field(default_factory=dict)
    greatest: float = 0.0
    worst: str = ""
    disagreements: list[str] = field(default_factory=list)
    unequal: int = 0


class Oracle:
    """Gathers the lines. ``rows`` is how many inputs a function gets."""

    def __init__(self, rows: int) -> None:
        """Nothing compared yet."""
        self.rows = rows
        self.lines: dict[tuple[str, str], Line] = {}
        self.seconds: dict[str, float] = {}

    def random(self, name: str) -> np.random.Generator:
        """Numbers of a function's own: another function more changes none of them."""
        return np.random.default_rng(zlib.crc32(name.encode()))

    def compare(
        self,
        function: str,
        against: str,
        ours: Mapping[str, Any],
        theirs: Mapping[str, Any],
        inputs: Mapping[str, Any],
        *,
        like: float = LIKE,
        scale: Mapping[str, Any] | None = None,
        refused: Any = None,
        explained: Iterable[tuple[str, Any, str]] = (),
    ) -> Line:
        """Compare fields by name, a value per input.

        ``like`` is the relative difference that is let pass; relative to the greater of both values and, where given,
        ``scale``: how large the terms were that were subtracted from each other. ``refused`` marks inputs that ours did
        not take. ``explained`` has field, mask and reason of differences that are meant; a field may be ``"*"``.
        """
        count = len(next(iter(inputs.values())))
        line = self.lines.setdefault((function, against), Line(function, against, 0))
        line.inputs += count
        taken = np.ones(count, bool) if refused is None else ~np.broadcast_to(np.asarray(refused, bool), (count,))
        line.refused += int((~taken).sum())
        reasons = list(explained)
        for name, want in theirs.items():
            got = np.broadcast_to(np.asarray(ours[name], dtype=float), (count,))
            true = np.broadcast_to(np.asarray(want, dtype=float), (count,))
            with np.errstate(all="ignore"):
                size = np.maximum(np.abs(got), np.abs(true))
                if scale is not None and name in scale:
                    size = np.maximum(size, np.abs(np.broadcast_to(np.asarray(scale[name], dtype=float), (count,))))
                # Below 1e-290 floats have fewer digits.
                gap = np.where(got == true, 0.0, np.abs(got - true) / np.maximum(size, 1e-290))
            both = np.isnan(got) & np.isnan(true)
            gap = np.where(both, 0.0, np.where(np.isnan(got) != np.isnan(true), np.inf, gap))
            gap = np.where(np.isnan(gap), np.inf, gap)
            good = gap <= like
            line.values += int(taken.sum())
            line.equal += int((good & taken).sum())
            within = gap[good & taken]
            if within.size and within.max() > line.greatest:
                line.greatest, line.worst = float(within.max()), name
            bad = ~good & taken
            for which, mask, reason in reasons:
                if which in (name, "*"):
                    hit = bad & np.broadcast_to(np.asarray(mask, bool), (count,))
                    if hit.any():
                        line.explained[reason] = line.explained.get(reason, 0) + int(hit.sum())
                        bad &= ~hit
            line.unequal += int(bad.sum())
            order = np.flatnonzero(bad)[:3]
            for at in order:
                what = ", ".join(f"{key}={_show(value[at])}" for key, value in inputs.items())
                line.disagreements.append(f"{name}({what}): ours {got[at]!r}, theirs {true[at]!r}")
        return line

    def each(self, module: str, check: Callable[[Oracle], None]) -> None:
        """Run one module."""
        begin = time.monotonic()
        check(self)
        self.seconds[module] = time.monotonic() - begin

    def failed(self) -> bool:
        """Whether anything disagrees without a reason."""
        return any(line.unequal for line in self.lines.values())

    def table(self) -> list[str]:
        """A line of Markdown per function."""
        lines = [
            "| function | against | inputs | refused | values | equal | greatest difference | explained | disagreements |",
            "|---|---|---|---|---|---|---|---|---|",
        ]
        for line in sorted(self.lines.values(), key=lambda line: (line.function, line.against)):
            reasons = "; ".join(f"{n:,}: {reason}" for reason, n in line.explained.items())
            greatest = f"{line.greatest:.0e} `{line.worst}`" if line.worst else "0"
            lines.append(
                f"| `{line.function}` | {line.against} | {line.inputs:,} | {line.refused:,} | {line.values:,} | "
                f"{line.equal:,} | {greatest} | {reasons} | {line.unequal:,} |"
            )
        return lines


def _show(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    return repr(value.item() if isinstance(value, np.generic) else value)


def fields(result: Any, *names: str) -> dict[str, Any]:
    """The fields of a result as columns: an interval ``x`` is ``x``, ``x.low`` and ``x.high``."""
    found: dict[str, Any] = {}
    for name in names or result.fields:
        value = result[name]
        if isinstance(value, et.Interval):
            found[name], found[f"{name}.low"], found[f"{name}.high"] = value.estimate, value.low, value.high
        else:
            found[name] = value
    return found


def stacked(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Columns of what was computed row by row."""
    return {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}


# --- Inputs ----------------------------------------------------------------------------------------------------------


def spread(random: np.random.Generator, count: int, low: float, high: float) -> np.ndarray:
    """Numbers over orders of magnitude."""
    return np.exp(random.uniform(math.log(low), math.log(high), count))


def mixed(random: np.random.Generator, count: int, usual: np.ndarray, *special: float) -> np.ndarray:
    """Usual numbers, and in one of five places a special one."""
    values = usual.astype(float)
    if special:
        places = random.random(count) < 0.2
        values[places] = random.choice(np.array(special), int(places.sum()))
    return values


def arm(random: np.random.Generator, count: int, most: float = 1e6) -> tuple[np.ndarray, np.ndarray]:
    """Users and conversions; often few, none, or all."""
    users = np.floor(spread(random, count, 1.0, most))
    rates = spread(random, count, 1e-5, 1.0)
    conversions = random.binomial(users.astype(np.int64), rates).astype(float)
    kind = random.random(count)
    conversions[kind < 0.07] = 0.0
    conversions[(kind > 0.07) & (kind < 0.12)] = users[(kind > 0.07) & (kind < 0.12)]
    return users, conversions


def arms(random: np.random.Generator, count: int, most: float = 1e6) -> dict[str, np.ndarray]:
    """Two arms, a fifth of them with the same rate or the same counts."""
    n1, x1 = arm(random, count, most)
    n0, x0 = arm(random, count, most)
    kind = random.random(count)
    same = kind < 0.1
    n0[same], x0[same] = n1[same], x1[same]
    near = (kind > 0.1) & (kind < 0.4)
    # What a test looks like: rates that are not far apart.
    n0[near] = np.floor(np.maximum(1.0, n1[near] * random.choice([0.1, 0.5, 1.0, 2.0], int(near.sum()))))
    ratio = np.minimum(1.0, x1[near] / n1[near] * random.uniform(0.7, 1.3, int(near.sum())))
    x0[near] = random.binomial(n0[near].astype(np.int64), ratio)
    return {"exposed_users": n1, "exposed_conversions": x1, "holdout_users": n0, "holdout_conversions": x0}


# --- Formulas written out exactly ------------------------------------------------------------------------------------


class Q:
    """An exact number, or none: what is divided by zero, and all that follows. Knows how large its terms were."""

    __slots__ = ("size", "value")

    def __init__(self, value: Any, size: Fraction | None = None) -> None:
        """From a float, exactly."""
        number = float(value) if isinstance(value, (np.floating, np.integer)) else value
        lost = number is None or (isinstance(number, float) and not math.isfinite(number))
        self.value: Fraction | None = None if lost else Fraction(number)
        self.size = abs(self.value) if size is None and self.value is not None else size

    def _with(self, other: Any, value: Callable[[Fraction, Fraction], Fraction], size: Callable[..., Fraction]) -> Q:
        other = other if isinstance(other, Q) else Q(other)
        if self.value is None or other.value is None:
            return Q(None)
        return Q(value(self.value, other.value), size(self.size, other.size))

    def __add__(self, other: Any) -> Q:
        return self._with(other, lambda a, b: a + b, lambda a, b: a + b)

    def __sub__(self, other: Any) -> Q:
        return self._with(other, lambda a, b: a - b, lambda a, b: a + b)

    def __mul__(self, other: Any) -> Q:
        return self._with(other, lambda a, b: a * b, lambda a, b: a * b)

    def __truediv__(self, other: Any) -> Q:
        other = other if isinstance(other, Q) else Q(other)
        if self.value is None or other.value is None or other.value == 0:
            return Q(None)
        least = abs(other.value)
        return Q(self.value / other.value, self.size / least * (other.size / least))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: Any) -> Q:
        return Q(other) - self

    def __rtruediv__(self, other: Any) -> Q:
        return Q(other) / self

    def __float__(self) -> float:
        return math.nan if self.value is None else _float(self.value)


def _float(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def formulas(
    oracle: Oracle,
    name: str,
    inputs: Mapping[str, np.ndarray],
    formula: Callable[..., Mapping[str, Any]],
    *,
    like: float = 1e-13,
    against: str = "the formulas in fractions",
    explained: Iterable[tuple[str, Any, str]] = (),
    **options: Any,
) -> Line:
    """A calculator of columns against its formulas, row by row, in exact numbers."""
    result = getattr(et, name)(**inputs, **options, errors="coerce")
    refused = (np.asarray(result.status) & 1) != 0
    rows = [formula(**dict(zip(inputs, map(Q, row), strict=True))) for row in zip(*inputs.values(), strict=True)]
    theirs = {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}
    scale = {key: np.array([_float(row[key].size or Fraction(0)) for row in rows]) for key in rows[0]}
    ours = fields(result, *theirs)
    return oracle.compare(
        name, against, ours, theirs, inputs, like=like, scale=scale, refused=refused, explained=explained
    )


def precise(
    oracle: Oracle,
    name: str,
    inputs: Mapping[str, np.ndarray],
    formula: Callable[..., Mapping[str, Any]],
    *,
    like: float = 1e-12,
    against: str = "mpmath, 50 digits",
    scale: Mapping[str, Any] | None = None,
    explained: Iterable[tuple[str, Any, str]] = (),
    **options: Any,
) -> Line:
    """A calculator of columns against its formulas, row by row, in many digits; what is undefined is ``None``."""
    import mpmath

    result = getattr(et, name)(**inputs, **options, errors="coerce")
    refused = (np.asarray(result.status) & 1) != 0
    rows: list[Mapping[str, Any]] = []
    with mpmath.workdps(50):
        for row in zip(*inputs.values(), strict=True):
            made = formula(**{key: mpmath.mpf(float(value)) for key, value in zip(inputs, row, strict=True)})
            rows.append({key: math.nan if value is None else float(value) for key, value in made.items()})
    theirs = stacked(rows)
    return oracle.compare(
        name,
        against,
        fields(result, *{key.partition(".")[0]: None for key in theirs}),
        theirs,
        inputs,
        like=like,
        scale=scale,
        refused=refused,
        explained=explained,
    )
