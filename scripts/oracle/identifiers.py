"""Digests against hashlib, campaign parameters against urllib."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import edgetally as et
import numpy as np

from .harness import Oracle

LETTERS = list("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789._-")
STRANGE = list("aZ09 äßéİŁ漢字🙂\u0301\u200b'\"\\&=?#%+/")


def text(r: np.random.Generator, letters: list[str], most: int) -> str:
    """Letters by chance."""
    return "".join(r.choice(letters, int(r.integers(1, most))))


def check(oracle: Oracle) -> None:
    """Equal texts are 1, and all others 0."""
    r = oracle.random("identifiers")
    n = oracle.rows
    one = np.ones(n)
    strange = [text(r, STRANGE, 20) for _ in range(n)]
    ours = [et.sha256_hex(value) for value in strange]
    theirs = [hashlib.sha256(value.encode()).hexdigest() for value in strange]
    same = np.array([a == b for a, b in zip(ours, theirs, strict=True)], dtype=float)
    oracle.compare("sha256_hex", "hashlib", {"digest": same}, {"digest": one}, {"text": strange}, like=0)

    names = [text(r, LETTERS, 12).strip(".").replace("..", ".") or "x" for _ in range(n)]
    pads = r.choice(["", " ", "\t", "\u00a0"], n)
    mails = [f"{pad}{name}@{text(r, LETTERS[:26], 9)}.example" for pad, name in zip(pads, names, strict=True)]
    ours = et.hash_email(mails)
    theirs = [hashlib.sha256(mail.strip().lower().encode()).hexdigest() for mail in mails]
    same = np.array([a == b for a, b in zip(ours, theirs, strict=True)], dtype=float)
    oracle.compare(
        "hash_email",
        "hashlib, of what Python strips and lowers",
        {"digest": same},
        {"digest": one},
        {"value": mails},
        like=0,
    )

    cities = [text(r, [*LETTERS[:26], "ä", "É", "ñ", "ç", " ", "-"], 14) for _ in range(n)]
    kept = et.normalize_city(cities, dialect="meta")
    # Meta: lower case, nothing but letters; accents stay letters.
    theirs = ["".join(c for c in unicodedata.normalize("NFC", city).lower() if c.isalpha()) or None for city in cities]
    same = np.array([a == b for a, b in zip(kept, theirs, strict=True)], dtype=float)
    oracle.compare(
        "normalize_city", "Python's str, by Meta's rule", {"city": same}, {"city": one}, {"value": cities}, like=0
    )

    keys = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
    addresses: list[str] = []
    truth: list[dict[str, Any]] = []
    for _ in range(n):
        given = {
            key: text(r, [c for c in STRANGE if c != "\u200b"], 10).strip() or "x" for key in keys if r.random() < 0.6
        }
        escape = quote if r.random() < 0.5 else quote_plus
        pairs = [f"{key}={escape(value, safe='')}" for key, value in given.items()]
        r.shuffle(pairs)
        if r.random() < 0.3:
            pairs.insert(0, "id=7")
        addresses.append(f"https://shop.example/a?{'&'.join(pairs)}" + ("#utm_source=no" if r.random() < 0.3 else ""))
        read = parse_qs(urlsplit(addresses[-1]).query, keep_blank_values=True)
        truth.append({key: read.get(key, [None])[0] for key in keys})
    found = et.parse_utm(addresses)
    columns = {key: found[key.removeprefix("utm_") if key not in found.fields else key] for key in keys}
    ours = {key: np.array([a == b[key] for a, b in zip(columns[key], truth, strict=True)], dtype=float) for key in keys}
    oracle.compare("parse_utm", "urllib", ours, dict.fromkeys(keys, one), {"url": addresses}, like=0)
