"""How often edgetally's telephone numbers are those of libphonenumber (`phonenumbers`), region by region.

Its own example numbers, of every region and type, written as people type them; ours has to be its E.164. Nothing of its
data is kept: the package is asked when this runs.

    python bench/python/phones.py            # regions below the goal, and the sum
    python bench/python/phones.py --all      # every region
    python bench/python/phones.py --misses   # each number that differs
"""

from __future__ import annotations

import argparse
import collections
import sys
from collections.abc import Iterator

import edgetally
import phonenumbers as other
from phonenumbers import PhoneNumberFormat as Format

GOAL = 0.995


def numbers(region: str) -> list[other.PhoneNumber]:
    """Every example of a region once."""
    found = [other.example_number(region)]
    found += [other.example_number_for_type(region, kind) for kind in other.PhoneNumberType.values()]
    unique = {other.format_number(number, Format.E164): number for number in found if number is not None}
    return list(unique.values())


def typed(number: other.PhoneNumber, region: str) -> Iterator[tuple[str, str]]:
    """A number as people write it at home."""
    national = other.format_number(number, Format.NATIONAL)
    international = other.format_number(number, Format.INTERNATIONAL)
    yield "national", national
    yield "national, digits only", "".join(c for c in national if c.isdigit())
    yield "national, dashes", national.replace(" ", "-").replace("(", "").replace(")", "")
    yield "international", international
    yield "E.164", other.format_number(number, Format.E164)
    yield "RFC 3966", other.format_number(number, Format.RFC3966)
    yield "international, dots", international.replace(" ", ".")
    yield "international, 00", international.replace("+", "00")
    yield "dialled at home", other.format_out_of_country_calling_number(number, region)


def main() -> int:
    """Prints the agreement; fails when a region stays below the goal."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--all", action="store_true")
    arguments.add_argument("--misses", action="store_true")
    options = arguments.parse_args()

    rows: list[tuple[str, str, str, str]] = []
    for region in sorted(other.SUPPORTED_REGIONS):
        for number in numbers(region):
            truth = other.format_number(number, Format.E164)
            for how, text in typed(number, region):
                # Where the package does not read its own text back, nobody could.
                try:
                    back = other.parse(text, region)
                except other.NumberParseException:
                    continue
                if other.format_number(back, Format.E164) == truth:
                    rows.append((region, how, text, truth))

    answers = edgetally.normalize_phone(
        [text for _, _, text, _ in rows], dialect="tiktok", default_country=[region for region, _, _, _ in rows]
    )
    right: collections.Counter[str] = collections.Counter()
    total: collections.Counter[str] = collections.Counter()
    forms: dict[str, list[int]] = collections.defaultdict(lambda: [0, 0])
    for (region, how, text, truth), answer in zip(rows, answers, strict=True):
        total[region] += 1
        right[region] += answer == truth
        forms[how][0] += answer == truth
        forms[how][1] += 1
        if options.misses and answer != truth:
            print(f"{region}  {how:22}  {text:30}  {truth:18}  {answer}")
    below = [region for region in total if right[region] < GOAL * total[region]]
    for region in sorted(total, key=lambda region: right[region] / total[region]):
        if options.all or region in below:
            print(f"{region}  {right[region]:4} of {total[region]:4}  {right[region] / total[region]:.1%}")
    for how, (good, count) in forms.items():
        print(f"{how:22}  {good:5} of {count:5}  {good / count:.2%}")
    alike = f"{sum(right.values())} of {sum(total.values())} numbers alike"
    print(f"{len(total)} regions, {alike}; {len(below)} below the goal")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
