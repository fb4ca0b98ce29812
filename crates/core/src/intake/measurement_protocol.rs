//! Google Analytics' Measurement Protocol, so that a server which sends to GA4 today sends here once it has another host's name.
//!
//! ```text
//! POST /mp/collect?measurement_id=G-9ABCDE1234&api_secret=…
//! {"client_id": "1380133182.1764792191", "events": [{"name": "purchase", "params": {"transaction_id": "118842", "value": 129.90, "currency": "EUR"}}]}
//! ```
//!
//! It is read as [`native`] events are: strictly where it says what an event is, leniently where it decorates one. Unknown
//! keys are faults but in `params` and items, as Google's own validation says. What nobody here can use is left out and told
//! as `not_used`.
//!
//! The protocol has no id of an event. A purchase is known by its order; anything else by `params.event_id`, or by an id
//! that is made of who, when and what (`Identity::made_up`).
//!
//! Source: the protocol's reference and its page on validation, and the page on user-provided data (read 2026-11-22).

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::base::error::{Code, ParseError};
use crate::base::json::{Leaf, Object as Writer};
use crate::base::money::{Amount, AmountError};
use crate::base::query::parameters;
use crate::base::remarks::{Remark, Remarks};
use crate::base::secret::same_secret;
use crate::base::text::{Text, is_placeholder};
use crate::base::time::UnixMillis;
use crate::consent::{Choice, Signals};
use crate::event::draft::{Draft, Sent};
use crate::event::{
    ActionSource, Context, Event, LARGEST_BODY, LARGEST_EVENT, MOST_PROPERTIES, Property,
};
use crate::identity::{Digest, Plain, User, sha256_hex};
use crate::intake::answer::{Outcome, Response, Summary, error_of};
use crate::intake::arrival::Arrival;
use crate::intake::auth::{Caller, Proof};
use crate::intake::format::{Events, Format};
use crate::intake::longest;
use crate::intake::native::{self, add_property, read_with_care, strict, text};
use crate::intake::reader::{
    LONGEST_PAIR, Manner, Object, Reading, Stop, Values, is_empty_list, malformed, raw, tidy,
};
use crate::intake::verdict::Verdict;
use crate::settings::Settings;
use crate::web::known_click_id;

/// The most events of one request (the protocol's own limit).
pub const MOST_EVENTS: usize = 25;

/// What is taken in.
pub const FORMAT: Format = Format {
    name: "ga4",
    // Senders name all kinds of types, or none: `fetch` says text/plain of a string, curl says a form.
    media: &[],
    most_bytes: LARGEST_BODY,
    headers: &[],
    sdk: false,
    page_headers: None,
    dry: false,
    recognise,
    read: |_, arrival| read(arrival),
    answer: |_, _, outcome| collected(outcome),
};

/// What is only looked at: the answer is in the words of Google's validation server, and nothing is kept.
pub const DEBUG: Format = Format {
    name: "ga4_debug",
    dry: true,
    answer: |_, _, outcome| validated(outcome),
    ..FORMAT
};

/// Recognises a source by its stream's id and secret, which stand in the address.
fn recognise<'a>(settings: &'a Settings, arrival: &Arrival<'a>) -> Result<Caller<'a>, Code> {
    let (mut stream, mut app, mut secret) = (None, None, None);
    for (name, value) in parameters(arrival.query) {
        let slot = match &*name {
            "measurement_id" => &mut stream,
            "firebase_app_id" => &mut app,
            "api_secret" => &mut secret,
            _ => continue,
        };
        *slot = Some(value).filter(|value| !value.is_empty());
    }
    let secret = secret.ok_or(Code::CredentialsMissing)?;
    if stream.is_none() && app.is_none() {
        return Err(Code::CredentialsMissing);
    }
    // Every source is compared, so that the time says nothing about which one it was.
    let mut found = None;
    for source in &settings.sources {
        let Some(own) = &source.measurement_protocol else {
            continue;
        };
        let same = same_secret(&secret, &own.api_secret);
        let of = |given: &Option<Cow<'_, str>>, own: &Option<String>| {
            given.is_some() && given.as_deref() == own.as_deref()
        };
        if same && (of(&stream, &own.measurement_id) || of(&app, &own.firebase_app_id)) {
            found = Some(source);
        }
    }
    found
        .map(|source| Caller {
            source,
            proof: Proof::Bearer,
        })
        .ok_or(Code::SecretUnknown)
}

/// Nothing, where there is nothing to tell: every event goes to every destination as it was sent. Else what became of each.
fn collected(outcome: &Outcome<'_>) -> Response {
    match outcome {
        Outcome::Read(summary) if all_as_sent(summary) => Response::json(204, String::new()),
        Outcome::Read(summary) => {
            Response::json(if summary.taken() { 200 } else { 422 }, summary.text())
        }
        Outcome::Refused(error) => Response::refusal(error),
        Outcome::Asked => Response::json(200, String::new()),
    }
}

fn all_as_sent(summary: &Summary<'_>) -> bool {
    summary.results.iter().all(|line| {
        let untouched = |remarks: &Remarks| remarks == &Remarks::default();
        line.fault.is_none()
            && line.remarks.is_none_or(untouched)
            && (line.destinations.iter()).all(|(_, verdict)| *verdict == Verdict::Queued)
    })
}

/// Google's answer to a validation, and beside it ours.
fn validated(outcome: &Outcome<'_>) -> Response {
    let summary = match outcome {
        Outcome::Read(summary) => Some(*summary),
        // What is wrong with the body is what was asked; who may not ask is told so.
        Outcome::Refused(error) if matches!(error.code.status(), 400 | 413 | 422) => None,
        Outcome::Refused(error) => return Response::refusal(error),
        Outcome::Asked => return Response::json(200, String::new()),
    };
    let text = Writer::write_text(|to| {
        let mut messages = Vec::new();
        if let Outcome::Refused(error) = outcome {
            messages.push(Message::of_fault(error, None));
        }
        for (index, line) in summary.iter().flat_map(|it| it.results.iter().enumerate()) {
            messages.extend(
                line.fault
                    .map(|fault| Message::of_fault(fault, Some(index))),
            );
            let removed = line.remarks.map(|remarks| remarks.removed.as_slice());
            let removed = removed.unwrap_or_default().iter();
            messages.extend(
                removed
                    .filter(|remark| remark.code != NOT_USED)
                    .map(|remark| Message::of_remark(remark, index)),
            );
        }
        if messages.is_empty() {
            to.put("validationMessages", Leaf::Raw("[]"));
        }
        to.objects("validationMessages", &messages, |to, message| {
            to.put("fieldPath", &message.path);
            to.put("description", &message.description);
            to.put("validationCode", message.code);
        });
        if let Some(summary) = summary {
            to.put("edgetally", Leaf::Raw(&summary.text()));
        }
    });
    Response::json(200, text)
}

/// The code of what is left out because nobody here has a use for it.
const NOT_USED: &str = "not_used";

/// A message of a validation.
struct Message {
    path: String,
    description: String,
    code: &'static str,
}

impl Message {
    fn of_fault(fault: &ParseError, index: Option<usize>) -> Self {
        Self {
            path: field_path(&fault.path, index),
            description: format!("{}: {}", fault.code, fault.message),
            code: validation_code(fault.code),
        }
    }

    fn of_remark(remark: &Remark, index: usize) -> Self {
        Self {
            path: field_path(&remark.path, Some(index)),
            description: format!("{}: is left out, the event counts", remark.code),
            code: match remark.code {
                "too_many" | "too_long" => "EXCEEDED_MAX_ENTITIES",
                "out_of_range" => "VALUE_OUT_OF_BOUNDS",
                _ => "VALUE_INVALID",
            },
        }
    }
}

/// A path as Google writes it.
fn field_path(path: &str, index: Option<usize>) -> String {
    let own = theirs(path).unwrap_or(path);
    match index {
        Some(index) if own.starts_with("params") || matches!(own, "name" | "event" | "") => {
            format!("events[{index}].{own}")
                .trim_end_matches('.')
                .to_owned()
        }
        _ => own.to_owned(),
    }
}

/// Google's word for what is wrong.
fn validation_code(code: Code) -> &'static str {
    match code {
        Code::EventMissing
        | Code::EventIdMissing
        | Code::ValueMissing
        | Code::CurrencyMissing
        | Code::EmptyBatch => "VALUE_REQUIRED",
        Code::EventNameInvalid => "NAME_INVALID",
        Code::ValueOutOfRange | Code::EventTimeInFuture => "VALUE_OUT_OF_BOUNDS",
        Code::TooManyEvents
        | Code::TooManyItems
        | Code::TextTooLong
        | Code::TooDeep
        | Code::EventTooLarge
        | Code::BodyTooLarge => "EXCEEDED_MAX_ENTITIES",
        Code::DuplicateKey => "NAME_DUPLICATED",
        _ => "VALUE_INVALID",
    }
}

/// Fields of the native format, and what the protocol calls them.
const THEIRS: &[(&str, &str)] = &[
    ("event", "name"),
    ("event_id", "params.event_id"),
    ("event_time", "timestamp_micros"),
    ("value", "params.value"),
    ("currency", "params.currency"),
    ("transaction_id", "params.transaction_id"),
    ("context.page_url", "params.page_location"),
    ("context.page_title", "params.page_title"),
    ("context.referrer", "params.page_referrer"),
    ("context.session_id", "params.session_id"),
    ("context.client_id", "client_id"),
    ("context.ip", "ip_override"),
    ("context.user_agent", "user_agent"),
    ("user.external_id", "user_id"),
    ("user.first_name", "user_data.address[0].sha256_first_name"),
    ("user.last_name", "user_data.address[0].sha256_last_name"),
    ("user.street", "user_data.address[0].sha256_street"),
    ("user.city", "user_data.address[0].city"),
    ("user.region", "user_data.address[0].region"),
    ("user.postal_code", "user_data.address[0].postal_code"),
    ("user.country", "user_data.address[0].country"),
];

/// What the protocol calls a field of the native format.
fn theirs(path: &str) -> Option<&'static str> {
    let known = THEIRS.iter().find(|(own, _)| *own == path);
    known.map(|(_, theirs)| *theirs)
}

/// Reads a body.
///
/// # Errors
/// A fault of the request as a whole: no JSON, no events, or too many. One in what stands beside the events is told as that of
/// an event, so that it is counted.
pub fn read<'a>(arrival: &Arrival<'a>) -> Result<Events<'a>, ParseError> {
    let body = arrival.body;
    if body.len() > LARGEST_BODY {
        return Err(error_of(Code::BodyTooLarge));
    }
    let body = std::str::from_utf8(body).map_err(|error| {
        let place = format!("is not UTF-8 at byte {}", error.valid_up_to());
        ParseError::new(Code::InvalidUtf8, "", place)
    })?;
    let body = body.strip_prefix('\u{feff}').unwrap_or(body);
    let beside = match Beside::read(body) {
        Err(error) if error.code.status() == 422 => return Ok(vec![Err(in_their_words(error))]),
        beside => beside?,
    };
    let none = || ParseError::new(Code::EmptyBatch, "events", "must hold an event");
    let events = beside.payload.events.ok_or_else(none)?.get();
    if !events.starts_with('[') {
        let rule = "must be a list of events";
        return Ok(vec![Err(ParseError::new(Code::WrongType, "events", rule))]);
    }
    let events: Vec<&RawValue> = serde_json::from_str(events).map_err(|error| malformed(&error))?;
    if events.is_empty() {
        return Err(none());
    }
    if events.len() > MOST_EVENTS {
        let rule = "at most 25 events in one request";
        return Err(ParseError::new(Code::TooManyEvents, "events", rule));
    }
    let mut identity = Identity::default();
    let events = events.into_iter().map(RawValue::get);
    Ok(events
        .map(|text| beside.event(text, &mut identity, arrival.now))
        .collect())
}

/// What stands beside the events, and holds for each of them.
struct Beside<'a> {
    payload: Payload<'a>,
    address: Address<'a>,
    remarks: Remarks,
}

impl<'a> Beside<'a> {
    fn read(text: &'a str) -> Result<Self, ParseError> {
        let (mut payload, reading) = read_with_care::<Payload<'a>>(text)?;
        let mut remarks = reading.remarks();
        let mut address = Address::default();
        if let Some(text) = payload.user_data.address {
            let place = "user_data.address[0]";
            let (read, mut reading) = read_with_care::<Address<'a>>(text).map_err(|error| {
                let path = [place, ".", &error.path].concat();
                ParseError {
                    path: path.trim_end_matches('.').to_owned(),
                    ..error
                }
            })?;
            reading.place(0, place);
            remarks.extend(reading.remarks());
            address = read;
        }
        if payload.non_personalized {
            payload.signals.restrict(&Signals {
                ad_personalization: Some(Choice::Denied),
                ..Signals::default()
            });
        }
        Ok(Self {
            payload,
            address,
            remarks,
        })
    }

    fn event(
        &self,
        text: &'a str,
        identity: &mut Identity,
        now: UnixMillis,
    ) -> Result<Event<'a>, ParseError> {
        if text.len() > LARGEST_EVENT {
            return Err(error_of(Code::EventTooLarge));
        }
        let (entry, reading) = read_with_care::<Entry<'a>>(text).map_err(in_their_words)?;
        let Entry {
            name, time, params, ..
        } = entry;
        let mut draft = params.draft;
        draft.name = name;
        draft.remarks = reading.remarks();
        let payload = &self.payload;
        let when = [params.time, time, payload.time];
        let when = when.into_iter().find(|time| time.sent != Sent::Absent);
        let when = when.unwrap_or_default();
        draft.time = when.sent;
        draft.signals = payload.signals.clone();
        draft.user = self.user();
        draft.context = Context {
            client_id: copy(payload.client_id.as_ref()).map(Text),
            ip: copy(payload.ip.as_ref()).map(Text),
            user_agent: copy(payload.user_agent.as_ref()).map(Text),
            ..draft.context
        };
        if payload.app_instance_id.is_some() {
            draft.action_source = Some(ActionSource::App);
        }
        // Whoever has an order is known by it, or not at all: an id that is made up would meet no other copy of it.
        let by_order = matches!(draft.name.as_deref(), Some("purchase" | "refund"));
        if draft.id.is_none() && !by_order {
            let who = [
                &payload.client_id,
                &payload.app_instance_id,
                &payload.user_id,
            ];
            let who = who.map(|id| id.as_deref().unwrap_or_default());
            draft.id = Some(identity.made_up(who, when.micros, text, now).into());
            let code = if when.micros.is_some() {
                "id_derived"
            } else {
                "id_of_arrival"
            };
            draft.remarks.changed("params.event_id", code);
        }
        let mut event = draft.check(now).map_err(in_their_words)?;
        for remark in event
            .remarks
            .removed
            .iter_mut()
            .chain(&mut event.remarks.changed)
        {
            if let Some(path) = theirs(&remark.path) {
                path.clone_into(&mut remark.path);
            }
        }
        event.remarks.extend(self.remarks.clone());
        Ok(event)
    }

    fn user(&self) -> User<'a> {
        let (payload, address) = (&self.payload, &self.address);
        let country =
            copy(address.country.as_ref()).or_else(|| copy(payload.location.country.as_ref()));
        User {
            external_id: copy(payload.user_id.as_ref()).map(Plain::new),
            email_sha256: payload.user_data.email,
            phone_sha256: payload.user_data.phone,
            first_name: copy(address.first_name.as_ref()).map(Plain::new),
            last_name: copy(address.last_name.as_ref()).map(Plain::new),
            street: copy(address.street.as_ref()).map(Plain::new),
            city: copy(address.city.as_ref()).map(Plain::new),
            region: copy(address.region.as_ref()).map(Plain::new),
            postal_code: copy(address.postal_code.as_ref()).map(Plain::new),
            country: country.map(Plain::new),
            ..User::default()
        }
    }
}

/// A text once more. Not inlined, or each of a dozen fields would bring a copy of it into the worker.
#[inline(never)]
fn copy<'a>(text: Option<&Text<'a>>) -> Option<Cow<'a, str>> {
    text.map(|text| text.0.clone())
}

/// A fault, by the protocol's names.
fn in_their_words(error: ParseError) -> ParseError {
    let (path, message) = match error.code {
        Code::EventTimeInvalid => (
            theirs(&error.path),
            "must be Unix microseconds in digits, after the year 2000".into(),
        ),
        // Whatever else has no id gets one.
        Code::EventIdMissing => (
            Some("params.transaction_id"),
            "is required: without it, copies of an order cannot be told apart".into(),
        ),
        Code::UnknownKey => {
            let message = error.message.replace("`properties`", "`params`");
            (None, message.into())
        }
        _ => (theirs(&error.path), error.message),
    };
    ParseError {
        code: error.code,
        path: path.map_or(error.path, str::to_owned),
        message,
    }
}

/// Makes the ids of events that came without one.
#[derive(Default)]
struct Identity {
    made: Vec<[u8; 64]>,
}

impl Identity {
    /// An id of who, when and what, byte for byte: an event that is sent again as it was gets the same one. Where the sender
    /// names no time, the time of receipt stands in, and one that is sent again is another event. Of several that are alike
    /// in one request, each is one of its own.
    fn made_up(
        &mut self,
        who: [&str; 3],
        micros: Option<&str>,
        text: &str,
        now: UnixMillis,
    ) -> String {
        let when = micros.map_or_else(|| format!("received {}", now.0), str::to_owned);
        let [client, app, user] = who;
        let print = sha256_hex(&[client, app, user, &when, text].join("\n"));
        let before = self.made.iter().filter(|made| **made == print).count();
        self.made.push(print);
        let digits = print.iter().take(32).map(|digit| char::from(*digit));
        let mut id: String = "mp-".chars().chain(digits).collect();
        if before > 0 {
            id.extend(["-", &(before + 1).to_string()]);
        }
        id
    }
}

/// A time in microseconds.
#[derive(Clone, Copy, Default)]
struct Micros<'a> {
    sent: Sent<UnixMillis>,
    /// Its digits, where it can be read.
    micros: Option<&'a str>,
}

impl<'de> Micros<'de> {
    fn read(map: &mut dyn Values<'de>, reading: &mut Reading) -> Result<Self, Stop> {
        let Some(json) = raw(map)?.map(RawValue::get) else {
            return Ok(Self::default());
        };
        // Protocol buffers have 64-bit numbers in texts.
        let quoted = json.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
        let text = match quoted {
            Some("") => return Ok(Self::default()),
            Some(text) if is_placeholder(text) => {
                reading.removed("", "placeholder");
                return Ok(Self::default());
            }
            Some(text) => text,
            None => json,
        };
        // Python writes a time that was a fraction with one.
        let whole = text.strip_suffix(".0").unwrap_or(text);
        let digits = whole.bytes().all(|byte| byte.is_ascii_digit());
        let micros = whole.parse::<i64>().ok().filter(|_| digits);
        let millis = micros.map(|micros| micros / 1000);
        Ok(match millis.filter(|millis| *millis >= EARLIEST_MS) {
            Some(millis) => Self {
                sent: Sent::Known(UnixMillis(millis)),
                micros: Some(whole),
            },
            None => Self {
                sent: Sent::Unusable,
                micros: None,
            },
        })
    }
}

/// The year 2000: what lies before it was no time in microseconds.
const EARLIEST_MS: i64 = 946_684_800_000;

/// The request's object.
#[derive(Default)]
struct Payload<'a> {
    client_id: Option<Text<'a>>,
    app_instance_id: Option<Text<'a>>,
    user_id: Option<Text<'a>>,
    time: Micros<'a>,
    signals: Signals<'a>,
    non_personalized: bool,
    user_data: UserData<'a>,
    location: Location<'a>,
    ip: Option<Text<'a>>,
    user_agent: Option<Text<'a>>,
    events: Option<&'a RawValue>,
}

/// Takes a value that has no use here, and says so unless it is none.
fn not_used(map: &mut dyn Values<'_>, reading: &mut Reading) -> Result<(), Stop> {
    let value = raw(map)?.map(RawValue::get);
    if value.is_some_and(|json| !matches!(json, "\"\"" | "{}") && !is_empty_list(json)) {
        reading.removed("", NOT_USED);
    }
    Ok(())
}

impl<'de> Object<'de> for Payload<'de> {
    fn lenient(&self) -> bool {
        false
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "client_id",
            "app_instance_id",
            "user_id",
            "timestamp_micros",
            "user_properties",
            "user_data",
            "consent",
            "non_personalized_ads",
            "user_location",
            "ip_override",
            "user_agent",
            "device",
            "validation_behavior",
            "events",
        ]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        match key.as_str() {
            "client_id" => self.client_id = text(map, reading, Manner::Opaque, longest::GA_ID)?,
            "app_instance_id" => {
                self.app_instance_id = text(map, reading, Manner::Opaque, longest::GA_ID)?;
                if self.app_instance_id.is_some() {
                    reading.removed("", NOT_USED);
                }
            }
            "user_id" => self.user_id = text(map, reading, Manner::Visitor, longest::VISITOR)?,
            "timestamp_micros" => self.time = Micros::read(map, reading)?,
            "user_data" => map.object(reading, &mut self.user_data)?,
            "consent" => map.object(reading, &mut self.signals)?,
            "non_personalized_ads" => {
                self.non_personalized = map.flag(reading)?.unwrap_or(false);
            }
            "user_location" => map.object(reading, &mut self.location)?,
            "ip_override" => self.ip = text(map, reading, Manner::Addresses, longest::ADDRESSES)?,
            "user_agent" => {
                self.user_agent = text(map, reading, Manner::Free, longest::USER_AGENT)?;
            }
            "user_properties" | "device" => not_used(map, reading)?,
            // How strictly Google is to look, which here is always the same.
            "validation_behavior" => {
                map.raw()?;
            }
            "events" => self.events = raw(map)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `user_data`: the first of each is the visitor's.
#[derive(Default)]
struct UserData<'a> {
    email: Option<Digest>,
    phone: Option<Digest>,
    address: Option<&'a str>,
}

/// The values of a list, or the one that stands in its place.
fn each<'de>(map: &mut dyn Values<'de>, reading: &mut Reading) -> Result<Vec<&'de RawValue>, Stop> {
    let Some(value) = raw(map)? else {
        return Ok(Vec::new());
    };
    if !value.get().starts_with('[') {
        return Ok(vec![value]);
    }
    let values = serde_json::from_str(value.get());
    if values.is_err() {
        reading.unusable(value.get());
    }
    Ok(values.unwrap_or_default())
}

/// The first digest of a list that is one.
fn digest(map: &mut dyn Values<'_>, reading: &mut Reading) -> Result<Option<Digest>, Stop> {
    let mut found: Option<Digest> = None;
    for value in each(map, reading)? {
        let text = serde_json::from_str::<Text<'_>>(value.get());
        let Ok(text) = text else {
            reading.unusable(value.get());
            continue;
        };
        if text.is_empty() {
            continue;
        }
        match (Digest::parse(&text), found) {
            (Some(digest), _) if digest.of_nothing() => reading.removed("", "digest_of_nothing"),
            (Some(digest), None) => found = Some(digest),
            (Some(digest), Some(first)) if digest == first => {}
            (Some(_), Some(_)) => reading.removed("", "too_many"),
            (None, _) if is_placeholder(&text) => reading.removed("", "placeholder"),
            (None, _) => reading.removed("", "invalid_digest"),
        }
    }
    Ok(found)
}

impl<'de> Object<'de> for UserData<'de> {
    fn lenient(&self) -> bool {
        true
    }

    fn keys(&self) -> &'static [&'static str] {
        &["sha256_email_address", "sha256_phone_number", "address"]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        match key.as_str() {
            "sha256_email_address" => self.email = digest(map, reading)?,
            "sha256_phone_number" => self.phone = digest(map, reading)?,
            "address" => {
                for value in each(map, reading)? {
                    match value.get() {
                        json if !json.starts_with('{') => reading.unusable(json),
                        json if self.address.is_none() => self.address = Some(json),
                        _ => reading.removed("", "too_many"),
                    }
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// An address of `user_data`: names and street hashed, the rest in clear.
#[derive(Default)]
struct Address<'a> {
    first_name: Option<Text<'a>>,
    last_name: Option<Text<'a>>,
    street: Option<Text<'a>>,
    city: Option<Text<'a>>,
    region: Option<Text<'a>>,
    postal_code: Option<Text<'a>>,
    country: Option<Text<'a>>,
}

/// A text of the visitor's that has to be a digest.
fn hashed<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
) -> Result<Option<Text<'de>>, Stop> {
    let text = visitors(map, reading)?;
    if text
        .as_deref()
        .is_some_and(|it| Digest::parse(it).is_none())
    {
        reading.removed("", "invalid_digest");
        return Ok(None);
    }
    Ok(text)
}

/// A text of the visitor's.
fn visitors<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
) -> Result<Option<Text<'de>>, Stop> {
    text(map, reading, Manner::Visitor, longest::VISITOR)
}

impl<'de> Object<'de> for Address<'de> {
    fn lenient(&self) -> bool {
        true
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "sha256_first_name",
            "sha256_last_name",
            "sha256_street",
            "city",
            "region",
            "postal_code",
            "country",
        ]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        match key.as_str() {
            "sha256_first_name" => self.first_name = hashed(map, reading)?,
            "sha256_last_name" => self.last_name = hashed(map, reading)?,
            "sha256_street" => self.street = hashed(map, reading)?,
            "city" => self.city = visitors(map, reading)?,
            "region" => self.region = visitors(map, reading)?,
            "postal_code" => self.postal_code = visitors(map, reading)?,
            "country" => self.country = visitors(map, reading)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `user_location`: where the visitor is, which is no address. Its country counts for the terms of consent.
#[derive(Default)]
struct Location<'a> {
    country: Option<Text<'a>>,
}

impl<'de> Object<'de> for Location<'de> {
    fn lenient(&self) -> bool {
        true
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "city",
            "region_id",
            "country_id",
            "subcontinent_id",
            "continent_id",
        ]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        match key.as_str() {
            "country_id" => self.country = visitors(map, reading)?,
            "city" | "region_id" | "subcontinent_id" | "continent_id" => not_used(map, reading)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// One of `events`.
#[derive(Default)]
struct Entry<'a> {
    name: Option<Text<'a>>,
    time: Micros<'a>,
    params: Params<'a>,
}

impl<'de> Object<'de> for Entry<'de> {
    fn lenient(&self) -> bool {
        false
    }

    fn keys(&self) -> &'static [&'static str] {
        &["name", "params", "timestamp_micros"]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        match key.as_str() {
            "name" => self.name = strict(map, reading, Manner::Strict)?,
            "params" => map.object(reading, &mut self.params)?,
            "timestamp_micros" => self.time = Micros::read(map, reading)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// The parameters of an event.
#[derive(Default)]
struct Params<'a> {
    draft: Draft<'a>,
    time: Micros<'a>,
}

/// What the event is worth: a number, or a text that is one.
fn amount<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
) -> Result<Option<Amount<'de>>, Stop> {
    let Some(value) = raw(map)? else {
        return Ok(None);
    };
    let json = value.get();
    let quoted = json.strip_prefix('"').and_then(|it| it.strip_suffix('"'));
    let amount = match quoted {
        Some("") => return Ok(None),
        Some(text) if is_placeholder(text) => {
            reading.removed("", "placeholder");
            return Ok(None);
        }
        Some(text) => Amount::parse(text),
        None => Amount::new(value),
    };
    if quoted.is_some() && amount.is_ok() {
        reading.changed("", "text_as_number");
    }
    amount.map(Some).map_err(|error| match error {
        AmountError::NotANumber => {
            let rule = "must be a number in digits, with a point before its fraction";
            reading.raise(Code::ValueInvalid, rule)
        }
        AmountError::OutOfRange => {
            let rule = "must be finite, not negative, and at most 10^12 major units";
            reading.raise(Code::ValueOutOfRange, rule)
        }
    })
}

/// An id of Google Analytics, for which digits are a number as well as a text.
fn id_or_number<'de>(
    map: &mut dyn Values<'de>,
    reading: &mut Reading,
) -> Result<Option<Text<'de>>, Stop> {
    let Some(json) = raw(map)?.map(RawValue::get) else {
        return Ok(None);
    };
    if json.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Some(json.into()));
    }
    match serde_json::from_str::<Text<'de>>(json) {
        Ok(text) => Ok(tidy(text, reading, Manner::Opaque, longest::GA_ID)),
        Err(_) => {
            reading.unusable(json);
            Ok(None)
        }
    }
}

impl<'de> Object<'de> for Params<'de> {
    fn lenient(&self) -> bool {
        false
    }

    fn keys(&self) -> &'static [&'static str] {
        &[
            "session_id",
            "transaction_id",
            "value",
            "currency",
            "items",
            "event_id",
            "timestamp_micros",
            "page_location",
            "page_title",
            "page_referrer",
            "debug_mode",
        ]
    }

    fn read(
        &mut self,
        key: &Text<'de>,
        map: &mut dyn Values<'de>,
        reading: &mut Reading,
    ) -> Result<bool, Stop> {
        let draft = &mut self.draft;
        let Context {
            page_url,
            page_title,
            referrer,
            session_id,
            click_ids,
            ..
        } = &mut draft.context;
        match key.as_str() {
            "session_id" => *session_id = id_or_number(map, reading)?,
            "transaction_id" => draft.transaction_id = strict(map, reading, Manner::Id)?,
            "value" => draft.value = amount(map, reading)?,
            "currency" => draft.currency = native::currency(map, reading)?,
            "items" => draft.items = native::items(map, reading)?,
            "event_id" => draft.id = strict(map, reading, Manner::Id)?,
            "timestamp_micros" => self.time = Micros::read(map, reading)?,
            "page_location" => *page_url = text(map, reading, Manner::Url, longest::URL)?,
            "page_title" => *page_title = text(map, reading, Manner::Free, longest::TITLE)?,
            "page_referrer" => *referrer = text(map, reading, Manner::Url, longest::URL)?,
            // Whoever forgets it in production sends real events with it, so it makes no test of one.
            "debug_mode" => not_used(map, reading)?,
            name if known_click_id(name).is_some() => {
                let id = text(map, reading, Manner::Opaque, LONGEST_PAIR)?;
                click_ids.extend(id.map(|id| (key.clone(), id)));
            }
            _ => {
                let value: &'de RawValue = map.raw()?;
                let properties: &mut Vec<(Text<'de>, Property<'de>)> = &mut draft.properties;
                add_property(properties, key.clone(), value, MOST_PROPERTIES, reading);
            }
        }
        Ok(true)
    }
}
