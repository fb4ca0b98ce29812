//! The quality of events, for operators and for what scrapes counts.

use edgetally_core::base::error::{Code, ParseError};
use edgetally_core::base::members::list_of;
use edgetally_core::base::reported::Reported;
use edgetally_core::base::time::{DAY_MS, UnixMillis};
use edgetally_core::delivery::Visits;
use edgetally_core::intake::Response as Answer;
use edgetally_core::ledger::measured::NO_SUM;
use edgetally_core::ledger::{Line, Place, Query, State};
use edgetally_core::quality::asked::Asked;
use edgetally_core::quality::prometheus::{self, CONTENT_TYPE};
use edgetally_core::quality::reported::told;
use serde_json::{Value, json};

use crate::admin::{admit, ask, member, number, put, take, tell, unavailable};
use crate::routes::{self, Call};
use crate::runtime::{self, Env, Response, respond};
use crate::state;

/// How many pages of sums are asked for at most: a report is made of all of them, or of none.
const MOST_PAGES: u32 = 40;

/// The report.
pub(crate) async fn quality(call: &Call<'_>) -> Response {
    tell(report(call).await)
}

async fn report(call: &Call<'_>) -> Result<String, ParseError> {
    admit(call)?;
    let asked = Asked::read(call.query)?;
    let lines = lines(&call.env, &asked.query).await?;
    let settings = state::settings(&call.env).map_err(unavailable)?;
    let platform = |name: &str| {
        let configured = settings.destination(name)?;
        Some(configured.destination.facts().platform)
    };
    let mut report = edgetally_core::quality::quality(lines, &asked.by, &asked.shown, platform);
    if Visits::any(settings) {
        let span = (asked.query.since, asked.query.until);
        let reported = reported(&call.env, span).await?;
        let source = asked.query.source.as_deref();
        let of_source = |name: &str| {
            let Some(source) = source else { return true };
            let of = settings.source(source).into_iter();
            let mut own = of.flat_map(|source| &source.destinations);
            own.any(|at| {
                settings
                    .destinations
                    .get(*at)
                    .is_some_and(|one| one.name == name)
            })
        };
        let asked_for = |name: &str| {
            let named = asked.shown.destination.as_deref();
            named.is_none_or(|one| one == name) && of_source(name)
        };
        report.reported = told(reported, asked.shown.event.as_deref(), |name| {
            platform(name).filter(|_| asked_for(name))
        });
    }
    serde_json::to_string(&report).map_err(unavailable)
}

/// What Prometheus reads.
pub(crate) async fn metrics(call: &Call<'_>) -> Response {
    match scraped(call).await {
        Ok(text) => {
            let answer = Answer {
                media: CONTENT_TYPE,
                ..Answer::json(200, text)
            };
            respond(&answer, &[])
        }
        Err(error) => routes::refuse(&error),
    }
}

async fn scraped(call: &Call<'_>) -> Result<String, ParseError> {
    admit(call)?;
    let query = Asked::metrics(call.query, runtime::now())?;
    let settings = state::settings(&call.env).map_err(unavailable)?;
    let mut gauges = Vec::new();
    if Visits::any(settings) {
        gauges = reported(&call.env, (UnixMillis(0), runtime::now())).await?;
        gauges.retain(|one| {
            let at = match &query.place {
                Place::One(name) => *name == one.destination,
                _ => settings.destination(&one.destination).is_some(),
            };
            at && query.event.as_ref().is_none_or(|event| *event == one.event)
        });
    }
    Ok(prometheus::text(lines(&call.env, &query).await?, &gauges))
}

/// How old a report may be to be told of, in milliseconds: those that come once a day, and some that failed in between.
pub(crate) const MOST_AGE_MS: i64 = 8 * DAY_MS;

/// The latest that platforms reported in a span of time.
async fn reported(
    env: &Env,
    (since, until): (UnixMillis, UnixMillis),
) -> Result<Vec<Reported>, ParseError> {
    let until = until.0.min(runtime::now().0 + 1);
    let question = json!({"since": since.0.max(until - MOST_AGE_MS), "until": until});
    let answer = ask(env, "/reported", &question).await?;
    list_of(answer, Reported::read).ok_or_else(|| unavailable(()))
}

/// The answer of the ledger, all pages of it.
pub(crate) async fn lines(env: &Env, query: &Query) -> Result<Vec<(Line, i64)>, ParseError> {
    let mut question = serde_json::to_value(query).map_err(unavailable)?;
    let mut lines = Vec::new();
    for _ in 0..MOST_PAGES {
        let mut answer = ask(env, "/query", &question).await?;
        let rows = take(&mut answer, "rows");
        let after = rows.last().map(|row| {
            let columns = Line::COLUMNS.iter();
            let of = |name| row.get(name).cloned().unwrap_or_default();
            columns
                .map(|column| of(column.name))
                .collect::<Vec<Value>>()
        });
        lines.extend(rows.iter().filter_map(read));
        if answer.get("more").and_then(Value::as_bool) != Some(true) {
            return Ok(lines);
        }
        put(&mut question, "after", json!(after));
    }
    Err(ParseError::new(
        Code::RequestInvalid,
        "",
        "asks for too much at once: name a source, a shorter time, or fewer dimensions in `by`",
    ))
}

/// A sum of the ledger's answer.
fn read(row: &Value) -> Option<(Line, i64)> {
    let text = |name| member(row, name).to_owned();
    let line = Line {
        hour: UnixMillis(number(row, "hour")),
        source: text("source"),
        release: text("release"),
        event: text("event"),
        destination: text("destination"),
        state: State::read(member(row, "state"))?,
        code: text("code"),
        worker: text("worker"),
    };
    let millions = number(row, "millions").checked_mul(1_000_000);
    let sum = millions.and_then(|sum| sum.checked_add(number(row, "rest")));
    let full = number(row, "full") != 0;
    Some((line, sum.filter(|_| !full).unwrap_or(NO_SUM)))
}
