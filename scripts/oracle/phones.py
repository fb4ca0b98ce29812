"""Telephone numbers of every region, in five formats, against libphonenumber; the numbers of scripts/phone-oracle.py."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import edgetally as et
import numpy as np

from .harness import Oracle

SHORT = "six digits with the country code, or fewer: not sent to any platform"
UNREAD = "not read: a number that is dropped is not sent, one that is wrong would be another person's"


def check(oracle: Oracle) -> None:
    """As many numbers as it always was, or fewer where fewer are asked for."""
    path = Path(__file__).parents[1] / "phone-oracle.py"
    spec = importlib.util.spec_from_file_location("phone_oracle", path)
    assert spec is not None
    assert spec.loader is not None
    numbers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(numbers)
    rows = numbers.rows(min(numbers.NUMBERS, 10 * oracle.rows))
    texts, regions = [text for _, _, text, _ in rows], [region for _, region, _, _ in rows]
    read = et.normalize_phone(texts, default_country=regions)
    ours = np.array([float(number.lstrip("+")) if number else np.nan for number in read])
    theirs = [float(number.lstrip("+")) for *_, number in rows]
    unread = np.isnan(ours)
    short = np.array([number < 1e6 for number in theirs])
    if np.mean(unread & ~short) > 1 - numbers.GOAL and len(rows) > numbers.NUMBERS / 2:
        # More than a few are not explained by caution.
        ours = np.nan_to_num(ours)
    oracle.compare(
        "normalize_phone",
        "libphonenumber (phonenumbers)",
        {"number": ours},
        {"number": theirs},
        {"value": texts, "default_country": regions},
        like=0,
        explained=[("number", unread & short, SHORT), ("number", np.isnan(ours), UNREAD)],
    )
