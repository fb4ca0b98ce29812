"""Identifiers by each platform's written rule, read once more in plain Python and hashed by hashlib; visits likewise."""

from __future__ import annotations

import datetime
import hashlib
import re
import unicodedata
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import edgetally as et
import numpy as np

from .harness import Oracle

PUNCTUATION = set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
STATES = dict(
    pair.split(":")
    for pair in (
        "alabama:al,alaska:ak,arizona:az,arkansas:ar,california:ca,colorado:co,connecticut:ct,delaware:de,florida:fl,"
        "georgia:ga,hawaii:hi,idaho:id,illinois:il,indiana:in,iowa:ia,kansas:ks,kentucky:ky,louisiana:la,maine:me,"
        "maryland:md,massachusetts:ma,michigan:mi,minnesota:mn,mississippi:ms,missouri:mo,montana:mt,nebraska:ne,"
        "nevada:nv,new hampshire:nh,new jersey:nj,new mexico:nm,new york:ny,north carolina:nc,north dakota:nd,ohio:oh,"
        "oklahoma:ok,oregon:or,pennsylvania:pa,rhode island:ri,south carolina:sc,south dakota:sd,tennessee:tn,texas:tx,"
        "utah:ut,vermont:vt,virginia:va,washington:wa,west virginia:wv,wisconsin:wi,wyoming:wy"
    ).split(",")
)
PROVINCES = {
    "alberta": "ab",
    "british columbia": "bc",
    "manitoba": "mb",
    "new brunswick": "nb",
    "nova scotia": "ns",
    "ontario": "on",
    "quebec": "qc",
    "saskatchewan": "sk",
}
COUNTRIES = {
    "Germany": "de",
    "France": "fr",
    "United States": "us",
    "United Kingdom": "gb",
    "Spain": "es",
    "Italy": "it",
    "Brazil": "br",
    "Japan": "jp",
    "Netherlands": "nl",
    "Poland": "pl",
    "Sweden": "se",
    "Switzerland": "ch",
    "India": "in",
    "Australia": "au",
    "Canada": "ca",
    "Mexico": "mx",
}
CODES = {"DEU": "de", "FRA": "fr", "USA": "us", "GBR": "gb", "ESP": "es", "ITA": "it", "BRA": "br", "JPN": "jp"}
GOOGLE, GMAIL = ("google_ads", "ga4"), ("gmail.com", "googlemail.com")


def text(r: np.random.Generator, letters: str, least: int, most: int) -> str:
    """Letters by chance."""
    return "".join(r.choice(list(letters), int(r.integers(least, most))))


def clean(value: str, drop: Callable[[str], bool]) -> str | None:
    """Composed, without outer white space, in lower case, without what is dropped; nothing that is left is none."""
    value = unicodedata.normalize("NFC", value).strip().lower()
    return "".join(c for c in value if not drop(c)).strip() or None


def white_or_sign(c: str) -> bool:
    """What names of most platforms do not keep."""
    return c.isspace() or c in PUNCTUATION


def sign_or_digit(c: str) -> bool:
    """What names at Google Analytics do not keep."""
    return c in PUNCTUATION or c.isdigit()


def cased(r: np.random.Generator, value: str) -> str:
    """The same in some case of letters, with white space around it or not."""
    how = (str, str.upper, str.lower, str.title)[int(r.integers(0, 4))]
    return f"{r.choice(['', ' ', '  '])}{how(value)}{r.choice(['', ' '])}"


def email(r: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """An address."""
    local = text(r, "abcdefghijkXYZ0123", 1, 8)
    for _ in range(int(r.integers(0, 4))):
        local += str(r.choice([".", "_", "-", "+"])) + text(r, "abcXYZ019", 1, 6)
    domain = str(r.choice([*GMAIL, "shop.example", "Mail.Example", "sub.mail.example"]))
    return cased(r, f"{local}@{domain}"), {}


def spelled_email(value: str, dialect: str, _: dict[str, Any]) -> str | None:
    """Lower case; Google at Gmail, Reddit and Microsoft everywhere take off more."""
    local, domain = value.strip().lower().split("@")
    if (dialect in GOOGLE and domain in GMAIL) or dialect in ("reddit", "microsoft"):
        local = local.split("+")[0].replace(".", "")
    if dialect == "reddit":
        local = re.sub("[^a-z0-9]", "", local)
    return f"{local}@{domain}"


def name(r: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """One word or some, with signs between them."""
    words = [text(r, "abdeghkoruvwxzäéñøłßжд漢", 3, 9) for _ in range(int(r.integers(1, 4)))]
    value = words[0]
    for word in words[1:]:
        value += str(r.choice([" ", "-", "'"])) + word
    return cased(r, value), {}


def spelled_name(value: str, dialect: str, _: dict[str, Any]) -> str | None:
    """Google Ads keeps signs within; Google Analytics white space; all others neither."""
    if dialect == "google_ads":
        return clean(value, lambda c: False)
    return clean(value, sign_or_digit if dialect == "ga4" else white_or_sign)


def city(r: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """A name, at times with a number."""
    value, more = name(r)
    return (value + str(r.integers(1, 99)) if r.random() < 0.2 else value), more


def spelled_city(value: str, dialect: str, _: dict[str, Any]) -> str | None:
    """Meta and Google Analytics keep no digit."""
    if dialect == "meta":
        return clean(value, lambda c: white_or_sign(c) or c.isdigit())
    return clean(value, sign_or_digit if dialect == "ga4" else white_or_sign)


def region(r: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """A state of the United States or Canada, with its country; or anything of another country."""
    which = int(r.integers(0, 3))
    if which == 2:
        return cased(r, text(r, "abdehknorsuäé", 4, 12)), {"country": str(r.choice(["DE", "FR", "BR"]))}
    table = (STATES, PROVINCES)[which]
    long = str(r.choice(list(table)))
    return cased(r, long if r.random() < 0.6 else table[long]), {"country": ("US", "CA")[which]}


def spelled_region(value: str, dialect: str, more: dict[str, Any]) -> str | None:
    """Two letters for states; Google Analytics keeps the name."""
    if dialect == "ga4":
        return clean(value, sign_or_digit)
    table = {"US": STATES, "CA": PROVINCES}.get(more["country"], {})
    plain = value.strip().lower()
    return table.get(plain) or clean(value, white_or_sign)


def postal_code(r: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """Five digits, with four more; or British."""
    which = int(r.integers(0, 3))
    if which == 0:
        return text(r, "0123456789", 5, 6), {"country": "DE"}
    if which == 1:
        tail = f"-{text(r, '0123456789', 4, 5)}" if r.random() < 0.5 else ""
        return f"{text(r, '0123456789', 5, 6)}{tail}", {"country": "US"}
    return cased(r, f"{text(r, 'ABCDE', 2, 3)}{r.integers(1, 30)} {r.integers(1, 9)}AA"), {"country": "GB"}


def spelled_postal_code(value: str, dialect: str, _: dict[str, Any]) -> str | None:
    """Meta without what follows the dash; Pinterest digits alone; Google in clear."""
    plain = value.strip()
    if dialect in GOOGLE:
        return plain.replace(".", "").replace("~", "")
    if dialect == "meta":
        return re.sub(r"\s", "", plain.lower()).split("-")[0]
    if dialect == "pinterest":
        digits = re.sub(r"\D", "", plain)
        # No country has shorter ones.
        return digits if len(digits) > 2 else None
    return clean(plain, white_or_sign)


def country(r: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """Its name, its two letters, or its three."""
    which = r.random()
    if which < 0.4:
        return cased(r, str(r.choice(list(COUNTRIES)))), {}
    return cased(r, str(r.choice(list(CODES if which < 0.6 else COUNTRIES.values())))), {}


def spelled_country(value: str, dialect: str, _: dict[str, Any]) -> str | None:
    """Two letters; in upper case where they are sent in clear to Google and LinkedIn."""
    plain = value.strip()
    by_name = {key.lower(): code for key, code in COUNTRIES.items()}
    found = by_name.get(plain.lower()) or CODES.get(plain.upper()) or plain.lower()
    if dialect == "google_ads" and plain.upper() in CODES:
        return None
    return found.upper() if dialect in (*GOOGLE, "linkedin") else found


def gender(r: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """A word or a letter."""
    return cased(r, str(r.choice(["f", "m", "female", "male", "woman", "man"]))), {}


def spelled_gender(value: str, *_: Any) -> str | None:
    """The letter."""
    return "f" if value.strip().lower() in ("f", "female", "woman") else "m"


def birth_date(r: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """A day, as people write it, or one that no calendar has."""
    day = datetime.date.fromordinal(int(r.integers(datetime.date(1900, 1, 1).toordinal(), 738_000)))
    form = ("%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%d.%m.%Y", "%Y/%m/%d")[int(r.integers(0, 5))]
    if r.random() < 0.1:
        return f"{day.year}-02-30", {}
    return day.strftime(form), {"day": day}


def spelled_birth_date(value: str, dialect: str, more: dict[str, Any]) -> str | None:
    """Eight digits."""
    if "day" not in more:
        return None
    day = more["day"]
    two_ways = value[2] in "/." and day.day <= 12 and day.day != day.month
    return None if two_ways else day.strftime("%Y%m%d")


def street(r: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """A name and a number."""
    value, more = name(r)
    return f"{value.strip()} {r.integers(1, 300)}{r.choice(['', 'a', '.', ','])}", more


def spelled_street(value: str, *_: Any) -> str | None:
    """Digits stay."""
    return clean(value, lambda c: c in PUNCTUATION)


def external_id(r: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """Letters, digits, and what joins them."""
    return f"{r.choice(['', ' '])}{text(r, 'abcXYZ019-_', 2, 20)}x", {}


def spelled_external_id(value: str, dialect: str, _: dict[str, Any]) -> str | None:
    """Meta and Snapchat in lower case."""
    return value.strip().lower() if dialect in ("meta", "snapchat") else value.strip()


def phone(r: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """A German or an American number with its country code, by the digits that libphonenumber has valid."""
    digits = "49151" + text(r, "0123456789", 8, 9) if r.random() < 0.5 else f"1212{r.integers(2_000_000, 9_999_999)}"
    begin = str(r.choice(["+", "00", "+ "]))
    cut = int(r.integers(3, 9))
    return begin + digits[:cut] + str(r.choice(["", " ", "-", " / "])) + digits[cut:], {"digits": digits}


def spelled_phone(value: str, dialect: str, more: dict[str, Any]) -> str | None:
    """E.164, with the sign or without it."""
    return more["digits"] if dialect in ("meta", "pinterest", "snapchat") else f"+{more['digits']}"


KINDS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "email": (email, spelled_email),
    "phone": (phone, spelled_phone),
    "first_name": (name, spelled_name),
    "last_name": (name, spelled_name),
    "birth_date": (birth_date, spelled_birth_date),
    "gender": (gender, spelled_gender),
    "street": (street, spelled_street),
    "city": (city, spelled_city),
    "region": (region, spelled_region),
    "postal_code": (postal_code, spelled_postal_code),
    "country": (country, spelled_country),
    "external_id": (external_id, spelled_external_id),
}


def same(oracle: Oracle, function: str, against: str, ours: list[Any], theirs: list[Any], asked: Any) -> None:
    """Equal texts are 1, all others 0."""
    equal = np.array([a == b for a, b in zip(ours, theirs, strict=True)], dtype=float)
    shown = [f"{one!r}, ours {a!r}, theirs {b!r}" for one, a, b in zip(asked, ours, theirs, strict=True)]
    oracle.compare(function, against, {"text": equal}, {"text": np.ones(len(shown))}, {"value": shown}, like=0)


def identifiers(oracle: Oracle) -> None:
    """Each kind at each platform that takes it."""
    table = et.dialects()
    for kind, (make, spell) in KINDS.items():
        r = oracle.random(f"identifier {kind}")
        takers = [dialect for dialect, takes in table.items() if kind in takes]
        # As many at the platforms that take its digest.
        part = -(-oracle.rows // sum(table[dialect][kind] == "hashed" for dialect in takers))
        for dialect in takers:
            rows = [make(r) for _ in range(part)]
            values = [value for value, _ in rows]
            more = {"country": [given["country"] for _, given in rows]} if "country" in rows[0][1] else {}
            theirs = [spell(value, dialect, given) for value, given in rows]
            ours = getattr(et, f"normalize_{kind}")(values, dialect=dialect, **more)
            same(oracle, f"normalize_{kind}", "the platform's rule in plain Python", ours, theirs, values)
            if table[dialect][kind] == "hashed":
                digests = [None if one is None else hashlib.sha256(one.encode()).hexdigest() for one in theirs]
                ours = getattr(et, f"hash_{kind}")(values, dialect=dialect, **more)
                same(oracle, f"hash_{kind}", "hashlib, of the platform's rule in plain Python", ours, digests, values)


SEARCH = ("google", "bing", "duckduckgo", "yahoo", "baidu", "ecosia.org", "yandex")
SHOPPING = ("stripe.com", "etsy.com", "walmart.com", "ebay", "amazon", "alibaba")
SOCIAL = ("facebook", "fb", "instagram", "t.co", "linkedin", "pinterest", "reddit.com", "quora")
VIDEO = ("youtube", "vimeo.com", "twitch.tv", "netflix.com", "hulu")
LISTED = {
    **dict.fromkeys(SEARCH, "SEARCH"),
    **dict.fromkeys(SHOPPING, "SHOPPING"),
    **dict.fromkeys(SOCIAL, "SOCIAL"),
    **dict.fromkeys(VIDEO, "VIDEO"),
}
MEDIA = (
    "cpc ppc paid paid_social retargeting cpm display banner expandable interstitial organic social social-network "
    "social-media sm referral app link email e-mail e_mail affiliate audio sms push web_push mobile notification video "
    "newsletter remarketing sponsored video_ads xcpx"
).split()


def channel(source: str, medium: str, campaign: str, category: str | None) -> str:
    """Help page 9756891, the first rule that fits."""
    source, medium, campaign = source.lower(), medium.lower(), campaign.lower()
    paid = re.fullmatch(r".*cp.*|ppc|retargeting|paid.*", medium) is not None
    shop = re.search(r"([^a-df-z]|^)shop|shopping", campaign) is not None
    mails = ("email", "e-mail", "e_mail", "e mail")
    social = ("social", "social-network", "social-media", "sm", "social network", "social media")
    rules = (
        ("Direct", source == "(direct)" and medium in ("(not set)", "(none)")),
        ("Cross-network", "cross-network" in campaign),
        ("AI Assistant", medium == "ai-assistant"),
        ("Paid Shopping", (category == "SHOPPING" or shop) and paid),
        ("Paid Search", category == "SEARCH" and paid),
        ("Paid Social", category == "SOCIAL" and paid),
        ("Paid Video", category == "VIDEO" and paid),
        ("Display", medium in ("display", "banner", "expandable", "interstitial", "cpm")),
        ("Paid Other", paid),
        ("Organic Shopping", category == "SHOPPING" or shop),
        ("Organic Social", category == "SOCIAL" or medium in social),
        ("Organic Video", category == "VIDEO" or "video" in medium),
        ("Organic Search", category == "SEARCH" or medium == "organic"),
        ("Referral", medium in ("referral", "app", "link")),
        ("Email", source in mails or medium in mails),
        ("Affiliates", medium == "affiliate"),
        ("Audio", medium == "audio"),
        ("SMS", source == "sms" or medium == "sms"),
        (
            "Mobile Push Notifications",
            medium.endswith("push") or "mobile" in medium or "notification" in medium or source == "firebase",
        ),
    )
    return next((name for name, fits in rules if fits), "Unassigned")


def channels(oracle: Oracle) -> None:
    """The groups of Google Analytics, and the sources that its list is known to have."""
    r = oracle.random("channel_group")
    n = oracle.rows
    others = ["(direct)", "newsletter", "sms", "email", "e-mail", "firebase", "shop.example", "partner.example"]
    words = ["", "spring", "Cross-Network 1", "shopping_de", "eshop", "workshop", "shop now", "bishop"]
    source = [cased(r, str(r.choice([*LISTED, *others]))).strip() for _ in range(n)]
    medium = [cased(r, str(r.choice([*MEDIA, "(none)", "(not set)", "ai-assistant", ""]))).strip() for _ in range(n)]
    campaign = [str(r.choice(words)) for _ in range(n)]
    kinds = [None if r.random() < 0.4 else str(r.choice(["SEARCH", "SHOPPING", "SOCIAL", "VIDEO"])) for _ in range(n)]
    theirs = [channel(*row) for row in zip(source, medium, campaign, kinds, strict=True)]
    ours = et.channel_group(source, medium, campaign, source_category=kinds)
    asked = list(zip(source, medium, campaign, kinds, strict=True))
    same(oracle, "channel_group", "the rules of help page 9756891 as regular expressions", ours, theirs, asked)

    r = oracle.random("source_category")
    names = [
        str(r.choice(list(LISTED))) if r.random() < 0.6 else text(r, "abcdefgh", 5, 12) + ".example" for _ in range(n)
    ]
    source = [cased(r, one).strip() for one in names]
    ours = et.source_category(source)
    same(
        oracle,
        "source_category",
        "what is known of Google's list, and names that are in none",
        ours,
        [LISTED.get(one) for one in names],
        source,
    )


CLICKS = {"gclid": ("google", "cpc"), "msclkid": ("bing", "cpc"), "ttclid": ("tiktok", "paid_social")}
PAGES = {
    "https://www.google.com/": ("google", "organic"),
    "https://www.bing.com/search?q=a": ("bing", "organic"),
    "https://duckduckgo.com/": ("duckduckgo", "organic"),
    "https://www.blog.example/post": ("blog.example", "referral"),
    "https://shop.example/cart": None,
    "https://www.shop.example/": None,
    None: ("(direct)", "(none)"),
}


def visits(oracle: Oracle) -> None:
    """A click id of Google's, written tags, another click id, the page before, nothing: in this order."""
    r = oracle.random("traffic")
    urls, referrers, theirs = [], [], []
    pages = list(PAGES)
    for _ in range(oracle.rows):
        query: list[tuple[str, str]] = []
        click = str(r.choice(list(CLICKS))) if r.random() < 0.4 else None
        tagged = r.random() < 0.4
        if click:
            query.append((click, text(r, "ABCxyz019", 5, 20)))
        if tagged:
            query += [
                ("utm_source", str(r.choice([*LISTED, "News Letter", "partner"]))),
                ("utm_medium", str(r.choice(MEDIA))),
            ]
            if r.random() < 0.5:
                query.append(("utm_campaign", str(r.choice(["spring", "shopping_de", "Ä 1"]))))
        r.shuffle(query)
        tail = "&".join(f"{key}={quote(value, safe='')}" for key, value in query)
        urls.append(f"https://shop.example/a{'?' + tail if tail else ''}")
        referrers.append(pages[int(r.integers(0, len(pages)))])
        read = {key: value[0] for key, value in parse_qs(urlsplit(urls[-1]).query).items()}
        before = PAGES[referrers[-1]]
        if "gclid" in read:
            source, medium = CLICKS["gclid"]
        elif "utm_source" in read:
            source, medium = read["utm_source"], read["utm_medium"]
        elif click:
            source, medium = CLICKS[click]
        else:
            source, medium = before or ("(direct)", "(none)")
        campaign = read.get("utm_campaign")
        if campaign is None:
            plain = source == "(direct)" or medium in ("organic", "referral")
            by_page = plain and "utm_source" not in read and not click
            campaign = ("(direct)" if source == "(direct)" else f"({medium})") if by_page else "(not set)"
        theirs.append((source, medium, campaign))
    found = et.traffic(urls, referrers)
    internal = [PAGES[page] is None for page in referrers]
    asked = list(zip(urls, referrers, strict=True))
    against = "urllib and the order that is documented"
    keep = [not inside or "?" in url for inside, url in zip(internal, urls, strict=True)]

    def kept(column: Any) -> list[Any]:
        return [value for value, yes in zip(column, keep, strict=True) if yes]

    for place, field in enumerate(("source", "medium", "campaign")):
        same(oracle, "traffic", against, kept(found[field]), kept(row[place] for row in theirs), kept(asked))
    groups = [
        channel(source or "", medium or "", campaign or "", LISTED.get(source.lower()) or et.source_category(source))
        for source, medium, campaign in theirs
    ]
    same(oracle, "traffic", against, kept(found["channel"]), kept(groups), kept(asked))
    # From a page of one's own, without a tag: the site's.
    inside = [origin == "internal" for origin, yes in zip(found["origin"], keep, strict=True) if not yes]
    same(oracle, "traffic", "pages of one's own are internal", inside, [True] * len(inside), inside)


def check(oracle: Oracle) -> None:
    """All of them."""
    for part in (identifiers, channels, visits):
        part(oracle)
