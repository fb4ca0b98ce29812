"""Consent strings explained: what each signal means, and what each platform would get."""

from __future__ import annotations

import datetime
import json
import time

from . import _edgetally
from ._arguments import choice, error
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


__all__ = ["ConsentDestinationsResult", "ConsentResult", "explain_consent"]

_ANSWERS = ("granted", "denied")
_BASES = ("consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests")


class ConsentDestinationsResult(Result):
    """What each platform would get, a row each; ``records`` gives dictionaries, ``to_pandas`` and the like a frame."""

    __slots__ = ()

    destination: Any = field("The platform.")
    regime: Any = field("The law: opt_in asks for a yes, opt_out minds objections.")
    verdict: Any = field("What it gets: send, send_limited, or block.")
    code: Any = field("Why it gets nothing, as the ledger counts it; None where it gets something.")
    reason: Any = field("The same in a sentence.")
    flags: Any = field("What it must not do, and what does not go along, with commas between.")
    told_by: Any = field("The platform's fields that say so.")
    identifiers: Any = field("Whether identifiers, click ids and advertising cookies go along.")
    personalised: Any = field("Whether personalised advertising is permitted.")
    use: Any = field("What it uses events for: advertising or analytics.")
    party: Any = field("Who it is to a consent string.")
    purposes_needed: Any = field("The purposes of the IAB's framework that it needs.")
    purposes_missing: Any = field("Those of them that are not permitted to it; None where there is no TC string.")
    says: Any = field("All of it in a sentence.")

    def __len__(self) -> int:
        """The number of rows."""
        return len(self[0])

    def __repr__(self) -> str:
        """How many rows, and of which verdict."""
        counts = {verdict: self.verdict.count(verdict) for verdict in ("send", "send_limited", "block")}
        return f"{type(self).__name__}({', '.join(f'{name}={n}' for name, n in counts.items())})"

    def records(self) -> list[dict[str, Any]]:
        """Row by row, as dictionaries."""
        return [dict(zip(self.fields, row, strict=True)) for row in zip(*self._values, strict=True)]


class ConsentResult(Result):
    """What ``explain_consent`` returns; ``print`` shows ``says``."""

    __slots__ = ()

    says: tuple[str, ...] = field("All of it, in the order in which one reads it.")
    contradictions: tuple[str, ...] = field("Where two signals say different things, and which counts.")
    signals: tuple[dict[str, Any], ...] = field("Each signal: its name, what it says, and its fields.")
    destinations: ConsentDestinationsResult = field("What each platform would get.")

    def __str__(self) -> str:
        """The sentences, a line each."""
        return "\n".join(self.says)

    def __repr__(self) -> str:
        """Which signals there are, and what follows."""
        names = ", ".join(signal["signal"] for signal in self.signals) or "no signals"
        return f"{type(self).__name__}({names}: {self.destinations!r})"


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise error("wrong_type", f"{name} is not a text, but {type(value).__name__}")
    return value


def _sections(sections: Any) -> list[int]:
    wrong = error("wrong_type", "gpp_sid is not a list of whole numbers")
    if isinstance(sections, (str, bytes)):
        raise wrong
    try:
        found = list(sections)
    except Exception:  # whatever a stranger's object does
        raise wrong from None
    if not all(isinstance(one, int) and not isinstance(one, bool) for one in found):
        raise wrong
    return found


def _milliseconds(now: Any) -> int:
    if now is None:
        return int(time.time() * 1000)
    if not isinstance(now, datetime.datetime):
        raise error("wrong_type", f"now is not a datetime, but {type(now).__name__}")
    if now.tzinfo is None:
        raise error("tz_missing", "now has no time zone: datetime.now(timezone.utc) has one")
    return int(now.timestamp() * 1000)


def _joined(values: Any) -> str:
    return ", ".join(map(str, values or ()))


def _rows(rows: list[dict[str, Any]]) -> ConsentDestinationsResult:
    columns: list[list[Any]] = []
    for name in ConsentDestinationsResult.fields:
        values = [row.get(name) for row in rows]
        if name in ("flags", "told_by", "purposes_needed"):
            values = [_joined(value) for value in values]
        elif name == "purposes_missing":
            # The purposes that are there are told where a TC string was asked.
            asked = ["purposes_there" in row or "purposes_missing" in row for row in rows]
            values = [_joined(value) if there else None for value, there in zip(values, asked, strict=True)]
        columns.append(values)
    return ConsentDestinationsResult(tuple(columns))


def explain_consent(
    *,
    tcf: str | None = None,
    gpp: str | None = None,
    gpp_sid: Iterable[int] = (),
    us_privacy: str | None = None,
    additional_consent: str | None = None,
    gcs: str | None = None,
    gcd: str | None = None,
    ad_storage: str | None = None,
    analytics_storage: str | None = None,
    ad_user_data: str | None = None,
    ad_personalization: str | None = None,
    gpc: bool = False,
    gdpr_applies: bool | None = None,
    legal_basis: str | None = None,
    country: str | None = None,
    now: datetime.datetime | None = None,
) -> ConsentResult:
    """What signals of consent mean, in words, and what each platform would get of an event with them.

    The arguments are the members of an event's ``consent`` (answers in lower case, sections as a list), decoded and
    decided on by the gateway's own code: the strictest signal wins. Where no ``country`` says which law holds, both
    do, a row each. Strings are dated, so they may mean another thing at another ``now``. No string is repeated in
    what is returned.

    >>> import edgetally as et
    >>> told = et.explain_consent(us_privacy="1YYN", country="US")
    >>> print(told.says[1])
    us_privacy: The visitor was given notice; the visitor has opted out of sale.
    >>> told.destinations.records()[3]["told_by"]
    'data_processing_options, opt_out'
    >>> told
    ConsentResult(us_privacy: ConsentDestinationsResult(send=0, send_limited=7, block=4))
    """
    consent: dict[str, Any] = {}
    texts = {
        "tcf": tcf,
        "gpp": gpp,
        "us_privacy": us_privacy,
        "additional_consent": additional_consent,
        "gcs": gcs,
        "gcd": gcd,
    }
    answers = {
        "ad_storage": ad_storage,
        "analytics_storage": analytics_storage,
        "ad_user_data": ad_user_data,
        "ad_personalization": ad_personalization,
    }
    consent.update({name: _text(name, value) for name, value in texts.items() if value is not None})
    consent.update({name: choice(name, value, _ANSWERS) for name, value in answers.items() if value is not None})
    consent["gpp_sid"] = _sections(gpp_sid)
    for name, flag in (("gpc", gpc), ("gdpr_applies", gdpr_applies)):
        if flag is not None:
            if not isinstance(flag, bool):
                raise error("wrong_type", f"{name} is neither True nor False, but {type(flag).__name__}")
            consent[name] = flag
    if legal_basis is not None:
        consent["legal_basis"] = choice("legal_basis", legal_basis, _BASES)
    question: dict[str, Any] = {"consent": consent}
    if country is not None:
        question["country"] = _text("country", country)
    told = json.loads(_edgetally._explain_consent(json.dumps(question), _milliseconds(now)))
    return ConsentResult(
        (
            tuple(told["says"]),
            tuple(told.get("contradictions", ())),
            tuple(told.get("signals", ())),
            _rows(told["destinations"]),
        )
    )
