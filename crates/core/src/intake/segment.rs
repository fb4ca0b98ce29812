//! What the SDKs of Segment and RudderStack send, unchanged but for the address: `track`, `page` and the other calls, one by
//! one or in batches.
//!
//! The answer decides what an SDK does, and all of them agree on nothing but `200`: over anything else one loops, another
//! ends its host's process, a third believes that the event is through. So whatever is refused for good is answered `200`
//! with `{"success": false}`, and counted. What may be sent again is answered `429` or `503`, which all of them heed.
//!
//! What was sent is told by the bytes: JSON comes typed as a form, gzip comes typed as JSON. The sources are the packages
//! themselves as they were recorded (`docs/intake/segment.md` names the versions), and Segment's HTTP and e-commerce
//! specifications.

mod call;
mod keys;
mod members;
pub mod setup;
mod tables;

use std::borrow::Cow;

use serde_json::value::RawValue;

use self::call::{Call, Kind, Shared};
use self::members::{Members, time};
pub use self::tables::{Device, EVENTS, event_of, track_of};
use crate::base::error::{Code, ParseError};
use crate::base::json::Object;
use crate::event::{LARGEST_BODY, LARGEST_EVENT, MOST_EVENTS};
use crate::intake::answer::{Outcome, Response, error_of, retry_after};
use crate::intake::arrival::{Arrival, Header};
use crate::intake::auth::{Caller, Proof, bearer, recognise_page, recognise_secret};
use crate::intake::format::{Events, Format};
use crate::settings::{Settings, Source};

/// What an SDK in a page sends along, for the preflight: `Authorization` is never covered by a star, and a repeated call
/// has more headers than the first.
pub const PAGE_HEADERS: &str = "authorization, content-type, x-retry-count, anonymousid, sentat, rsa-recovered, \
     rsa-retry-attempt, rsa-since-last-attempt, rsa-since-first-attempt, rsa-retry-reason";

/// What somebody does wrong whose server shows the key of the pages.
const NO_ORIGIN: &str = "A write key of pages, and no Origin: the write key of a server's SDK is the source's secret, and apps need `sdk.apps`.";

/// The most calls in one batch (Segment's HTTP API). Of those at most [`MOST_EVENTS`] become events.
pub const MOST_CALLS: usize = 2500;

/// The format.
pub const FORMAT: Format = Format {
    name: "segment",
    media: &[],
    most_bytes: LARGEST_BODY,
    headers: &[],
    sdk: true,
    page_headers: Some(PAGE_HEADERS),
    dry: false,
    recognise,
    read,
    answer,
};

/// The body as a text. A byte order mark is not JSON, but some programs put one there.
fn text_of<'a>(arrival: &Arrival<'a>) -> Result<&'a str, ParseError> {
    if arrival.body.len() > LARGEST_BODY {
        return Err(error_of(Code::BodyTooLarge));
    }
    let text = std::str::from_utf8(arrival.body).map_err(|_| error_of(Code::InvalidUtf8))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn recognise<'a>(settings: &'a Settings, arrival: &Arrival<'a>) -> Result<Caller<'a>, Code> {
    let header = arrival.header(Header::Authorization);
    if let Some(token) = header.and_then(bearer) {
        return recognise_secret(settings, token).ok_or(Code::SecretUnknown);
    }
    let key = match (keys::in_header(arrival), keys::in_query(arrival)) {
        (Some(key), _) => Cow::Owned(key),
        (None, in_query) => {
            // A body that cannot be read is the fault that helps; that there is no key in it is none.
            let whole = text_of(arrival).and_then(Members::read);
            match (in_query, whole) {
                (in_query, Ok(whole)) => (whole.text("writeKey").map(|key| key.0))
                    .or(in_query)
                    .ok_or(Code::CredentialsMissing)?,
                (Some(key), Err(_)) => key,
                (None, Err(error)) => return Err(error.code),
            }
        }
    };
    if let Some(server) = recognise_secret(settings, &key) {
        return Ok(server);
    }
    match recognise_page(settings, Some(&key), arrival.header(Header::Origin)) {
        Err(Code::OriginMissing) => {
            let of_key = |source: &&Source| source.key.as_deref() == Some(&*key);
            let source = settings.sources.iter().find(of_key);
            let source = source.filter(|source| source.sdk.apps);
            source
                .map(|source| Caller {
                    source,
                    proof: Proof::App {
                        on_device: device(arrival) == Some(Device::App),
                    },
                })
                .ok_or(Code::OriginMissing)
        }
        recognised => recognised,
    }
}

/// What the SDK of a request runs on: all of its calls are made by one.
fn device(arrival: &Arrival<'_>) -> Option<Device> {
    let whole = Members::read(text_of(arrival).ok()?).ok()?;
    let of = |call: &Members<'_>| {
        let library = call.object("context")?.object("library")?;
        Device::of(&library.text("name")?)
    };
    let mut found = of(&whole);
    for call in whole.list("batch").unwrap_or_default() {
        found = found.or_else(|| of(&Members::of(call)?));
    }
    found
}

/// Whose key a request shows in its header, whether it may be used or not: what is refused is counted there.
pub fn named<'a>(settings: &'a Settings, arrival: &Arrival<'_>) -> Option<&'a Source> {
    let key = keys::in_header(arrival)?;
    let mut sources = settings.sources.iter();
    let of_page = sources.find(|source| source.key.as_deref() == Some(&*key));
    of_page.or_else(|| Some(recognise_secret(settings, &key)?.source))
}

fn read<'a>(source: &'a Source, arrival: &Arrival<'a>) -> Result<Events<'a>, ParseError> {
    let mut whole = Members::read(text_of(arrival)?)?;
    let in_header = keys::in_header(arrival);
    let in_body = whole.text("writeKey");
    let mut shared = Shared {
        source,
        now: arrival.now,
        sent: None,
        context: None,
        integrations: None,
        keys_differ: in_header.is_some_and(|key| in_body.is_some_and(|other| *other != *key)),
    };
    let Some(raw) = whole.take("batch") else {
        if whole.len() > LARGEST_EVENT {
            return Err(error_of(Code::EventTooLarge));
        }
        let kind = Kind::of_path(arrival.path);
        return Ok(vec![Call::read(whole, kind, &shared)]);
    };
    let calls: Vec<&'a RawValue> = serde_json::from_str(raw.get())
        .map_err(|_| ParseError::new(Code::WrongType, "batch", "must be a list of calls"))?;
    if calls.len() > MOST_CALLS {
        return Err(ParseError::new(
            Code::TooManyEvents,
            "batch",
            "at most 2500 calls",
        ));
    }
    shared.sent = whole.take("sentAt").and_then(time);
    shared.context = whole.take("context");
    shared.integrations = whole.take("integrations");
    let mut taken = 0;
    let read = |call: &'a RawValue| {
        if call.get().len() > LARGEST_EVENT {
            return Err(error_of(Code::EventTooLarge));
        }
        if taken == MOST_EVENTS {
            return Err(error_of(Code::TooManyEvents));
        }
        let event = Call::read(Members::read(call.get())?, None, &shared);
        taken += usize::from(event.is_ok());
        event
    };
    Ok(calls.into_iter().map(read).collect())
}

/// What is told of a refused request. It is `200` unless the source wants statuses, or the request may come again.
fn answer(source: Option<&Source>, _: &Arrival<'_>, outcome: &Outcome<'_>) -> Response {
    let strict = source.is_some_and(|source| source.sdk.strict_answers);
    match outcome {
        Outcome::Asked => setup::done(),
        Outcome::Read(summary) => {
            let status = if strict && !summary.taken() { 400 } else { 200 };
            Response::json(
                status,
                Object::write_text(|to| {
                    to.put("success", summary.rejected == 0);
                    summary.put(to);
                }),
            )
        }
        Outcome::Refused(error) => refusal(error, strict),
    }
}

/// The answer to a request that is refused as a whole.
pub(super) fn refusal(error: &ParseError, strict: bool) -> Response {
    let own = error.code.status();
    let again = retry_after(error.code);
    let status = if strict || own >= 500 || again.is_some() {
        own
    } else {
        200
    };
    let text = Object::write_text(|to| {
        to.put("success", false);
        to.put("code", error.code.as_str());
        to.put(
            "message",
            match error.code {
                Code::OriginMissing => NO_ORIGIN,
                _ => &*error.message,
            },
        );
        to.put("path", &error.path);
    });
    Response {
        headers: again
            .map(|seconds| ("retry-after", seconds.into()))
            .into_iter()
            .collect(),
        ..Response::json(status, text)
    }
}
