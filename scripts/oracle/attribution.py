"""Credit over touches: Shapley by every order of the channels, Markov by a linear system, the rest by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import edgetally as et
import numpy as np

from .harness import Oracle, formulas, mixed, spread

NAMES = "abcde"


def shapley(paths: list[list[str]], worth: list[float], channels: list[str]) -> dict[str, float]:
    """What each channel adds, over every order in which they could come."""
    credit = dict.fromkeys(channels, 0.0)
    orders = list(itertools.permutations(channels))
    for order in orders:
        there: set[str] = set()
        before = 0.0
        for channel in order:
            there.add(channel)
            now = sum(w for path, w in zip(paths, worth, strict=True) if set(path) <= there)
            credit[channel] += (now - before) / len(orders)
            before = now
    return credit


def markov(paths: list[list[str]], yes: list[bool], count: list[float], channels: list[str], order: int) -> Any:
    """Removal effects by solving the chain anew without each channel."""
    steps: dict[tuple[Any, Any], float] = {}
    for path, converts, n in zip(paths, yes, count, strict=True):
        states: list[Any] = ["start", *(tuple(path[max(0, at + 1 - order) : at + 1]) for at in range(len(path)))]
        states.append("yes" if converts else "no")
        for one, other in itertools.pairwise(states):
            steps[one, other] = steps.get((one, other), 0.0) + n
    inner = sorted({one for one, _ in steps}, key=str)
    place = {state: at for at, state in enumerate(inner)}

    def chance(without: str | None) -> float:
        gone = [state for state in inner if state != "start" and state[-1] == without]
        out = dict.fromkeys(inner, 0.0)
        for (one, _), n in steps.items():
            out[one] += n
        # Whether it converts from each state: x = P x + r; states that are gone convert nothing.
        matrix, right = np.eye(len(inner)), np.zeros(len(inner))
        for (one, other), n in steps.items():
            if one in gone or out[one] == 0:
                continue
            if other == "yes":
                right[place[one]] += n / out[one]
            elif other != "no":
                matrix[place[one], place[other]] -= n / out[one]
        return float(np.linalg.solve(matrix, right)[place["start"]])

    base = chance(None)
    effect = {channel: 1 - chance(channel) / base if base > 0 else math.nan for channel in channels}
    total = sum(n for n, converts in zip(count, yes, strict=True) if converts)
    whole = sum(effect.values())
    return base, effect, {channel: total * e / whole if whole > 0 else math.nan for channel, e in effect.items()}


def check(oracle: Oracle) -> None:
    """All models on the same paths."""
    r = oracle.random("attribution")
    models = (
        "first",
        "last",
        "linear",
        "linear_unique",
        "shapley",
        "position",
        "markov",
        "markov 2",
        "removal",
        "removal 2",
    )
    ours: dict[str, list[float]] = {name: [] for name in models}
    theirs: dict[str, list[float]] = {name: [] for name in models}
    asked: list[str] = []
    while len(asked) < oracle.rows:
        some = int(r.integers(1, 8))
        few = NAMES[: int(r.integers(1, 6))]
        paths = [[str(c) for c in r.choice(list(few), int(r.integers(1, 6)))] for _ in range(some)]
        yes = [bool(v) for v in r.random(some) < 0.6]
        count = mixed(r, some, np.floor(spread(r, some, 1, 1e4)), 1.0).tolist()
        channels = sorted({c for path in paths for c in path})
        asked += [f"{paths}, {yes}, {count}"] * len(channels)
        worth = [n if converts else 0.0 for n, converts in zip(count, yes, strict=True)]
        hand: dict[str, dict[str, float]] = {
            name: dict.fromkeys(channels, 0.0) for name in ("first", "last", "linear", "linear_unique", "position")
        }
        for path, n in zip(paths, worth, strict=True):
            hand["first"][path[0]] += n
            hand["last"][path[-1]] += n
            for touch in path:
                hand["linear"][touch] += n / len(path)
            for channel in set(path):
                hand["linear_unique"][channel] += n / len(set(path))
            if len(path) < 3:
                for touch in path:
                    hand["position"][touch] += n / len(path)
            else:
                hand["position"][path[0]] += 0.4 * n
                hand["position"][path[-1]] += 0.4 * n
                for touch in path[1:-1]:
                    hand["position"][touch] += 0.2 * n / (len(path) - 2)
        hand["shapley"] = shapley(paths, worth, channels)
        _, hand["removal"], hand["markov"] = markov(paths, yes, count, channels, 1)
        _, hand["removal 2"], hand["markov 2"] = markov(paths, yes, count, channels, 2)
        for name in models:
            model, _, order = name.replace("removal", "markov").partition(" ")
            result = et.attribution(paths, converted=yes, count=count, model=model, order=int(order or 1))
            found = result.removal_effect if name.startswith("removal") else result.credit
            ours[name] += [found[channel] for channel in channels]
            theirs[name] += [hand[name][channel] for channel in channels]
    total = np.array(
        [max(1.0, sum(abs(v) for v in column)) for column in zip(*(theirs[m] for m in models[:2]), strict=True)]
    )
    oracle.compare(
        "attribution",
        "every order of the channels; a linear system; by hand",
        {name: np.array(values) for name, values in ours.items()},
        {name: np.array(values) for name, values in theirs.items()},
        {"paths, converted, count": asked},
        scale=dict.fromkeys(models, 1.0 + 0 * total),
    )

    ages, weights, asked = [], [], []
    while len(asked) < oracle.rows:
        n = int(r.integers(1, 8))
        age = mixed(r, n, r.uniform(0, 400, n), 0.0, 7.0)
        half = float(r.choice([7.0, 1.0, 30.0]))
        ages += list(et.attribution_time_decay(age.tolist(), half_life_days=half).weights)
        # From the latest touch, so that nothing is too small for a float.
        powers = 2.0 ** (-(age - age.min()) / half)
        weights += (powers / powers.sum()).tolist()
        asked += [f"{age.tolist()}, {half}"] * n
    oracle.compare(
        "attribution_time_decay",
        "powers of two",
        {"weights": np.array(ages)},
        {"weights": np.array(weights)},
        {"ages_days, half_life_days": asked},
        like=1e-12,
    )
    n = oracle.rows
    formulas(
        oracle,
        "attribution_incrementality",
        {"incremental": mixed(r, n, r.normal(0, 1e4, n), 0.0), "attributed": mixed(r, n, spread(r, n, 1, 1e6), 0.0)},
        lambda incremental, attributed: {"factor": incremental / attributed},
    )
