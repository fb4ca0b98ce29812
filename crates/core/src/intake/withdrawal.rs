//! A withdrawal of consent, as a server sends it: `POST /v1/consent/withdraw`.

use serde_json::{Value, json};

use crate::base::error::{Code, ParseError};
use crate::base::json::Object as Writer;
use crate::base::reason::Refusal;
use crate::base::table::Table;
use crate::base::text::{Text, is_placeholder};
use crate::base::time::UnixMillis;
use crate::consent::Regime;
use crate::event::draft::check_id;
use crate::identity::{Plain, User};
use crate::intake::answer::error_of;
use crate::intake::reader::{Manner, Object, Reading, Stop, Values, is_plain, nearest, object};
use crate::ledger::decided::{Ruled, Ruling};
use crate::ledger::{State, Withdrawn};
use crate::settings::{Settings, Source};

/// The longest body, in bytes.
pub const MOST_BYTES: usize = 16 * 1024;
/// How many events are told of at each destination.
const MOST_TOLD: usize = 100;

/// What is withdrawn: nothing in it shows the visitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// The event's id.
    pub event_id: Option<String>,
    /// The visitor's mark.
    pub visitor: Option<String>,
}

#[derive(Default)]
struct Body<'a> {
    external_id: Option<Text<'a>>,
    event_id: Option<Text<'a>>,
}

impl<'de> Object<'de> for Body<'de> {
    fn keys(&self) -> &'static [&'static str] {
        &["external_id", "event_id"]
    }

    fn lenient(&self) -> bool {
        false
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        let slot = match key.as_str() {
            "external_id" => &mut self.external_id,
            "event_id" => &mut self.event_id,
            unknown => {
                // An unknown key that is passed over would be a visitor who is not heeded.
                let hint = nearest(unknown, self.keys()).unwrap_or("external_id");
                let rule = format!("unknown key; did you mean `{hint}`? {NEEDED}");
                let shown = if is_plain(unknown) { unknown } else { "" };
                return Err(reading.key_fault(shown, Code::UnknownKey, rule.into()));
            }
        };
        *slot = map.text(reading, Manner::Id)?;
        Ok(true)
    }
}

const NEEDED: &str = "a withdrawal has `external_id`, `event_id`, or both";

impl Withdrawal {
    /// Reads what a server of this source withdraws.
    ///
    /// # Errors
    /// The first fault; never a value.
    pub fn read(settings: &Settings, source: &Source, body: &[u8]) -> Result<Self, ParseError> {
        let text = std::str::from_utf8(body).map_err(|_| error_of(Code::InvalidUtf8))?;
        let body: Body<'_> = object(text, &mut Reading::careful())?;
        if body.external_id.is_none() && body.event_id.is_none() {
            return Err(ParseError::new(Code::RequestInvalid, "", NEEDED));
        }
        let fault = |path: &'static str, rule: &'static str| {
            ParseError::new(Code::RequestInvalid, path, rule)
        };
        if let Some(id) = &body.event_id {
            if is_placeholder(id) {
                return Err(fault(
                    "event_id",
                    "must not be a placeholder such as `undefined`",
                ));
            }
            check_id(id, "event_id")?;
        }
        let visitor = body.external_id.map(|id| {
            if id.chars().count() > LONGEST {
                return Err(fault("external_id", "at most 1024 characters"));
            }
            let user = User {
                external_id: Some(Plain::new(id.0)),
                ..User::default()
            };
            let digest = user.external_digest();
            let digest = digest.ok_or_else(|| {
                fault(
                    "external_id",
                    "must not be empty, nor a placeholder such as `undefined`",
                )
            })?;
            Ok(settings
                .claims
                .visitor(&source.name, &digest.to_hex())
                .to_hex())
        });
        Ok(Self {
            event_id: body.event_id.map(|id| id.as_str().to_owned()),
            visitor: visitor.transpose()?,
        })
    }

    /// What the ledger is asked to book, and what its receipts are to say, where some are written.
    pub fn question(&self, settings: &Settings, source: &Source) -> Value {
        let ruling = (settings.receipt_days > 0).then(|| ruling(settings, source));
        json!({
            "source": source.name,
            Withdrawn::Event.as_str(): self.event_id,
            Withdrawn::Visitor.as_str(): self.visitor,
            "ruling": ruling,
            // Among how many the room is shared out.
            "sources": settings.sources.len(),
        })
    }
}

/// That none of the source's destinations gets it any more. It rests on no signal of the visitor's browser.
fn ruling(settings: &Settings, source: &Source) -> Ruling {
    let destinations = source.destinations.iter();
    let ruled = destinations.filter_map(|place| {
        let configured = settings.destinations.get(*place)?;
        Some(Ruled {
            destination: configured.name.clone(),
            verdict: Err(Refusal::ConsentWithdrawn.code().to_owned()),
            needs: configured.consent.purposes,
            consented: None,
        })
    });
    Ruling {
        policy: source.policy.clone(),
        opt_in: source.consent.strictest([None, None]) == Regime::OptIn,
        signals: 0,
        ruled: ruled.collect(),
    }
}

/// An `external_id` of an event is no longer.
const LONGEST: usize = super::longest::VISITOR;

/// What is known of one event at a destination.
type Known = Table<(String, String), String>;

fn member<'v>(row: &'v Value, name: &str) -> &'v str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn rows<'v>(found: &'v Value, name: &str) -> &'v [Value] {
    let rows = found.get(name).and_then(Value::as_array);
    rows.map_or(&[], Vec::as_slice)
}

/// The events that the ledger knows of at a destination, each with its state.
fn known(found: &Value, destination: &str) -> Known {
    let mut known = Known::new();
    let key = |row: &Value| {
        (
            member(row, "event").to_owned(),
            member(row, "event_id").to_owned(),
        )
    };
    // Newest first.
    for note in rows(found, "notes") {
        let what: Value = serde_json::from_str(member(note, "what")).unwrap_or_default();
        let Some(told) = what.get(destination).and_then(Value::as_str) else {
            continue;
        };
        let state = told.split(':').next().unwrap_or_default();
        // Its turn will not come.
        let state = if state == State::Retrying.as_str() {
            State::Blocked.as_str()
        } else {
            state
        };
        if !known.contains(&key(note)) {
            known.insert(key(note), state.to_owned());
        }
    }
    let of = |name: &'static str, state: State| {
        let there = rows(found, name).iter();
        let there = there.filter(|row| member(row, "destination") == destination);
        there.map(move |row| (key(row), state.as_str().to_owned()))
    };
    let (asked, letters) = (
        of("pending", State::Processing),
        of("letters", State::Blocked),
    );
    for (key, state) in asked.chain(letters) {
        known.insert(key, state);
    }
    known
}

/// Tells a server that its source has no room for another withdrawal, and when it has.
pub fn refusal(found: &Value) -> ParseError {
    let of = |name| found.get(name).and_then(Value::as_i64).unwrap_or_default();
    let date = UnixMillis(of("free")).to_rfc3339();
    let message = format!(
        "This source keeps {} withdrawals, and there is no room for another of them; the next one is forgotten on {}.",
        of("kept"),
        date.get(..10).unwrap_or_default()
    );
    ParseError::new(Code::WithdrawalsFull, "", message)
}

/// Tells a server what became of its withdrawal: what was found, and how each platform deletes what it has.
pub fn answer(settings: &Settings, source: &Source, found: &Value) -> String {
    let at = found.get("at").and_then(Value::as_i64).unwrap_or_default();
    let says = |name: &str| found.get(name).and_then(Value::as_bool) == Some(true);
    let destinations = source
        .destinations
        .iter()
        .filter_map(|place| settings.destinations.get(*place));
    Writer::write_text(|to| {
        to.put("withdrawn_at", UnixMillis(at).to_rfc3339());
        to.put("dead_letters_removed", rows(found, "letters").len());
        if says("more") {
            to.put("more", true);
        }
        to.objects("destinations", destinations, |to, configured| {
            let facts = configured.destination.facts();
            let known = known(found, &configured.name);
            let any = |state: State| known.values().any(|one| one == state.as_str());
            let state = [State::Delivered, State::Processing];
            let state = state.into_iter().find(|state| any(*state));
            to.put("name", &*configured.name);
            to.put("platform", facts.platform);
            to.put("state", state.map_or("unknown", State::as_str));
            if says("untold") || known.iter().nth(MOST_TOLD).is_some() {
                to.put("more", true);
            }
            let told = known.iter().take(MOST_TOLD);
            to.objects("events", told, |to, ((event, event_id), state)| {
                to.put("event", event.as_str());
                to.put("event_id", event_id.as_str());
                to.put("state", state.as_str());
            });
            to.object("deletion", |to| {
                to.put("how", facts.deletion.how);
                to.put("page", facts.deletion.page);
            });
        });
    })
}
