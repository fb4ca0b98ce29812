//! The pixel: one event in the parameters of an image's address, for pages that cannot run a script.
//!
//! ```html
//! <img src="https://events.shop.example/v1/pixel.gif?key=pk_…&event=purchase&transaction_id=118842&value=129.90&currency=EUR&ad_user_data=granted" alt="">
//! ```
//!
//! The parameters are the native format's keys, those of `consent` and `context` without the object around them, and the
//! rules are the same. An image sends no `Origin`, so the origin is that of its `Referer` where it has none. Nothing but a
//! key opens it: a copy by pixel is a page's copy, whatever else the request shows. Who the visitor is cannot be said,
//! because addresses end up in logs.

use std::borrow::Cow;

use crate::base::error::{Code, ParseError};
use crate::base::money::{Amount, AmountError, Currency};
use crate::base::query::parameters;
use crate::base::remarks::Remark;
use crate::base::text::{Text, is_placeholder};
use crate::base::time::UnixMillis;
use crate::consent::{Choice, ILLEGIBLE, LegalBasis, section_in_force};
use crate::event::draft::{CURRENCY, Draft, Sent};
use crate::event::{Event, LARGEST_EVENT};
use crate::intake::answer::{Outcome, Response, error_of, retry_after};
use crate::intake::arrival::Arrival;
use crate::intake::auth::{Caller, recognise_page};
use crate::intake::format::Format;
use crate::intake::longest;
use crate::intake::reader::{Manner, Reading, TWICE, is_plain, nearest, tidy};
use crate::settings::{Settings, Source};

/// The format.
pub const FORMAT: Format = Format {
    name: "pixel",
    media: &[],
    most_bytes: 0,
    headers: &[],
    sdk: false,
    page_headers: Some("x-edgetally-key"),
    dry: false,
    recognise,
    read: |_, arrival| Ok(vec![event(arrival.query, arrival.now)]),
    answer,
};

/// A transparent image of one dot, as `GIF89a` has it.
pub const GIF: [u8; 43] = [
    b'G', b'I', b'F', b'8', b'9', b'a', 1, 0, 1, 0, 0x80, 0,
    0, // one by one, a table of two colours
    0xff, 0xff, 0xff, 0, 0, 0, // white and black
    0x21, 0xf9, 4, 1, 0, 0, 0, 0, // the first colour is transparent
    0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b,
];

/// The parameters.
const KNOWN: &[&str] = &[
    "key",
    "event",
    "event_id",
    "event_time",
    "value",
    "currency",
    "transaction_id",
    "event_token",
    "release",
    "test",
    "page_url",
    "page_title",
    "referrer",
    "client_id",
    "session_id",
    "ad_storage",
    "analytics_storage",
    "ad_user_data",
    "ad_personalization",
    "tcf",
    "gpp",
    "gpp_sid",
    "us_privacy",
    "gpc",
    "additional_consent",
    "gdpr_applies",
    "gcs",
    "gcd",
    "legal_basis",
    "cb",
];

/// The most sections of a GPP string that apply.
const MOST_SECTIONS: usize = 32;

fn recognise<'a>(settings: &'a Settings, arrival: &Arrival<'a>) -> Result<Caller<'a>, Code> {
    recognise_page(settings, arrival.key(), arrival.page_origin())
}

/// The image, and what became of the event in headers: whoever looks for a lost event finds it in the browser's list of
/// requests, and in the ledger.
fn answer(_: Option<&Source>, _: &Arrival<'_>, outcome: &Outcome<'_>) -> Response {
    let line = match outcome {
        Outcome::Read(summary) => summary.results.first().map(|line| (summary, line)),
        Outcome::Refused(_) | Outcome::Asked => None,
    };
    let fault = match outcome {
        Outcome::Refused(error) => Some(*error),
        _ => line.and_then(|(_, line)| line.fault),
    };
    let status = fault.map_or(200, |error| error.code.status());
    let result = match fault {
        Some(error) => Some(error.code.as_str()),
        None => line.map(|(summary, line)| summary.told(line)),
    };
    let mut headers: Vec<(&'static str, Cow<'static, str>)> = vec![
        // The word of today, and those that older caches and proxies know.
        (
            "cache-control",
            "private, no-store, no-cache, max-age=0".into(),
        ),
        ("pragma", "no-cache".into()),
        ("expires", "0".into()),
        // Pages that are isolated from others (`Cross-Origin-Embedder-Policy`) load no image without it.
        ("cross-origin-resource-policy", "cross-origin".into()),
    ];
    if let Some(result) = result {
        headers.push(("x-edgetally-result", result.into()));
    }
    if let Some(error) = fault.filter(|error| !error.path.is_empty()) {
        headers.push(("x-edgetally-path", error.path.clone().into()));
    }
    if let Some(remarks) = line.and_then(|(_, line)| line.remarks) {
        for (name, remarks) in [
            ("x-edgetally-removed", &remarks.removed),
            ("x-edgetally-changed", &remarks.changed),
        ] {
            if !remarks.is_empty() {
                headers.push((name, told(remarks).into()));
            }
        }
    }
    if let Outcome::Refused(error) = outcome
        && let Some(seconds) = retry_after(error.code)
    {
        headers.push(("retry-after", seconds.into()));
    }
    Response {
        status,
        media: "image/gif",
        headers,
        body: Cow::Borrowed(&GIF),
    }
}

/// What was left out or changed, with commas between: `click_ids.gclid=placeholder`.
fn told(remarks: &[Remark]) -> String {
    let all = remarks.iter().map(|remark| match remark.path.as_str() {
        "" => remark.code.to_owned(),
        path => [path, "=", remark.code].concat(),
    });
    all.collect::<Vec<_>>().join(", ")
}

/// Reads the event of a query. `now` is the time of receipt.
///
/// # Errors
/// The first fault, in the order of the parameters and then of the rules; never a value.
pub fn event(query: &str, now: UnixMillis) -> Result<Event<'_>, ParseError> {
    if query.len() > LARGEST_EVENT {
        return Err(error_of(Code::EventTooLarge));
    }
    let mut draft = Draft::default();
    let mut reading = Reading::default();
    let mut seen: Vec<&'static str> = Vec::new();
    for (name, value) in parameters(query) {
        let Some(name) = KNOWN.iter().find(|known| **known == name) else {
            return Err(unknown(&name));
        };
        if seen.contains(name) {
            return Err(ParseError::new(Code::DuplicateKey, *name, TWICE));
        }
        seen.push(name);
        // A template that had nothing to fill in leaves nothing. A US Privacy string is never empty: it may have been one.
        if value.is_empty() && *name != "us_privacy" {
            continue;
        }
        let since = reading.told();
        take(name, value.into(), &mut draft, &mut reading)
            .map_err(|(code, rule)| ParseError::new(code, *name, rule))?;
        reading.place(since, name);
    }
    draft.remarks = reading.remarks();
    draft.check(now)
}

fn unknown(name: &str) -> ParseError {
    let hint = nearest(name, KNOWN);
    let message = match hint {
        Some(hint) => format!("unknown parameter; did you mean `{hint}`?").into(),
        None => Cow::Borrowed("unknown parameter"),
    };
    let shown = if is_plain(name) { name } else { "(unnamed)" };
    ParseError::new(Code::UnknownKey, shown, message)
}

/// What is wrong with a value: the code, and the rule that it breaks.
type Fault = (Code, &'static str);

/// Takes one parameter, which has a value, into the draft.
fn take<'a>(
    name: &str,
    value: Text<'a>,
    draft: &mut Draft<'a>,
    reading: &mut Reading,
) -> Result<(), Fault> {
    let signals = &mut draft.signals;
    let context = &mut draft.context;
    match name {
        "event" => draft.name = Some(strict(value)?),
        "event_id" => draft.id = Some(id(value)?),
        "transaction_id" => draft.transaction_id = Some(id(value)?),
        "event_token" => draft.token = Some(strict(value)?),
        "event_time" => draft.time = time(&value, reading),
        "value" => draft.value = amount(&value, reading)?,
        "currency" => draft.currency = currency(&value)?,
        "release" => draft.release = tidy(value, reading, Manner::Free, longest::RELEASE),
        "test" => draft.test = Some(flag(&value)?),
        "page_url" => context.page_url = tidy(value, reading, Manner::Url, longest::URL),
        "page_title" => context.page_title = tidy(value, reading, Manner::Free, longest::TITLE),
        "referrer" => context.referrer = tidy(value, reading, Manner::Url, longest::URL),
        "client_id" => context.client_id = tidy(value, reading, Manner::Opaque, longest::GA_ID),
        "session_id" => context.session_id = tidy(value, reading, Manner::Opaque, longest::GA_ID),
        "ad_storage" => signals.ad_storage = choice(&value, reading)?,
        "analytics_storage" => signals.analytics_storage = choice(&value, reading)?,
        "ad_user_data" => signals.ad_user_data = choice(&value, reading)?,
        "ad_personalization" => signals.ad_personalization = choice(&value, reading)?,
        // A placeholder in the place of these stays what it is, a string that cannot be read: closed.
        "tcf" => signals.tcf = Some(strict(value)?),
        "gpp" => signals.gpp = Some(strict(value)?),
        "us_privacy" => signals.us_privacy = Some(strict(value)?),
        "additional_consent" => signals.additional_consent = Some(strict(value)?),
        "gdpr_applies" => signals.gdpr_applies = Some(flag(&value)?),
        "gcs" => signals.gcs = Some(strict(value)?),
        "gcd" => signals.gcd = Some(strict(value)?),
        "gpp_sid" => signals.gpp_sid = sections(&value, reading)?,
        "gpc" => signals.gpc = flag(&value)?,
        "legal_basis" => signals.legal_basis = legal_basis(&value, reading)?,
        // The key is the sender's, and `cb` is there so that no two addresses are alike.
        _ => {}
    }
    Ok(())
}

/// A text that says what the event is.
fn strict(value: Text<'_>) -> Result<Text<'_>, Fault> {
    let longest = longest::CONSENT;
    if value.len() > longest && value.chars().count() > longest {
        return Err((Code::TextTooLong, "at most 4096 characters"));
    }
    Ok(value)
}

/// An id. Two that differ in bytes that cannot be read would become one.
fn id(value: Text<'_>) -> Result<Text<'_>, Fault> {
    if value.contains(char::REPLACEMENT_CHARACTER) {
        return Err((Code::EventIdInvalid, "must be percent-encoded UTF-8"));
    }
    strict(value)
}

fn time(value: &str, reading: &mut Reading) -> Sent<UnixMillis> {
    if is_placeholder(value) {
        reading.removed("", "placeholder");
        return Sent::Absent;
    }
    UnixMillis::parse_text(value).map_or(Sent::Unusable, Sent::Known)
}

fn amount<'a>(value: &Text<'a>, reading: &mut Reading) -> Result<Option<Amount<'a>>, Fault> {
    if is_placeholder(value) {
        reading.removed("", "placeholder");
        return Ok(None);
    }
    let amount = match &value.0 {
        Cow::Borrowed(value) => Amount::parse(value),
        // Digits and points have no need of an escape.
        Cow::Owned(_) => Err(AmountError::NotANumber),
    };
    amount.map(Some).map_err(|error| match error {
        AmountError::NotANumber => (
            Code::ValueInvalid,
            "must be a number in digits, with a point before its fraction",
        ),
        AmountError::OutOfRange => (
            Code::ValueOutOfRange,
            "must be finite, not negative, and at most 10^12 major units",
        ),
    })
}

fn currency(value: &str) -> Result<Sent<Currency>, Fault> {
    match Currency::parse(value) {
        Some(currency) => Ok(Sent::Known(currency)),
        None if is_placeholder(value) => Ok(Sent::Placeholder),
        None => Err((Code::CurrencyInvalid, CURRENCY)),
    }
}

fn flag(value: &str) -> Result<bool, Fault> {
    match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err((Code::WrongType, "must be true, false, 1 or 0")),
    }
}

fn choice(value: &str, reading: &mut Reading) -> Result<Option<Choice>, Fault> {
    match Choice::parse(value) {
        None if is_placeholder(value) => {
            reading.removed("", "placeholder");
            Ok(None)
        }
        None => Err((Code::InvalidChoice, "must be `granted` or `denied`")),
        known => Ok(known),
    }
}

fn legal_basis(value: &str, reading: &mut Reading) -> Result<Option<LegalBasis>, Fault> {
    match LegalBasis::parse(value) {
        None if is_placeholder(value) => {
            reading.removed("", "placeholder");
            Ok(None)
        }
        None => Err((
            Code::InvalidChoice,
            "must be one of consent, contract, legal_obligation, vital_interests, public_task, legitimate_interests",
        )),
        known => Ok(known),
    }
}

/// The sections that apply. One that nobody can make out is taken for none, by which all of them count.
fn sections(value: &str, reading: &mut Reading) -> Result<Vec<i64>, Fault> {
    if value.split(',').count() > MOST_SECTIONS {
        return Err((Code::TooManyItems, "at most 32 entries"));
    }
    let numbers = value.split(',').map(|text| {
        let number = section_in_force(text);
        if number == ILLEGIBLE {
            reading.changed("", "section_unclear");
        }
        number
    });
    Ok(numbers.collect())
}
