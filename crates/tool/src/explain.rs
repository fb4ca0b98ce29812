//! `explain`: what the gateway would answer to an event, and the very requests that it would make of it.
//!
//! The event goes the worker's own way, from the batch over the queue's messages to a delivery; only that nobody has sent it
//! before, and that no platform answers. Secrets are no part of the settings, so their names stand where they would.

pub(crate) mod placeholders;
mod requests;

use edgetally_core::base::time::UnixMillis;
use edgetally_core::base::{reason, remarks};
use edgetally_core::intake::explain::Question as ConsentQuestion;
use edgetally_core::intake::{Arrival, Batch, Outcome, Response, Visit, native};
use edgetally_core::queue::envelope::{self, Message};
use edgetally_core::settings::{Settings, Source};
use serde_json::{Map, Value, json};

use self::requests::Sent;
use crate::config::Config;
use crate::fault::{Question, Refused};
use crate::millis;

/// Who sends, from where, when.
#[derive(Debug, Default)]
struct Sender {
    source: Option<String>,
    /// A visitor's browser, or the shop's server; where it is not said, a page if the source has a key.
    page: Option<bool>,
    country: Option<String>,
    region: Option<String>,
    gpc: bool,
    ip: Option<String>,
    user_agent: Option<String>,
    referer: Option<String>,
    cookies: Option<String>,
    now: UnixMillis,
}

const KEYS: &[&str] = &[
    "source",
    "as",
    "country",
    "region",
    "gpc",
    "ip",
    "user_agent",
    "referer",
    "cookies",
    "now_ms",
];

impl Sender {
    fn read(text: &str) -> Result<Self, Refused> {
        let mut asked = Question::read(text)?;
        let sender = Self {
            source: asked.text("source")?,
            page: match asked.text("as")?.as_deref() {
                None => None,
                Some("page") => Some(true),
                Some("server") => Some(false),
                Some(_) => return Err(Refused::question("as", "must be page or server")),
            },
            country: asked.text("country")?,
            region: asked.text("region")?,
            gpc: asked.flag("gpc")?,
            ip: asked.text("ip")?,
            user_agent: asked.text("user_agent")?,
            referer: asked.text("referer")?,
            cookies: asked.text("cookies")?,
            now: millis(asked.millis("now_ms")?),
        };
        asked.end(KEYS)?;
        Ok(sender)
    }

    fn source<'s>(&self, settings: &'s Settings) -> Result<&'s Source, Refused> {
        let source = match (&self.source, settings.sources.as_slice()) {
            (Some(name), _) => settings.source(name),
            (None, [only]) => Some(only),
            (None, _) => return Err(Refused::question("source", "there are several: name one")),
        };
        source.ok_or_else(|| Refused::question("source", "there is no such source"))
    }

    /// Whether a page sends; the source has to know pages then, or servers.
    fn is_page(&self, source: &Source) -> Result<bool, Refused> {
        let page = self.page.unwrap_or(source.key.is_some());
        if page && source.key.is_none() {
            let message = "the source has no `key`, so no page sends for it";
            return Err(Refused::question("as", message));
        }
        if !page && source.secret.is_none() {
            let message = "the source has no `secret`, so no server sends for it";
            return Err(Refused::question("as", message));
        }
        Ok(page)
    }

    fn visit(&self) -> Visit<'_> {
        Visit {
            ip: self.ip.as_deref(),
            user_agent: self.user_agent.as_deref(),
            referer: self.referer.as_deref(),
            cookies: self.cookies.as_deref(),
            gpc: self.gpc,
            country: self.country.as_deref(),
            region: self.region.as_deref(),
        }
    }
}

/// What becomes of events: `{status, signature_assumed, result, events, destinations}`.
pub(crate) fn answer(configuration: &str, event: &str, sender: &str) -> Result<Value, Refused> {
    let sender = Sender::read(sender)?;
    let config = Config::read(configuration)?;
    let signed = carries_token(event);
    let open = |set| {
        let mut settings = placeholders::settings(&config, set)?;
        // The secret that orders are signed with is not here, so a signature is taken for right; none is none.
        for source in settings.sources.iter_mut().filter(|_| signed) {
            source.event_token = None;
        }
        Ok::<Settings, Refused>(settings)
    };
    let settings = open(placeholders::ONE)?;
    let source = sender.source(&settings)?;
    let page = sender.is_page(source)?;
    let (response, messages) = take(&settings, source, page, event, &sender);
    let result: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    let sent = requests::of(&settings, &messages, sender.now);

    // Once more with other secrets: what differs then is made with them, as a signature is.
    let other = open(placeholders::OTHER)?;
    let others = other.source(&source.name).map(|source| {
        let (_, messages) = take(&other, source, page, event, &sender);
        requests::of(&other, &messages, sender.now)
    });
    let sent = requests::without_signatures(sent, &others.unwrap_or_default());
    let verdicts = verdicts(&result, queued(&messages));
    Ok(json!({
        "status": response.status,
        "signature_assumed": signed && page,
        "result": result,
        "events": events(&result),
        "destinations": destinations(&settings, source, &verdicts, &sent),
    }))
}

/// Whether any of the events is signed by the shop's server.
fn carries_token(event: &str) -> bool {
    let body: Value = serde_json::from_str(event).unwrap_or_default();
    let is_signed = |event: &Value| event.get("event_token").is_some_and(Value::is_string);
    let list = body.get("events").unwrap_or(&body).as_array();
    is_signed(&body) || list.is_some_and(|events| events.iter().any(is_signed))
}

/// What an admin is told about consent.
pub(crate) fn consent(configuration: &str, question: &str, now: f64) -> Result<Value, Refused> {
    let question = ConsentQuestion::read(question.as_bytes())?;
    let told = if configuration.trim().is_empty() {
        question.told(millis(now))
    } else {
        let settings = placeholders::settings(&Config::read(configuration)?, placeholders::ONE)?;
        question.told_by(&settings, millis(now))?
    };
    Ok(serde_json::from_str(&told).unwrap_or_default())
}

/// The gateway's answer, and what it would put into its queue.
fn take(
    settings: &Settings,
    source: &Source,
    page: bool,
    event: &str,
    sender: &Sender,
) -> (Response, Vec<String>) {
    let arrival = Arrival::of_body(event.as_bytes(), sender.now);
    let visit = page.then(|| sender.visit());
    match Batch::open(&native::FORMAT, settings, source, visit.as_ref(), &arrival) {
        Ok(batch) => {
            let plan = batch.finish(|_| None, "explain");
            (plan.answer, plan.messages)
        }
        Err(error) => {
            let refused =
                (native::FORMAT.answer)(Some(source), &arrival, &Outcome::Refused(&error));
            (refused, Vec::new())
        }
    }
}

/// The events in the queue's messages, each with the destinations that it is to go to.
fn queued(messages: &[String]) -> Vec<(String, Vec<String>)> {
    let mut queued = Vec::new();
    for message in messages {
        let Ok(Message::Events(envelope)) = envelope::open(message) else {
            continue;
        };
        for parcel in &envelope.parcels {
            let legs = parcel.legs.iter();
            let legs = legs.map(|leg| leg.destination.to_string()).collect();
            queued.push((parcel.id.to_string(), legs));
        }
    }
    queued
}

/// What becomes of one event at one destination.
#[derive(Debug, Clone)]
struct Verdict {
    index: u64,
    event_id: String,
    destination: String,
    /// `queued`, `duplicate`, `blocked:…`, `skipped:…`.
    verdict: String,
}

impl Verdict {
    fn split(&self) -> (&str, Option<&str>) {
        match self.verdict.split_once(':') {
            Some((verdict, code)) => (verdict, Some(code)),
            None => (&self.verdict, None),
        }
    }

    fn words(&self) -> &'static str {
        match self.split() {
            (_, Some(code)) => reason::meaning(code).unwrap_or_default(),
            ("duplicate", _) => {
                "An event of this name and id stands before it; the copy is held back."
            }
            _ => "It goes out.",
        }
    }

    fn put(&self, to: &mut Map<String, Value>) {
        let (verdict, code) = self.split();
        to.insert("verdict".to_owned(), verdict.into());
        if let Some(code) = code {
            to.insert("code".to_owned(), code.into());
        }
        to.insert("words".to_owned(), self.words().into());
    }
}

/// Reads the verdicts out of the answer. Pages are not told which copies are held back; here everything is said.
fn verdicts(result: &Value, mut queued: Vec<(String, Vec<String>)>) -> Vec<Verdict> {
    let mut verdicts = Vec::new();
    let results = result.get("results").and_then(Value::as_array);
    for line in results.into_iter().flatten() {
        let event_id = line.get("event_id").and_then(Value::as_str);
        let event_id = event_id.unwrap_or_default();
        let told = line.get("destinations").and_then(Value::as_object);
        let goes = |verdict: &Value| matches!(verdict.as_str(), Some("queued" | "received"));
        let place = queued.iter().position(|(id, _)| id == event_id);
        let place = place.filter(|_| told.is_some_and(|all| all.values().any(goes)));
        let legs = place
            .map(|place| queued.remove(place).1)
            .unwrap_or_default();
        for (destination, verdict) in told.into_iter().flatten() {
            let mut verdict = verdict.as_str().unwrap_or_default().to_owned();
            if verdict == "received" {
                let goes = legs.contains(destination);
                verdict = String::from(if goes { "queued" } else { "duplicate" });
            }
            verdicts.push(Verdict {
                index: line.get("index").and_then(Value::as_u64).unwrap_or(0),
                event_id: event_id.to_owned(),
                destination: destination.clone(),
                verdict,
            });
        }
    }
    verdicts
}

/// What of each event could not be used as it came, in words.
fn events(result: &Value) -> Value {
    let explain = |line: &Value, list: &str| -> Vec<Value> {
        let rows = line.get(list).and_then(Value::as_array);
        let words = |row: &Value| {
            let code = row.get("code").and_then(Value::as_str).unwrap_or_default();
            let words = remarks::meaning(code).unwrap_or_default();
            json!({"path": row.get("path"), "code": code, "words": words})
        };
        rows.into_iter().flatten().map(words).collect()
    };
    let results = result.get("results").and_then(Value::as_array);
    let of = |line: &Value| {
        let mut event = Map::new();
        for key in ["index", "event_id", "status", "code", "path", "message"] {
            if let Some(value) = line.get(key) {
                event.insert(key.to_owned(), value.clone());
            }
        }
        for list in ["removed", "changed"] {
            event.insert(list.to_owned(), explain(line, list).into());
        }
        Value::Object(event)
    };
    results.into_iter().flatten().map(of).collect()
}

/// Each of the source's destinations: what becomes of the events there, and the requests that it would get.
fn destinations(
    settings: &Settings,
    source: &Source,
    verdicts: &[Verdict],
    sent: &[Sent],
) -> Value {
    let places = source.destinations.iter();
    let configured = places.filter_map(|place| settings.destinations.get(*place));
    let of = |configured: &edgetally_core::settings::Configured| {
        let name = &configured.name;
        let here = || verdicts.iter().filter(|one| one.destination == *name);
        let mut to = Map::new();
        to.insert("destination".to_owned(), name.as_str().into());
        let platform = configured.destination.facts().platform;
        to.insert("platform".to_owned(), platform.into());
        if let Some(first) = here().next() {
            if here().all(|one| one.verdict == first.verdict) {
                first.put(&mut to);
            } else {
                to.insert("verdict".to_owned(), "mixed".into());
                let words = "Not the same for all of the events: see each.";
                to.insert("words".to_owned(), words.into());
            }
        }
        let each = here().map(|one| {
            let mut event = Map::new();
            event.insert("index".to_owned(), one.index.into());
            event.insert("event_id".to_owned(), one.event_id.as_str().into());
            one.put(&mut event);
            Value::Object(event)
        });
        to.insert("events".to_owned(), each.collect());
        let requests = sent.iter().filter(|one| one.destination == *name);
        to.insert("requests".to_owned(), requests.map(Sent::told).collect());
        Value::Object(to)
    };
    configured.map(of).collect()
}
