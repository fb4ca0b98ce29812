//! What a status alone says.

use crate::exchange::http::Reply;
use crate::exchange::outcome::{Outcome, ReasonCode};

/// The outcome of a reply whose status alone says enough, the same for every platform: too many requests, a server's
/// own trouble, or something in between that is no platform's answer.
pub(crate) fn by_status(reply: &Reply) -> Option<Outcome> {
    let code = ReasonCode::http(reply.status);
    match reply.status {
        429 => Some(Outcome::Retry {
            code,
            after: Some(reply.retry_after.unwrap_or(60)),
        }),
        408 | 425 | 500..=599 => Some(Outcome::Retry {
            code,
            after: reply.retry_after,
        }),
        // A redirect or an informational status is not an answer of any of these interfaces.
        100..=199 | 300..=399 => Some(Outcome::retry(code)),
        _ => None,
    }
}
