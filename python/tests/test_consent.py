"""Consent strings explained: what comes back, and what is refused."""

import datetime
import json

import pytest

import edgetally as et

NOW = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.timezone.utc)
# Everything granted to vendor 755, who is in its list.
TC = "CQtDjkAQtDjkAEEADBENCyFsAP_gAEPgAAYgF5wBAAKgAgABkAvMC84AIC8wAAAA.IF5wBAAKgAgABkAvMAAA.YAAAAAAAAAAA"


def test_a_string_is_decoded_and_decided_on() -> None:
    told = et.explain_consent(tcf=TC, additional_consent="2~~dv.89", country="DE", now=NOW)
    assert told.signals[0]["fields"]["purposes_consent"] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    rows = {row["destination"]: row for row in told.destinations.records()}
    assert (rows["google_ads"]["verdict"], rows["google_ads"]["purposes_missing"]) == ("send", "")
    assert (rows["meta"]["code"], rows["tiktok"]["code"]) == ("ac_not_consented", "tcf_unlisted")
    assert TC[:12] not in json.dumps(told.to_dict())
    assert "Measure advertising performance (7)" in str(told)
    assert repr(told).startswith("ConsentResult(tcf, additional_consent: ")
    # The same string a year later.
    later = et.explain_consent(tcf=TC, country="DE", now=NOW + datetime.timedelta(days=400))
    assert set(later.destinations.code) == {"tcf_expired"}


def test_without_a_country_both_laws_are_told() -> None:
    told = et.explain_consent()
    assert told.signals == ()
    assert len(told.destinations) == 22
    assert told.destinations.to_pandas().groupby("regime").verdict.unique().map(list).to_dict() == {
        "opt_in": ["block"],
        "opt_out": ["send"],
    }


def test_answers_and_tags_contradict_each_other() -> None:
    told = et.explain_consent(ad_user_data="granted", gcd="13l3l3m2l1", now=NOW)
    assert told.contradictions == ("`ad_user_data` is denied in `gcd` and granted elsewhere: the no counts.",)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"tcf": 5}, "wrong_type"),
        ({"tcf": "C" * 5000}, "too_long"),
        ({"gpp_sid": "7"}, "wrong_type"),
        ({"gpp_sid": [True]}, "wrong_type"),
        ({"ad_storage": "yes"}, "unknown_choice"),
        ({"legal_basis": "whim"}, "unknown_choice"),
        ({"country": "Atlantis"}, "unknown_choice"),
        ({"gpc": "1"}, "wrong_type"),
        ({"now": "today"}, "wrong_type"),
        ({"now": datetime.datetime(2026, 1, 1)}, "tz_missing"),
    ],
)
def test_what_is_refused(arguments: dict[str, object], code: str) -> None:
    with pytest.raises(et.EdgetallyError) as refused:
        et.explain_consent(**arguments)  # type: ignore[arg-type]
    assert refused.value.code == code
