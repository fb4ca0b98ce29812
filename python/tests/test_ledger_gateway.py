"""The ledger in Python, against the built worker on workerd."""

import datetime
import os
from collections.abc import Iterator
from typing import Any

import pytest
from gateways import gateway, is_built

import edgetally as et

# `make test-python` builds the worker and asks for it.
pytestmark = pytest.mark.skipif(
    not is_built() and os.environ.get("EDGETALLY_WORKER") != "required",
    reason="there is no worker/build: make build",
)

HOUR = datetime.timedelta(hours=1)


@pytest.fixture(scope="module")
def shop() -> Iterator[dict[str, Any]]:
    with gateway() as started:
        yield started


@pytest.fixture(scope="module")
def ledger(shop: dict[str, Any]) -> et.Ledger:
    return et.Ledger(shop["url"], shop["token"])


def moment(milliseconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)


def test_what_was_sent_is_what_is_counted(ledger: et.Ledger) -> None:
    balances = {(row["source"], row["destination"]): row for row in ledger.balances().rows()}
    meta = balances["shop", "meta"]
    assert [meta[name] for name in ("accepted", "delivered", "duplicate", "blocked", "skipped")] == [5, 3, 1, 1, 0]
    assert balances["bulk", "hook"]["delivered"] == 2
    assert {row["remainder"] for row in balances.values()} == {0}
    intake = {row["source"]: row for row in ledger.intake().rows()}
    assert (intake["shop"]["received"], intake["shop"]["accepted"], intake["shop"]["malformed"]) == (6, 5, 1)
    reasons = {(row["source"], row["destination"], row["code"]): row["n"] for row in ledger.reasons().rows()}
    assert reasons["shop", "meta", "ad_user_data_missing"] == 1
    assert ledger.health().healthy


def test_more_lines_than_one_answer_has(shop: dict[str, Any], ledger: et.Ledger) -> None:
    past = ledger.lines(source="past")
    assert len(past) == shop["lines"] > 2000
    assert past.hour == sorted(past.hour)
    assert len({tuple(row.values()) for row in past.rows()}) == len(past)
    pages = list(ledger.iter_lines(source="past", page=700))
    assert [len(page) for page in pages[:3]] == [700, 700, 700]
    assert [n for page in pages for n in page.n] == past.n
    assert sum(ledger.counts("source", source="past").received) == ledger.intake(source="past").received[0]


def test_more_letters_than_one_answer_has(shop: dict[str, Any], ledger: et.Ledger) -> None:
    letters = ledger.dead_letters()
    assert len(letters) == len(set(letters.id)) == shop["letters"] > 500
    assert letters.at[0] == moment(shop["first"])
    assert [len(page) for page in ledger.iter_dead_letters(destination="hook", page=300)] == [
        300,
        shop["letters"] - 300,
    ]
    assert len(ledger.dead_letters(since=letters.at[10], until=letters.at[20])) == 10
    assert len(ledger.quarantined()) == 0


def test_a_span_has_its_whole_hours_and_not_the_one_after(shop: dict[str, Any], ledger: et.Ledger) -> None:
    first = moment(shop["first"])
    span = ledger.counts("hour", source="past", event="purchase", since=first + HOUR, until=first + 4 * HOUR)
    assert span.hour == [first + HOUR, first + 2 * HOUR, first + 3 * HOUR]
    assert span.accepted == [21, 22, 23]
    assert span.span == (first + HOUR, first + 4 * HOUR)
    part = ledger.counts("hour", source="past", event="purchase", since=first + HOUR, until=first + 3.5 * HOUR)
    assert part.hour == span.hour
    sums = ledger.balances(source="past", event="purchase", since=first + HOUR, until=first + 4 * HOUR)
    assert sums.accepted == [sum(span.offered)] == [66]


def test_the_calculators_take_it_as_it_is(shop: dict[str, Any], ledger: et.Ledger) -> None:
    now = moment(shop["now"])
    day = datetime.timedelta(days=1)
    new = ledger.counts("event", source="past", since=now - day, until=now)
    old = ledger.counts("event", source="past", since=now - 8 * day, until=now - day)
    pair = new.beside(old)
    assert (pair.event, pair.exposure_new, pair.exposure_old) == (["purchase"], [24.0], [168.0])
    change = et.events.rate_change(pair)
    # Every day is like the day before.
    assert change.rate_ratio[0] == pytest.approx(1.0)
    hourly = ledger.counts("hour", source="past", event="purchase")
    seasons = hourly.seasons(now - 7 * day)
    assert {len(past) for past in seasons.history[: 7 * 24]} == {3}
    assert all(set(past) == {n} for past, n in zip(seasons.history[: 7 * 24], seasons.current, strict=False))
    assert 0 in seasons.current[: 7 * 24]
    report = et.report(
        ledger.counts(["hour", "source"], since=now - 14 * day, until=now),
        metric="ctr",
        columns={"clicks": "delivered", "impressions": "offered"},
        by=["source"],
        date="hour",
        window="day",
    )
    assert sum(report["impressions"]) == sum(ledger.balances(since=now - 14 * day, until=now).accepted)


def test_what_happened_lately(ledger: et.Ledger) -> None:
    first = [row for row in ledger.recent(event_id="led-1").rows() if row["destination"] == "meta"]
    assert [row["state"] for row in first] == ["duplicate", "delivered"]
    bulk = ledger.recent(source="bulk", limit=1)
    assert (bulk.source, bulk.state, len(bulk)) == (["bulk"], ["delivered"], 1)


def test_what_the_gateway_refuses(shop: dict[str, Any]) -> None:
    for ask in (et.Ledger(shop["url"], "wrong-token").balances, et.Ledger(shop["url"], "wrong-token").recent):
        with pytest.raises(et.EdgetallyError) as caught:
            ask()
        assert caught.value.code == "unauthorized"
    with pytest.raises(et.EdgetallyError) as caught:
        et.Ledger(shop["url"] + "/elsewhere", shop["token"]).balances()
    assert caught.value.code == "not_found"
