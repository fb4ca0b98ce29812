"""Writes crates/core/src/identity/country/names.rs: what people write for a country, and which country it is.

Names are those of the Unicode CLDR (Unicode-3.0), by way of the package `Babel` (BSD-3-Clause) in the version that
python/requirements-oracle.txt pins: in English, in a country's own official languages, and in German, French and
Spanish, which shops of neighbouring countries use. Three-letter codes are its aliases, that is, those of ISO 3166-1.
What CLDR does not have and check-outs do stands below. A name that means two countries is left out, unless it is the
English name of one.

    .venv-oracle/bin/python scripts/countries.py
"""

from __future__ import annotations

import datetime
import pathlib
import re
import sys
import unicodedata

import babel
from babel.core import Locale, UnknownLocaleError, get_global
from babel.languages import get_official_languages

HOME = pathlib.Path(__file__).parent.parent / "crates/core/src/identity"
TARGET = HOME / "country/names.rs"
NEIGHBOURS = ["de", "fr", "es"]

# Long forms of ISO 3166-1, former names, and what check-outs offer.
MORE = {
    "AE": "emirates uae",
    "AG": "antigua antiguaandbarbuda",
    "AT": "oesterreich",
    "AX": "alandislands",
    "BA": "bosnia bosniaandherzegovina",
    "BL": "saintbarthelemy",
    "BO": "boliviaplurinationalstateof plurinationalstateofbolivia",
    "BQ": "bonaire bonairesinteustatiusandsaba",
    "BS": "thebahamas",
    "CC": "cocosislands",
    "CD": "congodemocraticrepublicofthe democraticrepublicofthecongo drc drcongo",
    "CG": "republicofthecongo",
    "CI": "cotedivoire ivorycoast",
    "CN": "peoplesrepublicofchina prc",
    "CW": "curacao",
    "CZ": "czechrepublic českárepublika",
    "DE": "federalrepublicofgermany germania",
    "FK": "falklandislandsmalvinas",
    "FM": "federatedstatesofmicronesia micronesiafederatedstatesof",
    "FO": "faeroeislands",
    "GB": "britain england greatbritain northernireland scotland unitedkingdomofgreatbritainandnorthernireland wales",
    "GM": "thegambia",
    "GR": "hellas",
    "GS": "southgeorgiaandthesouthsandwichislands",
    "HK": "hongkong hongkongsar 香港",
    "HM": "heardislandandmcdonaldislands",
    "IE": "republicofireland",
    "IR": "iranislamicrepublicof islamicrepublicofiran",
    "KN": "saintkittsandnevis stkittsandnevis",
    "KP": "democraticpeoplesrepublicofkorea koreademocraticpeoplesrepublicof",
    "KR": "korearepublicof republicofkorea",
    "LA": "laopeoplesdemocraticrepublic",
    "LC": "saintlucia",
    "MD": "moldovarepublicof republicofmoldova",
    "MF": "saintmartinfrenchpart",
    "MK": "macedonia macedoniatheformeryugoslavrepublicof",
    "MM": "burma",
    "MO": "macao macau",
    "NL": "holland thenetherlands",
    "PH": "thephilippines",
    "PM": "saintpierreandmiquelon",
    "PN": "pitcairn",
    "PS": "palestine palestinestateof palestinianterritory stateofpalestine",
    "RE": "reunion",
    "RU": "russianfederation",
    "SA": "ksa",
    "SH": "sainthelena sainthelenaascensionandtristandacunha",
    "SJ": "svalbardandjanmayen",
    "SK": "slovakrepublic",
    "ST": "saotomeandprincipe sãotoméandpríncipe",
    "SX": "sintmaartendutchpart",
    "SY": "syrianarabrepublic",
    "SZ": "swaziland",
    "TC": "turksandcaicosislands",
    "TF": "frenchsouthernterritories",
    "TL": "easttimor",
    "TR": "turkey turkiye",
    "TT": "trinidadandtobago",
    "TW": "taiwanprovinceofchina",
    "TZ": "tanzaniaunitedrepublicof unitedrepublicoftanzania",
    "UM": "unitedstatesminoroutlyingislands",
    "US": "america theunitedstates theunitedstatesofamerica unitedstatesofamerica",
    "VA": "holysee holyseevaticancitystate vatican",
    "VC": "saintvincentandthegrenadines stvincentandthegrenadines",
    "VE": "venezuelabolivarianrepublicof",
    "VG": "virginislandsbritish",
    "VI": "unitedstatesvirginislands virginislandsus",
    "WF": "wallisandfutuna",
    "XK": "xkx",
}


def key(name: str) -> str:
    """As the core folds a country before it looks it up: letters and digits only, lower case."""
    kept = (c for c in name if unicodedata.category(c)[0] in "LN")
    return "".join(c.lower() for c in kept)


def usable(name: str) -> bool:
    """Marks that follow a letter are letters to some and not to others; CLDR explains some names in brackets."""
    return not any(unicodedata.category(c)[0] == "M" for c in name) and "(" not in name


def locales(territory: str) -> list[Locale]:
    found = []
    for language in get_official_languages(territory, de_facto=True, regional=True):
        try:
            found.append(Locale.parse(language))
        except (UnknownLocaleError, ValueError):
            continue
    return found


def names() -> dict[str, str]:
    source = (HOME / "calling_code.rs").read_text()
    codes = re.findall(r'\(\*b"([A-Z]{2})", \d+\)', source)
    if len(codes) != 252:
        sys.exit(f"{len(codes)} countries in calling_code.rs")
    english = Locale("en").territories
    rows = {key(english[code]): code for code in codes}
    others: dict[str, set[str]] = {}
    for code in codes:
        for locale in [*locales(code), *map(Locale, NEIGHBOURS)]:
            if name := locale.territories.get(code):
                others.setdefault(name, set()).add(code)
    for alias, targets in get_global("territory_aliases").items():
        if len(alias) == 3 and alias.isalpha() and len(targets) == 1 and targets[0] in codes:
            others.setdefault(alias, set()).add(targets[0])
    folded: dict[str, set[str]] = {}
    for name, meant in others.items():
        if usable(name):
            folded.setdefault(key(name), set()).update(meant)
    for name, meant in folded.items():
        if len(meant) == 1:
            rows.setdefault(name, next(iter(meant)))
    for code, more in MORE.items():
        for name in more.split():
            if rows.get(name, code) != code:
                sys.exit(f"{name} is {rows[name]}, not {code}")
            rows[name] = code
    # Two letters are a code, whatever they mean elsewhere.
    return {name: code for name, code in rows.items() if len(name) > 2 or not name.isascii()}


def main() -> None:
    rows = names()
    lines = [
        "//! Written by `scripts/countries.py`; not by hand.",
        "//!",
        f"//! Names of the Unicode CLDR (Unicode-3.0), by way of `Babel` {babel.__version__}, read on"
        f" {datetime.date.today()}, and what",
        "//! check-outs offer beside them: letters and digits only, in lower case.",
        "",
        "#[rustfmt::skip]",
        f"pub(super) static NAMES: [(&str, [u8; 2]); {len(rows)}] = [",
    ]
    line = "   "
    for name in sorted(rows, key=str.encode):
        cell = f' ("{name}", *b"{rows[name]}"),'
        if len(line) + len(cell) > 120:
            lines.append(line)
            line = "   "
        line += cell
    lines += [line, "];", ""]
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text("\n".join(lines))
    print(f"{len(rows)} names")


if __name__ == "__main__":
    main()
