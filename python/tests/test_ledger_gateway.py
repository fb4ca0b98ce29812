"""The ledger in Python, against the built worker on workerd."""

import collections
import datetime
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from gateways import ROOT, gateway, is_built

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
    letters = ledger.dead_letters(source="past")
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
    # On a slow machine it may be told of an attempt that is made again, too.
    assert [row["state"] for row in first if row["state"] != "retrying"] == ["duplicate", "delivered"]
    bulk = ledger.recent(source="bulk", limit=1)
    assert (bulk.source, bulk.destination, len(bulk)) == (["bulk"], ["hook"], 1)


def test_what_the_gateway_refuses(shop: dict[str, Any]) -> None:
    for ask in (et.Ledger(shop["url"], "wrong-token").balances, et.Ledger(shop["url"], "wrong-token").recent):
        with pytest.raises(et.EdgetallyError) as caught:
            ask()
        assert caught.value.code == "unauthorized"
    with pytest.raises(et.EdgetallyError) as caught:
        et.Ledger(shop["url"] + "/elsewhere", shop["token"]).balances()
    assert caught.value.code == "not_found"


# --- Outcomes in files, as docs/export.md reads them -----------------------------------------------------------------

EXPORT = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
LAW = ("delivered", "duplicate", "blocked", "skipped", "rejected", "processing", "retrying", "dead")


def block(language: str, has: str) -> str:
    """The one block of the page in that language that has this in it."""
    found = [one for one in re.findall(rf"^```{language}\n(.*?)^```$", EXPORT, re.DOTALL | re.MULTILINE) if has in one]
    assert len(found) == 1
    return str(found[0])


def counted(ledger: et.Ledger) -> dict[tuple[datetime.datetime, str, str, str], int]:
    """What the gateway counts, by what the queries group by."""
    sums: collections.Counter[tuple[datetime.datetime, str, str, str]] = collections.Counter()
    for row in ledger.lines().rows():
        if row["state"] in (LAW if row["destination"] else ("accepted", "malformed")):
            sums[row["hour"], row["source"], row["destination"], row["state"]] += row["n"]
    return {name: n for name, n in sums.items() if n}


def of_all_times(query: str) -> str:
    """The page asks for a month; the gateway's day is whenever the test runs."""
    assert query.count("2026-11-01") == 1
    return query.replace("2026-11-01", "2020-01-01")


def test_duckdb_counts_what_the_gateway_counts(shop: dict[str, Any], ledger: et.Ledger) -> None:
    import duckdb

    query = of_all_times(block("sql", "read_json")).replace("'outcomes/", f"'{shop['folder']}/outcomes/")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.sql(query).select("epoch_ms(received_hour), source, destination, state, n").fetchall()
        found = {(moment(hour), *names): int(n) for hour, *names, n in rows}
    assert found == counted(ledger)
    assert len(found) > 2000


def test_polars_counts_what_the_gateway_counts(
    shop: dict[str, Any], ledger: et.Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop["folder"])
    names: dict[str, Any] = {}
    exec(of_all_times(block("python", "scan_ndjson")), names)  # noqa: S102 - the page's own
    found = {
        (datetime.datetime.fromisoformat(hour.replace("Z", "+00:00")), source, destination, state): n
        for hour, source, destination, state, n in names["counts"].rows()
    }
    assert found == counted(ledger)
    # An order is found by its id, with the secret.
    monkeypatch.setenv("EDGETALLY_KEY", shop["key"])
    exec(block("python", "def event_key"), names)  # noqa: S102 - the page's own
    key = names["event_key"]("shop", "purchase", "led-1")
    order = [row for row in names["outcomes"].collect().to_dicts() if row["event_key"] == key]
    ends = [(row["destination"], row["state"]) for row in order if row["n"] == 1 and row["state"] != "retrying"]
    assert sorted(ends) == [
        ("", "accepted"),
        ("", "accepted"),
        *((name, state) for name in ("ga4", "hook", "meta") for state in ("delivered", "duplicate")),
    ]


def test_lines_at_hand_come_to_the_gateways_own_verdict(shop: dict[str, Any], ledger: et.Ledger) -> None:
    asked = {"source": "two", "before": "web-1", "after": "web-2", "until": moment(shop["now"])}
    told = ledger.compare_releases(**asked)
    assert told.verdict == "fail"
    lost = {(row["test"], row["what"]) for row in told.findings if row["event"] == "purchase"}
    assert {("T4", "email"), ("T6", "match-quality estimate")} <= lost
    lines = ledger.lines()
    for form in (lines, lines.to_pandas(), lines.to_polars(), lines.to_arrow(), lines.rows()):
        assert et.compare_releases(form, **asked) == told
    # A destination of another name is what it is said to be.
    rows = [{**row, "destination": row["destination"] and "mine"} for row in lines.rows()]
    without = et.compare_releases(rows, **asked)
    assert "T6" not in {row["test"] for row in without.findings}
    named = et.compare_releases(rows, platforms={"mine": "meta"}, **asked)
    assert [row["text"] for row in named.findings] == [row["text"].replace("meta", "mine") for row in told.findings]


def test_exported_outcomes_come_to_the_same_volumes(shop: dict[str, Any], ledger: et.Ledger) -> None:
    files = sorted(Path(shop["folder"]).rglob("*.ndjson"))
    rows = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    asked = {"source": "two", "before": "web-1", "after": "web-2", "until": moment(shop["now"])}
    told, found = ledger.compare_releases(**asked), et.compare_releases(rows, **asked)
    assert (found.before, found.after, found.adoption) == (told.before, told.after, told.adoption)
    assert found.sight
    for one, other in zip(found.sight, told.sight, strict=True):
        assert (one["event"], one["after"], one["expected"]) == (other["event"], other["after"], other["expected"])
