//! What Google's errors mean. Both APIs answer with `google.rpc.Status`: the status' name, and details that name a
//! reason for each field or row (Data Manager API, errors; Google Ads API, errors; read 2026-11-22).

use serde_json::Value;

use crate::exchange::http::Reply;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};
use crate::exchange::status::by_status;

/// Reasons that lie in the account, the consents signed for it or the settings: no event is at fault, and putting
/// them right lets all events pass.
const ACCOUNT: &[&str] = &[
    "CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION",
    "CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE",
    "DESTINATION_ACCOUNT_DATA_POLICY_PROHIBITS_ENHANCED_CONVERSIONS",
    "DESTINATION_ACCOUNT_ENHANCED_CONVERSIONS_TERMS_NOT_SIGNED",
    "DESTINATION_ACCOUNT_NOT_ENABLED_ENHANCED_CONVERSIONS_FOR_LEADS",
    "DESTINATION_ACCOUNT_TYPE_MISMATCH",
    "DUPLICATE_DESTINATION_REFERENCE",
    "EU_POLITICAL_ADVERTISING_DECLARATION_REQUIRED",
    "INVALID_CONVERSION_ACTION_ID",
    "INVALID_CONVERSION_ACTION_TYPE",
    "INVALID_DESTINATION",
    "INVALID_MERCHANT_ID",
    "NOT_ALLOWLISTED",
    "OPERATING_ACCOUNT_LOGIN_ACCOUNT_MISMATCH",
    "REQUIRED_PREREQUISITE_LINK_MISSING",
    "TERMS_AND_CONDITIONS_NOT_SIGNED",
    "TOO_MANY_DESTINATIONS",
    "UNSUPPORTED_VERSION",
];

/// Something that is held against a request.
pub(super) struct Violation {
    pub(super) code: ReasonCode,
    /// The event that it is held against.
    pub(super) event: Option<usize>,
    /// It stands in what the settings say.
    settings: bool,
}

/// The body as JSON, or `null`.
pub(super) fn reading(reply: &Reply) -> Value {
    reply.json()
}

/// The error, whatever the status says; without one, `null` where the status alone is one.
pub(super) fn error_of<'b>(reply: &Reply, body: &'b Value) -> Option<&'b Value> {
    let error = at(body, "/error");
    (!error.is_null() || !(200..=299).contains(&reply.status)).then_some(error)
}

/// What stands at a path such as `/details/0`, or `null`.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    value.pointer(path).unwrap_or(&Value::Null)
}

/// The members of a list; none where it is no list.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A whole number, which Protocol Buffers also spell as a string.
pub(super) fn number(value: &Value) -> Option<u64> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// A name of one of Google's enumerations, never a text: those may repeat what was sent.
pub(super) fn code(value: &Value) -> Option<&str> {
    value.as_str().filter(|name| {
        name.len() <= 100
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    })
}

/// The event in the path of a field: `events.events[3].user_data.user_identifiers[1]`.
pub(super) fn place(field: &str) -> Option<usize> {
    let (_, rest) = field.split_once("events[")?;
    rest.split_once(']')?.0.parse().ok()
}

/// Everything that an error names.
pub(super) fn violations(error: &Value) -> Vec<Violation> {
    let mut found = Vec::new();
    for detail in list(at(error, "/details")) {
        for violation in list(at(detail, "/fieldViolations")) {
            let field = at(violation, "/field").as_str().unwrap_or_default();
            let event = place(field);
            found.push(Violation {
                code: named(code(at(violation, "/reason")).unwrap_or("INVALID_ARGUMENT")),
                event,
                settings: event.is_none() && field.contains("destinations"),
            });
        }
        // The Google Ads API: `{"errorCode": {"<kind>": "<reason>"}, "location": {"fieldPathElements": [..]}}`.
        for failure in list(at(detail, "/errors")) {
            let reason = at(failure, "/errorCode")
                .as_object()
                .and_then(|kinds| kinds.values().find_map(code));
            let index = list(at(failure, "/location/fieldPathElements"))
                .iter()
                .find_map(|element| number(at(element, "/index")));
            found.push(Violation {
                code: named(reason.unwrap_or("UNKNOWN")),
                event: index.and_then(|index| usize::try_from(index).ok()),
                settings: false,
            });
        }
    }
    found
}

fn named(code: &str) -> ReasonCode {
    ReasonCode::theirs(code.to_owned())
}

/// What an error is called: by the most exact of its names.
fn name(reply: &Reply, error: &Value, violations: &[Violation]) -> ReasonCode {
    let first = violations.first().map(|violation| &*violation.code);
    first
        .or_else(|| {
            list(at(error, "/details"))
                .iter()
                .find_map(|detail| code(at(detail, "/reason")))
        })
        .or_else(|| code(at(error, "/status")))
        .map_or_else(|| ReasonCode::http(reply.status), named)
}

/// What an error means for every event alike: the credential, the rate, or Google's own trouble.
pub(super) fn general(reply: &Reply, error: &Value, violations: &[Violation]) -> Option<Outcome> {
    let name = || name(reply, error, violations);
    let status = at(error, "/status").as_str().unwrap_or_default();
    match (status, reply.status) {
        ("UNAUTHENTICATED" | "PERMISSION_DENIED" | "NOT_FOUND", _) | (_, 401 | 403 | 404) => {
            Some(Outcome::Unauthorized { code: name() })
        }
        ("RESOURCE_EXHAUSTED", _) | (_, 429) => {
            // `google.rpc.RetryInfo`: `{"retryDelay": "30s"}`.
            let delay = list(at(error, "/details")).iter().find_map(|detail| {
                let seconds = at(detail, "/retryDelay").as_str()?.strip_suffix('s')?;
                seconds.split('.').next()?.parse::<u32>().ok()
            });
            Some(Outcome::Retry {
                code: name(),
                after: Some(reply.retry_after.or(delay).unwrap_or(60)),
            })
        }
        (
            "ABORTED" | "CANCELLED" | "INTERNAL" | "UNKNOWN" | "UNAVAILABLE" | "DEADLINE_EXCEEDED",
            _,
        )
        | (_, 408 | 409 | 425 | 500..=599) => Some(Outcome::Retry {
            code: name(),
            after: reply.retry_after,
        }),
        _ => by_status(reply),
    }
}

/// What an error means for a batch, none of which was taken.
pub(super) fn refused(reply: &Reply, error: &Value, events: usize) -> Answer {
    let violations = violations(error);
    let account = violations
        .iter()
        .find(|fault| fault.settings || ACCOUNT.contains(&&*fault.code));
    if let Some(fault) = account {
        return Answer::All(Outcome::Unauthorized {
            code: fault.code.clone(),
        });
    }
    if let Some(outcome) = general(reply, error, &violations) {
        return Answer::All(outcome);
    }
    let fault = name(reply, error, &violations);
    let mut places: Vec<(usize, Outcome)> = Vec::new();
    for violation in violations {
        if let Some(place) = violation.event
            && place < events
            && places.iter().all(|(known, _)| *known != place)
        {
            places.push((place, Outcome::rejected(violation.code)));
        }
    }
    if places.is_empty() {
        Answer::Split(Outcome::rejected(fault))
    } else {
        Answer::Isolate(places)
    }
}
