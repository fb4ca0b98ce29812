"""Writes crates/core/src/identity/plan/table.rs: what national telephone numbers look like behind each calling code.

The facts (calling codes, trunk prefixes, leading digits and lengths) are taken from the metadata of the package
`phonenumbers`, the Python edition of libphonenumber (both Apache-2.0), in the version that
python/requirements-oracle.txt pins, and rewritten in a short notation of our own, which `plan.rs` explains.

    .venv-oracle/bin/python scripts/phone-plans.py
"""

from __future__ import annotations

import datetime
import itertools
import pathlib
import re
from re import _parser as parser  # what `re` itself reads patterns with

import phonenumbers
from phonenumbers import PhoneMetadata

TARGET = pathlib.Path(__file__).parent.parent / "crates/core/src/identity/plan/table.rs"

# Longer than any number; E.164 itself ends at 15.
LONGEST = 17

# Trunk prefixes that people still write and the metadata no longer has, or has in another form.
TRUNKS = {
    52: ["044", "045", "01", "1"],  # Mexico, until 2019
    370: ["0", "8"],  # Lithuania
    375: ["80", "8", "0"],  # Belarus
    241: ["0"],  # Gabon, before seven-digit numbers became eight
    55: ["0"],
    57: ["0"],
    591: ["0"],
    82: ["0"],
    81: ["0"],
    54: ["0"],
    61: ["0"],
    86: ["0"],
    44: ["0"],
    423: ["0"],
    261: ["0"],
    1: ["1"],
}

# Forms so wide that they take what is no number: the narrower ones stand for what is assigned.
NARROWER = {
    98: {"9cD": ["96bC"]},  # Iran's short numbers
    234: {"[78]jM": ["700gK", "800gK"]},  # Nigeria's long ones
}

Shape = tuple[tuple[frozenset[str], ...], int, int]
DIGITS = frozenset("0123456789")


def language(tree: parser.SubPattern) -> list[tuple[list[frozenset[str]], int]]:
    """A pattern as alternatives: sets of digits in a row, and how many of the last are optional free digits."""
    rows: list[tuple[list[frozenset[str]], int]] = [([], 0)]
    for what, detail in tree:
        name = str(what)
        if name == "LITERAL":
            step = [([frozenset(chr(detail))], 0)]
        elif name == "IN":
            step = [([members(detail)], 0)]
        elif name == "SUBPATTERN":
            step = language(detail[3])
        elif name == "BRANCH":
            step = [row for branch in detail[1] for row in language(branch)]
        elif name == "MAX_REPEAT":
            least, most, inner = detail
            once = language(inner)
            if once == [([DIGITS], 0)]:
                step = [([DIGITS] * most, most - least)]
            else:
                step = [row for count in range(least, most + 1) for row in power(once, count)]
        else:
            raise ValueError(name)
        rows = [joined for left, right in itertools.product(rows, step) for joined in join(left, right)]
    return rows


def members(detail: list[tuple[object, object]]) -> frozenset[str]:
    found: set[str] = set()
    for what, value in detail:
        match str(what):
            case "LITERAL":
                found.add(chr(value))  # type: ignore[arg-type]
            case "RANGE":
                low, high = value  # type: ignore[misc]
                found.update(map(chr, range(low, high + 1)))
            case "CATEGORY":
                found.update(DIGITS)
            case other:
                raise ValueError(other)
    return frozenset(found)


def power(once: list[tuple[list[frozenset[str]], int]], count: int) -> list[tuple[list[frozenset[str]], int]]:
    rows: list[tuple[list[frozenset[str]], int]] = [([], 0)]
    for _ in range(count):
        rows = [joined for left, right in itertools.product(rows, once) for joined in join(left, right)]
    return rows


def join(
    left: tuple[list[frozenset[str]], int], right: tuple[list[frozenset[str]], int]
) -> list[tuple[list[frozenset[str]], int]]:
    """Optional free digits stay optional only at the end."""
    if left[1] == 0 or (not right[0]):
        return [(left[0] + right[0], right[1] if right[0] else left[1])]
    if all(digits == DIGITS for digits in right[0]):
        return [(left[0] + right[0], left[1] + right[1])]
    cut = [left[0][: len(left[0]) - drop] for drop in range(left[1] + 1)]
    return [(row + right[0], right[1]) for row in cut]


def shapes(pattern: str, lengths: set[int]) -> set[Shape]:
    """A pattern as prefixes with a range of free digits behind, for these lengths only."""
    found: set[Shape] = set()
    for row, optional in language(parser.parse(pattern)):
        for length in range(len(row) - optional, len(row) + 1):
            if length not in lengths:
                continue
            digits = row[:length]
            head = len(digits)
            while head and digits[head - 1] == DIGITS:
                head -= 1
            found.add((tuple(digits[:head]), length - head, length - head))
    return found


def merged(found: set[Shape]) -> set[Shape]:
    """The same numbers with fewer words."""
    while True:
        before = set(found)
        for one, other in itertools.combinations(sorted(found, key=repr), 2):
            if one not in found or other not in found:
                continue
            if one[0] == other[0] and one[1] <= other[2] + 1 and other[1] <= one[2] + 1:
                found -= {one, other}
                found.add((one[0], min(one[1], other[1]), max(one[2], other[2])))
                continue
            if one[1:] == other[1:] and len(one[0]) == len(other[0]):
                differing = [at for at, (a, b) in enumerate(zip(one[0], other[0], strict=True)) if a != b]
                if len(differing) == 1:
                    at = differing[0]
                    row = list(one[0])
                    row[at] = one[0][at] | other[0][at]
                    tail = one[1], one[2]
                    while row and row[-1] == DIGITS:
                        row.pop()
                        tail = tail[0] + 1, tail[1] + 1
                    found -= {one, other}
                    found.add((tuple(row), *tail))
                    continue
            # One within the other.
            for small, large in ((one, other), (other, one)):
                free = len(small[0]) - len(large[0])
                if free < 0 or small not in found:
                    continue
                inside = all(a <= b for a, b in zip(small[0], large[0], strict=False))
                if inside and large[1] <= small[1] + free and small[2] + free <= large[2]:
                    found.discard(small)
        if found == before:
            return found


def written(shape: Shape) -> str:
    text = ""
    for digits in shape[0]:
        if digits == DIGITS:
            text += "."
        elif len(digits) == 1:
            text += next(iter(digits))
        else:
            text += "[" + ranges(digits) + "]"
    if shape[2]:
        text += chr(ord("`") + shape[1])
        if shape[2] > shape[1]:
            text += chr(ord("@") + shape[2])
    return text


def ranges(digits: frozenset[str]) -> str:
    text, row = "", sorted(digits)
    while row:
        last = 0
        while last + 1 < len(row) and ord(row[last + 1]) == ord(row[0]) + last + 1:
            last += 1
        text += row[0] if last == 0 else row[0] + row[1] if last == 1 else f"{row[0]}-{row[last]}"
        row = row[last + 1 :]
    return text


KINDS = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager", "uan", "voicemail")


def numbers(metadata: PhoneMetadata) -> set[Shape]:
    general = metadata.general_desc
    lengths = {length for length in general.possible_length if length <= LONGEST}
    found = shapes(general.national_number_pattern, lengths)
    zeros = {shape for shape in found if len(shape[0]) > 1 and shape[0][:2] == (frozenset("0"),) * 2}
    if not zeros:
        return found
    # `00` is how the world dials abroad, so only what is really assigned behind it may be read as a national number.
    for kind in KINDS:
        described = getattr(metadata, kind)
        if described is None or described.national_number_pattern in (None, "NA"):
            continue
        for shape in shapes(described.national_number_pattern, lengths):
            if shape[0] and shape[0][0] == frozenset("0"):
                zeros.add(shape)
    assigned = {shape for shape in zeros if len(shape[0]) > 2 and len(shape[0][2]) < 9}
    return (found - zeros) | assigned


def main() -> None:
    rows = []
    codes = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
    for code in codes:
        found: set[Shape] = set()
        trunks: list[str] = TRUNKS.get(code, [])
        for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]:
            if region == "001":
                metadata = PhoneMetadata.metadata_for_nongeo_region(code)
            else:
                metadata = PhoneMetadata.metadata_for_region(region)
            # The plan behind +1 is one; a part of it would only refuse the neighbours' numbers.
            if code == 1 and region not in ("US",):
                continue
            found |= numbers(metadata)
            prefix = metadata.national_prefix
            if not trunks and prefix and (metadata.main_country_for_code or len(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]) == 1):
                trunks = [prefix]
        found = merged(found)
        words = []
        for word in sorted(map(written, found)):
            words += NARROWER.get(code, {}).get(word, [word])
        longest = max(len(shape[0]) + shape[2] for shape in found)
        rows.append(f'    Plan::new({code}, {longest}, "{" ".join(trunks)}", "{" ".join(words)}"),')
    text = [
        "//! Written by `scripts/phone-plans.py`; not by hand.",
        "//!",
        "//! Facts from the metadata of libphonenumber (Apache-2.0), by way of the package `phonenumbers`",
        f"//! {phonenumbers.__version__}, read on {datetime.date.today()}; the notation is ours, see [`Plan`].",
        "",
        "use super::form::Plan;",
        "",
        "#[rustfmt::skip]",
        f"pub(super) static PLANS: [Plan; {len(rows)}] = [",
        *rows,
        "];",
    ]
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("\n".join(text) + "\n")
    print(f"{len(rows)} plans, {sum(map(len, rows))} characters")


if __name__ == "__main__":
    main()
