"""The ledger in Python, against recorded answers of the gateway and against servers that are none."""

import contextlib
import copy
import datetime
import doctest
import http.client
import io
import json
import logging
import pickle
import re
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from gateways import RECORDED, TOKEN, Stub, recorded, stub

import edgetally as et
from edgetally import _ledger

UTC = datetime.timezone.utc
PAGE = Path(__file__).parents[2] / "docs" / "ledger.md"


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it would have waited between attempts."""
    waited: list[float] = []
    monkeypatch.setattr(_ledger, "_sleep", waited.append)
    monkeypatch.delenv("EDGETALLY_ADMIN_TOKEN", raising=False)
    return waited


@pytest.fixture
def shop() -> Iterator[Stub]:
    with stub() as made:
        yield made


@pytest.fixture
def ledger(shop: Stub) -> et.Ledger:
    return et.Ledger(shop.url, TOKEN)


def answering(*answers: Any) -> Callable[[str, dict[str, str]], Any]:
    """One answer after the other, the last of them for good."""
    left = list(answers)
    return lambda path, query: (left.pop(0) if len(left) > 1 else left[0]) or recorded(path, query)


def refused(call: Callable[[], object]) -> et.EdgetallyError:
    with pytest.raises(et.EdgetallyError) as caught:
        call()
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    assert TOKEN not in str(error)
    assert error.code in str(_ledger.Ledger.__doc__) or error.code.startswith(
        ("token_", "url_", "wrong", "out", "unknown", "date", "tz", "not_a", "missing", "one_goal", "seasons")
    )
    return error


# --- What it reads ---------------------------------------------------------------------------------------------------


def test_balances_are_a_row_per_source_and_destination(ledger: et.Ledger) -> None:
    table = ledger.balances()
    assert list(zip(table.source, table.destination, table.accepted, table.delivered, strict=True)) == [
        (row["source"], row["destination"], row["accepted"], row["delivered"])
        for row in RECORDED["ledger"][1]["balances"]
    ]
    states = ("delivered", "duplicate", "blocked", "skipped", "rejected", "processing", "retrying", "dead")
    assert [sum(row[state] for state in states) for row in table.rows()] == table.accepted
    assert table.remainder == [0] * len(table)


def test_intake_reasons_and_folded(ledger: et.Ledger) -> None:
    intake = ledger.intake()
    assert intake.source == ["bulk", "past", "shop"]
    assert intake.received == [a + m for a, m in zip(intake.accepted, intake.malformed, strict=True)]
    reasons = ledger.reasons()
    assert reasons.n == sorted(reasons.n, reverse=True)
    assert set(reasons.codes) == {1}
    assert ("shop", "", "malformed", "event_id_missing", 1, 1) in {tuple(row.values()) for row in reasons.rows()}
    assert len(ledger.folded()) == 0


def test_lines_come_through_all_pages(shop: Stub, ledger: et.Ledger) -> None:
    told = [line for _, page in RECORDED["lines"] for line in page["lines"]]
    table = ledger.lines()
    assert table.n == [line["n"] for line in told]
    assert table.columns == ("hour", "source", "release", "event", "destination", "state", "code", "worker", "n")
    assert [at.isoformat()[:13] for at in table.hour] == [line["hour"][:13] for line in told]
    assert all(at.tzinfo is UTC for at in table.hour)
    cursors = [query.get("cursor") for _, query, _ in shop.asked]
    assert cursors == [None, *(page["cursor"] for _, page in RECORDED["lines"] if page["more"])]


def test_pages_are_asked_for_when_they_are_wanted(shop: Stub, ledger: et.Ledger) -> None:
    pages = ledger.iter_lines(page=12)
    assert shop.asked == []
    assert len(next(pages)) == 12
    assert len(shop.asked) == 1
    assert shop.asked[0][1] == {"hours": "1", "limit": "12"}
    assert [len(page) for page in pages] == [12, 12, 12, 3]
    letters = ledger.iter_dead_letters(page=3)
    assert [len(page) for page in letters] == [3, 3]


def test_quality_is_a_row_per_event_and_destination(shop: Stub, ledger: et.Ledger) -> None:
    told = RECORDED["quality"][1]["rows"]
    table = ledger.quality(since="2026-11-01", worker="v1")
    assert shop.asked[0][0] == "/v1/quality"
    assert shop.asked[0][1] == {
        "by": "source,event,destination",
        "since": "2026-11-01T00:00:00.000Z",
        "worker": "v1",
    }
    pairs = [(row, at) for row in told for at in row["destinations"] or [{}]]
    assert table.volume == [row["intake"]["volume"] for row, _ in pairs]
    assert list(zip(table.source, table.event, table.destination, table.delivered, strict=True)) == [
        (row["source"], row["event"], at.get("destination", ""), at.get("states", {}).get("delivered", 0))
        for row, at in pairs
    ]
    meta = next(row for row in table.rows() if (row["event"], row["destination"]) == ("purchase", "meta"))
    given = next(row for row in told if row["source"] == "shop" and row["event"] == "purchase")
    at = next(one for one in given["destinations"] if one["destination"] == "meta")
    assert meta["given_email"] == given["intake"]["keys"]["share"]["email"]
    assert meta["sent_email"] == at["keys"]["share"]["email"]
    assert meta["has_value"] == 1.0
    assert meta["estimate"] == at["estimate"]
    # What has no value is none, and no zero.
    malformed = next(row for row in table.rows() if row["event"] == "")
    assert np.isnan([malformed["estimate"], malformed["given_email"], malformed["p50"], malformed["has_value"]]).all()
    assert table.to_pandas().estimate.dtype == float
    assert pl.DataFrame(table.to_arrow()).schema["sent_email"] == pl.Float64
    assert set(table.definition) == set(table.columns)
    assert all(table.definition.values())


def test_quality_by_hour_has_times_and_says_what_it_can_be_by(shop: Stub, ledger: et.Ledger) -> None:
    rows = [{**row, "since": "2026-11-22T23:00:00.000Z"} for row in RECORDED["quality"][1]["rows"]]
    shop.answers = answering((200, {"estimate_by": "edgetally", "rows": rows}, {}))
    berlin = et.Ledger(shop.url, TOKEN, tz="Europe/Berlin")
    table = berlin.quality(["hour", "source"])
    assert table.hour[0].isoformat() == "2026-11-23T00:00:00+01:00"
    assert table.columns[:3] == ("hour", "source", "volume")
    assert berlin.quality("day").day[0] == datetime.date(2026, 11, 22)
    shop.answers = answering((200, {"estimate_by": "edgetally", "rows": []}, {}))
    assert len(ledger.quality()) == 0
    assert "sent_email" in ledger.quality().columns
    for wrong in ([], ["weather"], ["hour", "hour"], "code"):
        assert refused(lambda by=wrong: ledger.quality(by)).code == "unknown_choice"
    shop.answers = answering((200, {"estimate_by": "edgetally", "rows": [{"source": "shop"}]}, {}))
    assert refused(lambda: ledger.quality()).code == "answer_too_new"


def test_what_platforms_report_is_a_row_for_each_number(shop: Stub, ledger: et.Ledger) -> None:
    one = {
        "destination": "meta",
        "platform": "meta",
        "event": "purchase",
        "since": "2026-11-22T10:15:31.000Z",
        "until": "2026-11-24T10:15:31.000Z",
        "observed_at": "2026-11-24T10:15:31.000Z",
        "figures": [
            {"metric": "match_quality", "of": None, "value": 7.4, "unit": "of_10"},
            {"metric": "coverage", "of": "email", "value": 81.2, "unit": "percent"},
            {"metric": "freshness", "of": None, "value": "real_time", "unit": "word"},
        ],
    }
    status = {"metric": "status", "of": None, "value": "GOOD", "unit": "word"}
    answer = {"estimate_by": "edgetally", "rows": [], "reported": [one, {**one, "event": None, "figures": [status]}]}
    shop.answers = answering((200, answer, {}))
    table = ledger.reported(since="2026-11-01", destination="meta")
    assert shop.asked[0][:2] == ("/v1/quality", {"since": "2026-11-01T00:00:00.000Z", "destination": "meta"})
    assert table.metric == ["match_quality", "coverage", "freshness", "status"]
    assert table.event == ["purchase"] * 3 + [""]
    assert (table.of[1], table.value[1], table.word[1]) == ("email", 81.2, "")
    assert (np.isnan(table.value[2]), table.word[2:]) == (True, ["real_time", "GOOD"])
    assert table.until[0] - table.since[0] == datetime.timedelta(days=2)
    frame = table.to_pandas()
    assert (frame.value.dtype, frame.since.dt.tz is not None) == (float, True)
    assert pl.DataFrame(table.to_arrow()).schema["value"] == pl.Float64
    assert set(table.definition) == set(table.columns)
    assert all(table.definition.values())
    # An earlier gateway has none, and neither has one that nobody gave a credential.
    for none in ({"estimate_by": "edgetally", "rows": []}, {"rows": [], "reported": []}):
        shop.answers = answering((200, none, {}))
        assert len(ledger.reported()) == 0
    for wrong in ({"reported": {}}, {"reported": [{"destination": "meta"}]}, {"reported": [7]}):
        shop.answers = answering((200, wrong, {}))
        assert refused(lambda: ledger.reported()).code == "answer_too_new"


def test_counts_put_intake_beside_what_became_of_it(ledger: et.Ledger) -> None:
    lines = list(ledger.lines().rows())

    def of(state: str, *, intake: bool, **keys: Any) -> int:
        return sum(
            row["n"]
            for row in lines
            if row["state"] == state
            and bool(row["destination"]) != intake
            and all(row[k] == v for k, v in keys.items())
        )

    by_hour = ledger.counts()
    assert by_hour.hour == sorted({row["hour"] for row in lines})
    for row in by_hour.rows():
        at = {"hour": row["hour"]}
        assert row["accepted"] == of("accepted", intake=True, **at)
        assert row["received"] == row["accepted"] + of("malformed", intake=True, **at)
        assert row["offered"] == of("accepted", intake=False, **at)
        assert row["delivered"] == of("delivered", intake=False, **at)
    by_both = ledger.counts(["source", "destination"])
    assert by_both.columns[:4] == ("source", "destination", "offered", "delivered")
    assert "" not in by_both.destination
    for row in by_both.rows():
        keys = {"source": row["source"], "destination": row["destination"]}
        assert row["offered"] == of("accepted", intake=False, **keys)
        assert row["skipped"] == of("skipped", intake=False, **keys)
    assert "received" not in ledger.counts("source", destination="hook").columns
    assert sum(ledger.counts("release").received) == sum(by_hour.received)


def test_days_are_cut_in_the_ledgers_own_zone(shop: Stub) -> None:
    # 23:00 and 00:00 in UTC are one day in Berlin and two in London.
    berlin = et.Ledger(shop.url, TOKEN, tz="Europe/Berlin").counts("day", source="past")
    assert len(berlin) == 2
    london = et.Ledger(shop.url, TOKEN).counts("day", source="past")
    assert berlin.day == london.day
    assert berlin.received != london.received
    assert sum(berlin.received) == sum(london.received)
    lines = et.Ledger(shop.url, TOKEN, tz="Europe/Berlin").lines()
    assert lines.hour[0].utcoffset() == datetime.timedelta(hours=1)
    assert lines.hour == et.Ledger(shop.url, TOKEN).lines().hour


def test_dead_letters_and_quarantined(ledger: et.Ledger) -> None:
    letters = ledger.dead_letters()
    assert len(letters) == 6
    assert set(letters.replaying) == {False}
    assert letters.id == sorted(letters.id)
    # The route itself looks at no time and at no source.
    assert len(ledger.dead_letters(since=letters.at[2], until=letters.at[4])) == 2
    assert len(ledger.dead_letters(source="nobody")) == 0
    assert ledger.dead_letters(source="nobody").columns == letters.columns
    assert ledger.quarantined().columns == ("at", "id", "code", "bytes")


def test_what_happened_lately_is_a_row_per_destination(ledger: et.Ledger) -> None:
    recent = ledger.recent(limit=20)
    assert len(recent) == sum(len(copy["what"]) for copy in RECORDED["recent"][1]["events"])
    found = {tuple(row.values())[1:] for row in recent.rows()}
    assert ("shop", "purchase", "led-4", "ga4", "blocked", "analytics_storage_missing", "") in found
    assert ("shop", "", "", "", "malformed", "event_id_missing", "event_id") in found
    assert et.events.dedup(recent.event_id, recent.event_id).overlap > 3
    assert et.events.coverage(recent, ["event", "code"]).any_identifier == 1.0


def test_health_is_an_answer_even_when_it_is_bad(shop: Stub, ledger: et.Ledger, waits: list[float]) -> None:
    health = ledger.health()
    assert (health.healthy, health.release) == (True, "0.1.0")
    ill = {**RECORDED["health"][1], "status": "unhealthy", "settings": ["sources: missing"]}
    shop.answers = answering((503, ill, {}))
    health = ledger.health()
    assert (health.healthy, health.settings, waits) == (False, ["sources: missing"], [])


def test_releases_are_compared_by_the_gateway(shop: Stub, ledger: et.Ledger) -> None:
    told = RECORDED["compare"][1]
    found = ledger.compare_releases(source="bulk", before="web-1", after="web-2")
    assert (found.verdict, found.reason, found.more_events, found.concurrent) == ("fail", told["reason"], 0.0, True)
    assert (found.before["label"], found.after["label"], found.after["events"]) == ("web-1", "web-2", 480)
    assert [row["what"] for row in found.findings] == ["email"] * 4
    assert [(row["before"], row["after"]) for row in found.findings] == [(1, 0)] * 4
    assert found.findings[0]["since"].timestamp() * 1000 == told["findings"][0]["since"]
    assert found.adoption[0]["hour"].tzinfo is UTC
    assert found.sight[0]["smallest_drop"] == told["sight"][0]["smallest_drop"]
    assert found.question["see"] == 0.4
    assert json.loads(json.dumps(found.to_dict()))["verdict"] == "fail"
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 - made here
    shop.answers = answering((*RECORDED["early"], {}))
    early = ledger.compare_releases(source="bulk", after="web-2", min_events=5000)
    assert (early.verdict, early.more_events, early.before, early.after) == ("inconclusive", 4520.0, None, None)


def test_what_is_asked_of_two_releases(shop: Stub, ledger: et.Ledger) -> None:
    ledger.compare_releases(
        source="a & b",
        before="v1",
        after="web-2",
        by="worker",
        looks="hourly",
        min_events=50,
        watch=["purchase", "lead"],
        until="2026-11-30T10:00:00Z",
        thresholds={"volume": 0.2, "see": 0.5},
    )
    path, query, _ = shop.asked[-1]
    assert path == "/v1/releases/compare"
    assert query.pop("until") == "2026-11-30T10:00:00.000Z"
    assert query == {
        "source": "a & b",
        "before": "v1",
        "after": "web-2",
        "by": "worker",
        "looks": "hourly",
        "min_events": "50",
        "watch": "purchase,lead",
        "volume": "0.2",
        "see": "0.5",
    }
    for wrong in (
        lambda: ledger.compare_releases(source="shop", after="2", by="weather"),
        lambda: ledger.compare_releases(source="shop", after="2", looks="daily"),
        lambda: ledger.compare_releases(source="shop", after="2", thresholds={"colour": 0.5}),
        lambda: ledger.compare_releases(source="shop", after=2),
        lambda: ledger.compare_releases(source="shop", after="2", min_events=-1),
    ):
        before = len(shop.asked)
        assert refused(wrong).code in ("unknown_choice", "wrong_type", "not_a_count")
        assert len(shop.asked) == before


def test_a_release_that_nobody_has_and_an_answer_of_another_form(shop: Stub, ledger: et.Ledger) -> None:
    def ask() -> et.ReleasesResult:
        return ledger.compare_releases(source="bulk", before="web-1", after="web-9")

    shop.answers = answering((*RECORDED["refused"]["label"], {}))
    assert refused(ask).code == "label_unknown"
    told = RECORDED["compare"][1]
    for changed in ({"verdict": "maybe"}, {"findings": [7]}, {"after": "web-2"}, {"adoption": [{"hour": "noon"}]}):
        shop.answers = answering((200, {**told, **changed}, {}))
        assert refused(ask).code == "answer_too_new"


@pytest.mark.parametrize(
    ("since", "until", "sent"),
    [
        ("2026-11-22", "2026-11-23", ("2026-11-21T23:00:00.000Z", "2026-11-22T22:59:59.999Z")),
        ("20261122", datetime.date(2026, 11, 23), ("2026-11-21T23:00:00.000Z", "2026-11-22T22:59:59.999Z")),
        ("2026-11-22T10:30:00Z", None, ("2026-11-22T10:30:00.000Z", None)),
        (datetime.datetime(2026, 11, 22, 9), None, ("2026-11-22T08:00:00.000Z", None)),
        (pd.Timestamp("2026-11-22 09:00", tz="US/Eastern"), None, ("2026-11-22T14:00:00.000Z", None)),
        (np.datetime64("2026-11-22T09"), None, ("2026-11-22T08:00:00.000Z", None)),
        (None, np.datetime64("2026-11-23", "D"), (None, "2026-11-22T22:59:59.999Z")),
    ],
)
def test_a_moment_as_people_write_it(shop: Stub, since: Any, until: Any, sent: tuple[str | None, str | None]) -> None:
    et.Ledger(shop.url, TOKEN, tz="Europe/Berlin").balances(since=since, until=until)
    _, query, _ = shop.asked[-1]
    assert (query.get("since"), query.get("until")) == sent


def test_filters_go_to_the_gateway(shop: Stub, ledger: et.Ledger) -> None:
    ledger.balances(
        source="a & b", event="purchase", destination="meta", release="web-1", since=datetime.timedelta(days=1)
    )
    _, query, headers = shop.asked[-1]
    at = datetime.datetime.fromisoformat(query.pop("since").replace("Z", "+00:00"))
    assert abs(datetime.datetime.now(UTC) - at - datetime.timedelta(days=1)) < datetime.timedelta(minutes=5)
    assert query == {"source": "a & b", "event": "purchase", "destination": "meta", "release": "web-1"}
    assert headers["User-Agent"] == f"edgetally-python/{et.__version__}"


# --- The table -------------------------------------------------------------------------------------------------------


def test_a_table_is_a_frame_of_any_library(shop: Stub) -> None:
    lines = et.Ledger(shop.url, TOKEN, tz="Europe/Berlin").lines()
    for frame in (lines.to_pandas(), lines.to_polars().to_pandas(), lines.to_arrow().to_pandas()):
        assert str(frame["hour"].dt.tz) == "Europe/Berlin"
        assert list(frame["hour"].dt.tz_convert("UTC")) == lines.hour
        assert frame["n"].dtype == np.int64
        assert list(frame["source"]) == lines.source
    assert pl.DataFrame(lines).equals(lines.to_polars())
    assert pa.table(lines).equals(lines.to_arrow())
    assert dict(lines) == lines.to_dict()
    # They would take its names for its values.
    for of_names in (pd.DataFrame, np.asarray):
        with pytest.raises(et.EdgetallyError, match="to_pandas"):
            of_names(lines)
    days = et.Ledger(shop.url, TOKEN).counts(["day", "source"])
    assert days.to_polars()["day"].dtype == pl.Date
    assert days.to_arrow().column("day").type == pa.date32()
    assert list(days.to_pandas()["day"]) == days.day


def test_an_empty_table_keeps_its_types(ledger: et.Ledger) -> None:
    empty = ledger.dead_letters(source="nobody")
    full = ledger.dead_letters()
    assert empty.to_polars().schema == full.to_polars().schema
    assert empty.to_arrow().schema == full.to_arrow().schema
    assert (empty.to_pandas().dtypes == full.to_pandas().dtypes).all()
    assert repr(empty).endswith("(no rows)")
    assert "no rows" not in empty._repr_html_()


def test_a_table_shows_itself(ledger: et.Ledger) -> None:
    table = ledger.lines()
    assert repr(table).splitlines()[0].split() == list(table.columns)
    assert repr(table).splitlines()[-1] == f"… {len(table)} rows in all"
    assert "How many." in table.summary()
    assert "2026-11-29 21:00 to" in re.sub(r"\+00:00", "", ledger.counts().summary())
    hostile = et.LedgerTable({"source": ["<script>"], "n": [1]})
    assert "<script>" not in hostile._repr_html_()
    assert "delivered" in dir(ledger.balances())
    assert pickle.loads(pickle.dumps(table)) == table  # noqa: S301 - pickled on this line
    assert copy.deepcopy(table) == table
    with pytest.raises(AttributeError, match="there is no column 'colour'"):
        table.colour  # noqa: B018
    assert refused(lambda: table["colour"]).code == "unknown_column"
    assert all(table.definition.values())


def test_report_takes_a_table_as_it_is(ledger: et.Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    counts = ledger.counts(["hour", "source"])
    named = {"clicks": "delivered", "impressions": "offered"}
    options: dict[str, Any] = {"metric": "ctr", "columns": named, "by": ["source"], "date": "hour", "window": "day"}
    report = et.report(counts, **options)
    assert sum(report["impressions"]) == sum(counts.offered)
    assert set(report["source"]) == set(counts.source)
    frame = et.report(counts.to_pandas(), **options)
    assert list(frame["ctr"]) == list(report["ctr"])
    # Where there is no pyarrow it is a mapping of columns.
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    assert not hasattr(counts, "__arrow_c_stream__")
    plain = et.report(counts, **{**options, "date": None, "window": None})
    assert sum(plain["impressions"]) == sum(counts.offered)


def hourly(n: Callable[[datetime.datetime], int], hours: int, zone: str = "UTC") -> et.LedgerTable:
    """A table of counts by the hour, with no row where the count is 0."""
    first = datetime.datetime(2026, 3, 9, tzinfo=UTC)
    at = [first + datetime.timedelta(hours=hour) for hour in range(hours)]
    rows = [(when.astimezone(_ledger.zone(zone)), n(when)) for when in at if n(when)]
    columns = {"hour": [when for when, _ in rows], "accepted": [count for _, count in rows]}
    return et.LedgerTable(columns, _ledger.zone(zone), (at[0], at[-1] + datetime.timedelta(hours=1)))


def test_two_spans_beside_each_other_are_what_rate_change_takes() -> None:
    span = (datetime.datetime(2026, 11, 1, tzinfo=UTC), datetime.datetime(2026, 11, 2, tzinfo=UTC))
    before = (datetime.datetime(2026, 10, 25, tzinfo=UTC), span[0])
    new = et.LedgerTable({"event": ["purchase", "search"], "accepted": [90, 3], "dead": [1, 2]}, UTC, span)
    old = et.LedgerTable({"event": ["lead", "purchase"], "accepted": [700, 910], "dead": [7, 0]}, UTC, before)
    pair = new.beside(old)
    assert pair.to_dict() == {
        "event": ["lead", "purchase", "search"],
        "count_new": [0, 90, 3],
        "exposure_new": [24.0] * 3,
        "count_old": [700, 910, 0],
        "exposure_old": [168.0] * 3,
    }
    change = et.events.rate_change(pair)
    by_hand = et.events.rate_change([0, 90, 3], 24, [700, 910, 0], 168)
    assert change == by_hand
    assert et.events.rate_change_overdispersed(pair, dispersion=3).p_value[1] > change.p_exact_central[1]
    assert new.beside(old, "dead").count_new == [0, 1, 2]
    assert refused(lambda: et.events.rate_change(pair, 24)).code == "one_goal"
    assert refused(lambda: new.beside(old, "event")).code == "unknown_column"
    assert refused(lambda: new.beside({"event": []})).code == "wrong_type"  # type: ignore[arg-type]
    assert refused(lambda: et.events.rate_change(new)).code == "unknown_column"


def test_hours_beside_the_same_hours_of_weeks_before_are_what_seasonal_change_takes() -> None:
    table = hourly(lambda at: 0 if at.hour == 3 else 100 + 10 * at.weekday() + at.hour, 24 * 28)
    seasons = table.seasons("2026-03-30")
    assert len(seasons) == 7 * 24
    assert [len(past) for past in seasons.history] == [3] * 168
    assert all(set(past) == {now} for past, now in zip(seasons.history, seasons.current, strict=True))
    assert seasons.current[3] == 0
    change = et.events.seasonal_change(seasons)
    assert change.total_ratio == pytest.approx(1.0)
    by_hand = et.events.seasonal_change(seasons.history, seasons.current)
    np.testing.assert_array_equal(by_hand.p_value, change.p_value)
    daily = table.seasons("2026-04-05", season="day")
    assert [len(past) for past in daily.history] == [27] * 24
    assert isinstance(seasons.to_polars()["history"].dtype, pl.List)
    assert refused(lambda: table.seasons("2026-03-30", season="year")).code == "unknown_choice"


def test_summer_time_moves_no_monday() -> None:
    # Clocks in Berlin went forward on 2026-03-29: nine o'clock is 08:00 UTC before and 07:00 after.
    zone = _ledger.zone("Europe/Berlin")
    table = hourly(lambda at: at.astimezone(zone).hour + 1, 24 * 28, "Europe/Berlin")
    seasons = table.seasons("2026-03-30")
    assert seasons.hour[0].isoformat() == "2026-03-30T00:00:00+02:00"
    for at, now, past in zip(seasons.hour, seasons.current, seasons.history, strict=True):
        # 2026-03-29 had no 02:00.
        kept = past if at.hour != 2 or at.weekday() != 6 else past[1:]
        assert set(kept) == {now}, at


# --- What it refuses -------------------------------------------------------------------------------------------------

HTML = (200, b"<!doctype html><title>Welcome</title>", {"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ((401, {"error": {"code": "admin_token_invalid", "message": ""}}, {}), "unauthorized"),
        ((403, b"Forbidden", {}), "unauthorized"),
        ((404, RECORDED["refused"]["path"][1], {}), "not_found"),
        ((404, b"nothing here", {}), "not_the_gateway"),
        (HTML, "not_the_gateway"),
        ((200, b"", {}), "not_the_gateway"),
        ((200, b"[" * 100_000, {}), "not_the_gateway"),
        ((200, b'\xff\xfe"', {}), "not_the_gateway"),
        ((200, [], {}), "not_the_gateway"),
        ((200, {"hello": "world"}, {}), "not_the_gateway"),
        ((204, b"", {}), "not_the_gateway"),
        ((418, b"", {}), "not_the_gateway"),
        ((400, RECORDED["refused"]["filter"][1], {}), "request_invalid"),
        ((302, b"", {"Location": "/v1/ledger"}), "redirected"),
        ((308, b"", {"Location": "https://elsewhere.example/"}), "redirected"),
        ((429, b"", {}), "gateway_busy"),
        ((500, b"", {}), "gateway_busy"),
        ((503, {"error": {"code": "ledger_unavailable", "message": ""}}, {}), "gateway_busy"),
    ],
)
def test_answers_that_are_none(shop: Stub, ledger: et.Ledger, answer: Any, code: str) -> None:
    shop.answers = answering(answer)
    for ask in (ledger.balances, ledger.lines, ledger.dead_letters, ledger.recent):
        assert refused(ask).code == code


def test_the_wrong_token(shop: Stub) -> None:
    error = refused(et.Ledger(shop.url, "wrong-token-987").balances)
    assert error.code == "unauthorized"
    assert "wrong-token-987" not in str(error)


def changed(path: str, change: Callable[[Any], object]) -> Any:
    body = json.loads(json.dumps(RECORDED[path][1] if path in ("ledger", "recent") else RECORDED[path][0][1]))
    change(body)
    return (200, body, {})


@pytest.mark.parametrize(
    ("answer", "ask"),
    [
        # A ninth state would be missing in every sum.
        (changed("ledger", lambda body: body.update(law=body["law"] + " + postponed")), et.Ledger.balances),
        (changed("lines", lambda body: body.update(law=body["law"] + " + postponed")), et.Ledger.counts),
        (changed("ledger", lambda body: body.pop("balances")), et.Ledger.balances),
        (changed("ledger", lambda body: body.update(intake=[])), et.Ledger.intake),
        (changed("ledger", lambda body: body["balances"][0].update(delivered="3")), et.Ledger.balances),
        (changed("ledger", lambda body: body["balances"][0].update(delivered=3.5)), et.Ledger.balances),
        (changed("ledger", lambda body: body.update(intake={"shop": 3})), et.Ledger.intake),
        (changed("ledger", lambda body: body["reasons"].append("more")), et.Ledger.reasons),
        (changed("lines", lambda body: body["lines"][0].update(hour="yesterday")), et.Ledger.lines),
        (changed("lines", lambda body: body["lines"][0].update(hour="2026-11-22T10:00:00")), et.Ledger.lines),
        (changed("lines", lambda body: body.update(more="yes")), et.Ledger.lines),
        (changed("lines", lambda body: body.pop("cursor")), et.Ledger.lines),
        # The same page again and again.
        (changed("lines", lambda _: None), et.Ledger.lines),
        (changed("letters", lambda body: body["dead_letters"].insert(0, None)), et.Ledger.dead_letters),
        (changed("recent", lambda body: body["events"][0].update(what="delivered")), et.Ledger.recent),
        (changed("recent", lambda body: body["events"][0]["what"].update(meta=3)), et.Ledger.recent),
    ],
)
def test_answers_of_a_newer_gateway(shop: Stub, ledger: et.Ledger, answer: Any, ask: Any) -> None:
    shop.answers = answering(answer)
    assert refused(lambda: ask(ledger)).code in ("answer_too_new", "not_the_gateway")
    if ask is not et.Ledger.balances:
        return
    assert "newer" in str(refused(lambda: ask(ledger)))


def test_counts_that_are_new_become_columns(shop: Stub, ledger: et.Ledger) -> None:
    shop.answers = answering(changed("ledger", lambda body: body["balances"][1].update(sampled=7)))
    assert ledger.balances().sampled[:2] == [0, 7]


def test_it_asks_again_and_waits_longer_each_time(shop: Stub, ledger: et.Ledger, waits: list[float]) -> None:
    busy = (503, {"error": {"code": "ledger_unavailable"}}, {})
    shop.answers = answering(busy, (429, b"", {"Retry-After": "7"}), (502, b"", {}), None)
    assert len(ledger.balances()) == 5
    assert waits == [0.5, 7.0, 2.0]
    waits.clear()
    shop.answers = answering((429, b"", {"Retry-After": "9999"}))
    assert refused(ledger.balances).code == "gateway_busy"
    assert waits == [30.0] * 4
    waits.clear()
    shop.asked.clear()
    never = et.Ledger(shop.url, TOKEN, retries=0)
    assert "answered 429 to the one attempt" in str(refused(never.balances))
    assert (len(shop.asked), waits) == (1, [])
    # What will not change is asked for once.
    shop.asked.clear()
    shop.answers = answering((404, b"", {}))
    refused(ledger.balances)
    assert len(shop.asked) == 1


def serve_once(answer: Callable[[socket.socket], object]) -> str:
    """A server that is none: takes connections and does as it likes with them."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        with listening:
            while True:
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    answer(connection)

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


def drip(connection: socket.socket) -> None:
    """A byte now and then, so that no single wait is long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    pause = threading.Event()
    for _ in range(100):
        try:
            connection.sendall(b" ")
        except OSError:
            return
        pause.wait(0.02)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _: None, "HTTP"),
        (lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n"), "HTTP"),
        (lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}"), "middle"),
        (
            lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n{}"),
            "middle",
        ),
        (lambda _: threading.Event().wait(0.5), "more than 0.2 seconds"),
        (drip, "more than 0.2 seconds"),
    ],
)
def test_servers_that_are_none(answer: Callable[[socket.socket], object], why: str) -> None:
    # Patient where the answer is what counts: the machine may be busy.
    broken = et.Ledger(serve_once(answer), TOKEN, timeout=0.2 if "seconds" in why else 20, retries=0)
    error = refused(broken.balances)
    assert (error.code, why in str(error)) == ("unreachable", True), str(error)


def test_nobody_there(waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = refused(et.Ledger(f"http://127.0.0.1:{port}", TOKEN).balances)
    assert (error.code, "nothing listens" in str(error)) == ("unreachable", True)
    assert waits == [0.5, 1.0, 2.0, 4.0]
    tls = serve_once(lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")).replace("http:", "https:")
    assert "TLS" in str(refused(et.Ledger(tls, TOKEN, retries=0).balances))


# --- The token -------------------------------------------------------------------------------------------------------


def test_the_token_shows_nowhere(shop: Stub, ledger: et.Ledger, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen = [repr(ledger), str(ledger), f"{ledger}", str(ledger.tz), repr(ledger.url)]
    seen += [repr(getattr(ledger, name, "")) for name in dir(ledger)]
    seen += [repr(pickle.dumps(ledger)), repr(copy.copy(ledger)), repr(copy.deepcopy(ledger))]
    seen += [repr(value) for slot in et.Ledger.__slots__ for value in [getattr(ledger, slot)]]
    # A server that sends back all that it was sent, in every place.
    for status in (200, 201, 202, 203, 302, 303, 400, 401, 404, 500, 501, 502, 503):
        echo = {"error": {"code": TOKEN, "message": TOKEN}, "law": TOKEN, "status": TOKEN}
        for answer, deep in (
            ((status, echo, {"Location": f"http://127.0.0.1/{TOKEN}", "X-Echo": TOKEN}), False),
            ((status, b"", {"Location": "http://127.0.0.1/"}), True),
        ):
            shop.answers = answering(answer)
            try:
                (ledger.balances, ledger.lines, ledger.health, ledger.recent)[status % 4]()
            except et.EdgetallyError as error:
                # All frames but this one, which holds it, of course.
                inner = error.__traceback__ and error.__traceback__.tb_next
                frames = traceback.TracebackException(type(error), error, inner, capture_locals=deep)
                seen += ["".join(frames.format()), repr(error), repr(pickle.dumps(error))]
    # Whoever lets http.client print what it sends does not have it printed here.
    printed = io.StringIO()
    before = http.client.HTTPConnection.debuglevel
    http.client.HTTPConnection.debuglevel = 1
    try:
        shop.answers = recorded
        with contextlib.redirect_stdout(printed):
            ledger.balances()
    finally:
        http.client.HTTPConnection.debuglevel = before
    seen += [printed.getvalue(), caplog.text]
    assert [text for text in seen if TOKEN in text] == []
    assert shop.asked[-1][2]["Authorization"] == f"Bearer {TOKEN}"


def test_no_redirect_takes_the_token_along(shop: Stub) -> None:
    with stub() as thief:
        for status in (301, 302, 303, 307, 308):
            shop.answers = answering((status, b"", {"Location": f"{thief.url}/v1/ledger"}))
            assert refused(et.Ledger(shop.url, TOKEN).balances).code == "redirected"
        assert thief.asked == []


def test_a_proxy_sees_no_token_in_clear(ledger: et.Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    with stub() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        assert len(ledger.balances()) == 5
        assert proxy.asked == []


def test_a_pickled_ledger_has_no_token(ledger: et.Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    again = pickle.loads(pickle.dumps(ledger))  # noqa: S301 - pickled on this line
    assert (again.url, again.tz) == (ledger.url, ledger.tz)
    assert refused(again.balances).code == "token_missing"
    monkeypatch.setenv("EDGETALLY_ADMIN_TOKEN", TOKEN)
    assert len(again.balances()) == 5
    assert copy.deepcopy(ledger) is ledger
    assert refused(lambda: pickle.dumps(ledger._token)).code == "token_invalid"


def test_the_token_of_the_environment(shop: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(lambda: et.Ledger(shop.url)).code == "token_missing"
    monkeypatch.setenv("EDGETALLY_ADMIN_TOKEN", TOKEN)
    assert len(et.Ledger(shop.url).balances()) == 5


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://events.shop.example", "url_insecure"),
        ("http://127.0.0.1.shop.example", "url_insecure"),
        ("http://localhost.shop.example", "url_insecure"),
        ("http://10.0.0.1", "url_insecure"),
        ("http://[::2]/", "url_insecure"),
        ("https://jo:secret@shop.example", "url_invalid"),
        ("https://shop.example?key=secret", "url_invalid"),
        ("https://shop.example#x", "url_invalid"),
        ("ftp://shop.example", "url_invalid"),
        ("file:///etc/passwd", "url_invalid"),
        ("shop.example", "url_invalid"),
        ("https://", "url_invalid"),
        ("https://shop.example:99999", "url_invalid"),
        ("https://shop.example/\r\nX: y", "url_invalid"),
        ("", "url_invalid"),
        (None, "wrong_type"),
        (b"https://shop.example", "wrong_type"),
    ],
)
def test_addresses_that_it_does_not_take(url: Any, code: str) -> None:
    error = refused(lambda: et.Ledger(url, TOKEN))
    assert error.code == code
    assert "secret" not in str(error)


@pytest.mark.parametrize(
    "url", ["http://localhost:8787", "http://127.0.0.1:8787/", "http://[::1]:8787", "https://Shop.Example/gate/"]
)
def test_addresses_that_it_takes(url: str) -> None:
    assert et.Ledger(url, TOKEN).url == url.rstrip("/").lower()


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: et.Ledger("https://shop.example", ""), "token_invalid"),
        (lambda: et.Ledger("https://shop.example", "two words"), "token_invalid"),
        (lambda: et.Ledger("https://shop.example", "line\r\nX: y"), "token_invalid"),
        (lambda: et.Ledger("https://shop.example", b"bytes"), "wrong_type"),  # type: ignore[arg-type]
        (lambda: et.Ledger("https://shop.example", TOKEN, timeout=0), "out_of_range"),
        (lambda: et.Ledger("https://shop.example", TOKEN, timeout=float("nan")), "out_of_range"),
        (lambda: et.Ledger("https://shop.example", TOKEN, retries=-1), "not_a_count"),
        (lambda: et.Ledger("https://shop.example", TOKEN, tz="Middle-earth/Shire"), "tz_unknown"),
        (lambda: et.Ledger("https://shop.example", TOKEN, tz="../../etc/passwd"), "tz_unknown"),
        (lambda: et.Ledger("https://shop.example", TOKEN, tz=None), "wrong_type"),  # type: ignore[arg-type]
    ],
)
def test_arguments_that_it_does_not_take(make: Callable[[], object], code: str) -> None:
    assert refused(make).code == code


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"since": "yesterday"}, "date_invalid"),
        ({"since": 1764547200}, "wrong_type"),
        ({"since": True}, "wrong_type"),
        ({"since": pd.NaT}, "wrong_type"),
        ({"since": np.datetime64("NaT")}, "wrong_type"),
        ({"since": datetime.date(1, 1, 1)}, "out_of_range"),
        ({"since": datetime.datetime.max}, "out_of_range"),
        ({"since": datetime.timedelta(hours=-1)}, "out_of_range"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "out_of_range"),
        ({"source": 7}, "wrong_type"),
        ({"source": ["shop"]}, "wrong_type"),
        ({"event": "\ud800"}, "wrong_type"),
        ({"by": "colour"}, "unknown_choice"),
        ({"by": []}, "unknown_choice"),
        ({"by": ["hour", "hour"]}, "unknown_choice"),
    ],
)
def test_filters_that_it_does_not_take(shop: Stub, ledger: et.Ledger, arguments: Any, code: str) -> None:
    assert refused(lambda: ledger.counts(**arguments)).code == code
    assert shop.asked == []


# --- The document ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [PAGE, PAGE.with_name("gate.md")], ids=lambda page: page.stem)
def test_what_a_document_shows_is_what_is_printed(page: Path, shop: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGETALLY_ADMIN_TOKEN", TOKEN)
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(>>> .*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert blocks
    lines = "".join(blocks).replace("https://events.shop.example", shop.url)
    test = doctest.DocTestParser().get_doctest(lines, {}, page.name, str(page), 0)
    shown: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(test, out=shown.append)
    assert result.failed == 0, "".join(shown)
    assert result.attempted >= 5
