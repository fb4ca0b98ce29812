//! The requests that a delivery makes of the queue's messages.

use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::{Delivery, Gates, OutgoingRequest};
use edgetally_core::exchange::http::{Failure, Reply};
use edgetally_core::queue::envelope::{self, Envelope, Message};
use edgetally_core::settings::Settings;
use serde_json::{Map, Value, json};

use super::placeholders::named;

/// What stands in the place of an access token that the gateway would fetch.
const TOKEN: &str = "<ACCESS_TOKEN>";
/// What stands in the place of what is made with a secret.
const SIGNATURE: &str = "<SIGNATURE>";
/// What stands in the place of a service account's signed assertion.
const ASSERTION: &str = "<ASSERTION>";

/// A request, with the names of secrets in the place of them.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) destination: String,
    /// It fetches an access token.
    pub(super) token: bool,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Sent {
    fn new(outgoing: &OutgoingRequest, token: bool) -> Self {
        let request = &outgoing.request;
        let mut body = String::from_utf8_lossy(request.body()).into_owned();
        if let Some(signing) = &outgoing.signing {
            // The runtime puts the signature behind the body, which ends with what is signed and a point.
            let unsigned = format!("{}.", signing.message);
            if let Some(before) = body.strip_suffix(&unsigned) {
                body = format!("{before}{ASSERTION}");
            }
        }
        let mut headers: Vec<(String, String)> = request
            .headers()
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.to_string(), named(&value).into_owned())
            })
            .collect();
        headers.sort();
        Self {
            destination: outgoing.destination.clone(),
            token,
            method: request.method().to_string(),
            url: named(&request.uri().to_string()).into_owned(),
            headers,
            body: named(&body).into_owned(),
        }
    }

    pub(super) fn told(&self) -> Value {
        let headers: Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        json!({
            "for": if self.token { "access_token" } else { "events" },
            "method": self.method,
            "url": self.url,
            "headers": headers,
            "body": self.body,
        })
    }
}

/// Every request that the messages lead to.
pub(super) fn of(settings: &Settings, messages: &[String], now: UnixMillis) -> Vec<Sent> {
    let envelopes: Vec<Envelope<'_>> = messages
        .iter()
        .filter_map(|message| match envelope::open(message) {
            Ok(Message::Events(envelope)) => Some(envelope),
            _ => None,
        })
        .collect();
    let mut sent = Vec::new();
    let mut gates = Gates::new();
    let mut delivery = Delivery::new(settings, &envelopes, &gates, now);
    while let Some(outgoing) = delivery.next(&mut gates, now) {
        let token = fetches_token(settings, &outgoing, now);
        sent.push(Sent::new(&outgoing, token));
        if token {
            let reply = Reply {
                status: 200,
                retry_after: None,
                body: json!({"access_token": TOKEN, "expires_in": 3600})
                    .to_string()
                    .into_bytes(),
            };
            delivery.answer(outgoing.ticket, &Ok(reply), &mut gates, now);
        } else {
            // Nobody answers, and no gate learns of it.
            let mut away = gates.clone();
            delivery.answer(outgoing.ticket, &Err(Failure::Connection), &mut away, now);
        }
    }
    sent
}

/// Whether a request is for the token that its destination needs first.
fn fetches_token(settings: &Settings, outgoing: &OutgoingRequest, now: UnixMillis) -> bool {
    let to = settings.destination(&outgoing.destination);
    let access = to.and_then(|to| to.destination.access());
    let asking = access.and_then(|access| access.request(now).ok());
    asking.is_some_and(|(request, _)| request.uri() == outgoing.request.uri())
}

/// The same requests with a placeholder for whatever was made with a secret, told by other secrets having made another.
pub(super) fn without_signatures(mut sent: Vec<Sent>, others: &[Sent]) -> Vec<Sent> {
    for (one, other) in sent.iter_mut().zip(others) {
        for ((_, value), (_, its)) in one.headers.iter_mut().zip(&other.headers) {
            *value = common(value, its);
        }
        one.url = common(&one.url, &other.url);
        one.body = common(&one.body, &other.body);
    }
    sent
}

/// A text with a placeholder for each part that another has otherwise. Parts end where lists and quotations do.
fn common(one: &str, other: &str) -> String {
    if one == other {
        return one.to_owned();
    }
    let ends = [' ', ',', '"', '&'];
    let parts = |text| str::split_inclusive(text, ends);
    if parts(one).count() != parts(other).count() {
        return SIGNATURE.to_owned();
    }
    let pairs = parts(one).zip(parts(other));
    pairs
        .map(|(one, other)| {
            if one == other {
                return one.to_owned();
            }
            let end = one.chars().last().filter(|end| ends.contains(end));
            SIGNATURE.to_owned() + &end.map(String::from).unwrap_or_default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::common;

    #[test]
    fn what_differs_is_a_signature() {
        assert_eq!(common("v1,abc=", "v1,abd="), "v1,<SIGNATURE>");
        assert_eq!(
            common(
                r#"OAuth a="1", s="x%3D", b="2""#,
                r#"OAuth a="1", s="y%3D", b="2""#
            ),
            r#"OAuth a="1", s="<SIGNATURE>", b="2""#
        );
        assert_eq!(common("a b", "a"), "<SIGNATURE>");
        assert_eq!(common("same", "same"), "same");
    }
}
