"""Telephone numbers as the core reads them against libphonenumber: random valid numbers of every region, five formats.

    make test-oracle
    .venv-oracle/bin/python scripts/phone-oracle.py --sample > crates/core/tests/fixtures/phones.tsv

Equal is the same E.164 number, dropped is none, OTHER is another number, of which there must be none.
"""

from __future__ import annotations

import argparse
import collections
import random
import re
import subprocess
import sys
from re import _parser as parser  # what `re` itself reads patterns with

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber
from phonenumbers import PhoneNumberFormat as Format

SEED = 9
NUMBERS = 100_000
GOAL = 0.999
FORMATS = ("E.164", "international", "RFC 3966", "national", "national, spelt otherwise")
KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
)
COMMAND = ("cargo", "run", "--quiet", "--locked", "--release", "-p", "edgetally-core", "--example", "spell_phones")


def text_of(tree: parser.SubPattern, random: random.Random) -> str:
    """A random text that a pattern of digits matches."""
    text = ""
    for what, detail in tree:
        match str(what):
            case "LITERAL":
                text += chr(detail)
            case "IN":
                kind, value = random.choice(detail)
                if str(kind) == "LITERAL":
                    text += chr(value)
                elif str(kind) == "RANGE":
                    text += chr(random.randint(*value))
                else:
                    text += random.choice("0123456789")
            case "SUBPATTERN":
                text += text_of(detail[3], random)
            case "BRANCH":
                text += text_of(random.choice(detail[1]), random)
            case "MAX_REPEAT":
                least, most, inner = detail
                for _ in range(random.randint(least, most)):
                    text += text_of(inner, random)
            case other:
                raise ValueError(other)
    return text


def patterns(region: str) -> list[parser.SubPattern]:
    metadata = PhoneMetadata.metadata_for_region(region)
    described = [getattr(metadata, kind) for kind in KINDS]
    texts = {desc.national_number_pattern for desc in described if desc is not None}
    return [parser.parse(text) for text in sorted(texts - {None, "NA"})]


def numbers(random: random.Random, count: int) -> list[tuple[str, PhoneNumber]]:
    """Valid numbers, as many of each region as of the others."""
    known = {region: patterns(region) for region in sorted(phonenumbers.SUPPORTED_REGIONS)}
    regions, found = list(known), []
    while len(found) < count:
        region = regions[len(found) % len(regions)]
        # Fixed lines and mobiles, which come first, are what people have.
        among = known[region]
        national = text_of(among[min(random.randrange(len(among)), random.randrange(len(among)))], random)
        if len(national) > 17:
            continue
        zeros = len(national) - len(national.lstrip("0"))
        number = PhoneNumber(
            country_code=phonenumbers.country_code_for_region(region),
            national_number=int(national),
            italian_leading_zero=zeros > 0 or None,
            number_of_leading_zeros=zeros if zeros > 1 else None,
        )
        if phonenumbers.is_valid_number(number):
            found.append((region, number))
    return found


def otherwise(text: str, random: random.Random) -> str:
    """A national number in other punctuation, or with none."""
    way = random.randrange(6)
    if way == 0:
        return re.sub(r"\D", "", text)
    if way == 5:
        return f" {text}\u00a0"
    mark = ("-", ".", " ", "\u2011")[way - 1]
    return re.sub(r"[ \-./]+", mark, text.replace("(", "").replace(")", ""))


def rows(count: int) -> list[tuple[str, str, str, str]]:
    """Format, default country, text, and the E.164 number that libphonenumber reads in it."""
    chance = random.Random(SEED)
    found = []
    for at, (region, number) in enumerate(numbers(chance, count)):
        how = FORMATS[(at + at // len(FORMATS) // 49) % len(FORMATS)]
        national = phonenumbers.format_number(number, Format.NATIONAL)
        text = {
            "E.164": lambda: phonenumbers.format_number(number, Format.E164),
            "international": lambda: phonenumbers.format_number(number, Format.INTERNATIONAL),
            "RFC 3966": lambda: phonenumbers.format_number(number, Format.RFC3966),
            "national": lambda: national,
            "national, spelt otherwise": lambda: otherwise(national, chance),
        }[how]()
        try:
            read = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        found.append((how, region, text, phonenumbers.format_number(read, Format.E164)))
    return found


def main() -> int:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--sample", action="store_true", help="a few hundred rows for the fixture, and no comparison")
    arguments.add_argument("--misses", action="store_true", help="each number that is not equal")
    arguments.add_argument("--binary", help="the example, where it is built already")
    options = arguments.parse_args()
    if options.sample:
        print(f"# libphonenumber's reading, by phonenumbers {phonenumbers.__version__}; scripts/phone-oracle.py --sample")
        for how, region, text, truth in rows(735):
            if len(truth) <= 16:
                print(how, region, text.strip(), truth, sep="\t")
        return 0

    asked = rows(NUMBERS)
    answers = subprocess.run(
        [options.binary] if options.binary else COMMAND,
        input="".join(f"{region}\t{text}\n" for _, region, text, _ in asked),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    missed: collections.Counter[str] = collections.Counter()
    for (how, region, text, truth), answer in zip(asked, answers, strict=True):
        verdict = "equal" if answer == truth else "dropped" if not answer else "OTHER"
        counts[how][verdict] += 1
        if verdict != "equal":
            missed[region] += 1
            if options.misses or verdict == "OTHER":
                print(f"{verdict:8} {region}  {how:26} {text!r:34} {truth:20} {answer}")
    total = sum(counts.values(), collections.Counter())
    print(f"\n{'format':28}{'equal':>9}{'dropped':>9}{'OTHER':>9}")
    for how, count in [*sorted(counts.items()), ("all", total)]:
        print(f"{how:28}{count['equal']:>9}{count['dropped']:>9}{count['OTHER']:>9}")
    share = total["equal"] / total.total()
    print(f"{share:.4%} of {total.total()} equal; most missed: {dict(missed.most_common(12))}")
    return 0 if share >= GOAL and total["OTHER"] == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
