//! Money back: conversions taken back or restated.
//!
//! `POST https://googleads.googleapis.com/v25/customers/{customer_id}:uploadConversionAdjustments`, read 2026-11-22.
//! The Data Manager API has no such thing. A conversion is found by its conversion action and the order's id, which
//! has to be the one that it was sent with. Restated is what remains of its value, not what was paid back, and no
//! event says that by itself: the sender has to put it into the property `remaining_value`. Without it, a refund is one
//! of the whole order only where it says so, in the property `refund`, or says nothing about how much came back: an
//! amount or items may be a part, and nobody here knows what the order was worth.

use serde_json::Value;

use super::reply::{at, list, violations};
use crate::base::json::Object;
use crate::base::money::{Amount, Currency};
use crate::base::reason::{Cause, Skip};
use crate::base::time::{DAY_MS, UnixMillis};
use crate::destinations::google_ads::limits::LONGEST_TRANSACTION_ID;
use crate::destinations::input::Input;
use crate::event::Property;
use crate::exchange::outcome::{Answer, Outcome, ReasonCode};

/// Google adjusts conversions of at most so long ago. When that was the refund does not say, but not later than it.
pub(super) const MOST_AGE_MS: i64 = 54 * DAY_MS;

/// Google has the adjustment, or a later one.
const DONE: &[&str] = &[
    "CONVERSION_ALREADY_RETRACTED",
    "DUPLICATE_ADJUSTMENT_IN_REQUEST",
    "MORE_RECENT_RESTATEMENT_FOUND",
    "RESTATEMENT_ALREADY_EXISTS",
];

/// What becomes of the order's conversion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Adjustment<'e> {
    order_id: &'e str,
    /// What remains of its value; nothing where nothing does.
    remains: Option<(Amount<'e>, Currency)>,
}

impl<'e> Adjustment<'e> {
    /// What a refund comes to.
    pub(super) fn of(input: &Input<'e>) -> Result<Self, Skip> {
        let order_id = input.transaction_id().ok_or(Skip::TransactionIdMissing)?;
        if order_id.chars().count() > LONGEST_TRANSACTION_ID {
            return Err(Skip::TransactionIdTooLong);
        }
        let told = input.money().is_some() || !input.items().is_empty();
        let kind = input.text("refund").unwrap_or_default();
        let whole =
            kind.eq_ignore_ascii_case("full") || (!told && !kind.eq_ignore_ascii_case("partial"));
        let remains = match input.property("remaining_value") {
            None if whole => None,
            None => return Err(Skip::RefundRemainingValueMissing),
            Some(Property::Number(number)) => {
                let amount = Amount::parse(number.as_str())
                    .map_err(|_| Skip::RefundRemainingValueInvalid)?;
                if amount.to_f64() > 0.0 {
                    // Without a currency Google would take the account's.
                    let money = input.money().ok_or(Skip::RefundCurrencyMissing)?;
                    Some((amount, money.currency))
                } else {
                    None
                }
            }
            Some(_) => return Err(Skip::RefundRemainingValueInvalid),
        };
        Ok(Self { order_id, remains })
    }
}

/// The last of a request's refunds of the same order. Google takes one of an order per request and calls the others
/// `DUPLICATE_ADJUSTMENT_IN_REQUEST`, whatever they say. As each says what remains of the whole, the last one says it for
/// all of them, and every row of the order is that one. Of two in the same second, which is as fine as the API's times
/// are, the last one is that which leaves less.
fn last<'e>(
    batch: &[Input<'e>],
    input: &Input<'e>,
    now: UnixMillis,
) -> Option<(Adjustment<'e>, UnixMillis)> {
    let order_id = Adjustment::of(input).ok()?.order_id;
    let left = |adjustment: &Adjustment<'_>| adjustment.remains.map(|(amount, _)| amount.to_f64());
    batch
        .iter()
        .filter_map(|other| Some((Adjustment::of(other).ok()?, other.time(now))))
        .filter(|(adjustment, _)| adjustment.order_id == order_id)
        .max_by(|(one, at), (other, then)| {
            let (one, other) = (left(one), left(other));
            // What was taken back as a whole stays so.
            (one.is_none().cmp(&other.is_none()))
                .then((at.0 / 1000).cmp(&(then.0 / 1000)))
                .then(other.unwrap_or(0.0).total_cmp(&one.unwrap_or(0.0)))
        })
}

/// `yyyy-mm-dd hh:mm:ss+00:00`, the form that this API wants.
fn date_time(time: UnixMillis) -> String {
    let text = time.to_rfc3339();
    let part = |from, to| text.get(from..to).unwrap_or_default();
    [part(0, 10), " ", part(11, 19), "+00:00"].concat()
}

/// The request for refunds.
pub(super) fn body(
    batch: &[Input<'_>],
    customer_id: &str,
    action: &str,
    test: bool,
    now: UnixMillis,
) -> Vec<u8> {
    let action = ["customers/", customer_id, "/conversionActions/", action].concat();
    Object::write(|body| {
        body.put("partialFailure", true);
        body.put("validateOnly", test.then_some(true));
        body.objects("conversionAdjustments", batch, |row, input| {
            // Rows are told apart by their place, so none may be missing; all of them passed the check.
            let last = last(batch, input, now);
            let adjustment = last.map(|(adjustment, _)| adjustment);
            let remains = adjustment.and_then(|adjustment| adjustment.remains);
            let time = last.map_or_else(|| input.time(now), |(_, time)| time);
            row.put("conversionAction", &action);
            row.put(
                "adjustmentType",
                match remains {
                    Some(_) => "RESTATEMENT",
                    None => "RETRACTION",
                },
            );
            row.put(
                "orderId",
                adjustment.map_or("", |adjustment| adjustment.order_id),
            );
            row.put("adjustmentDateTime", date_time(time));
            if let Some((amount, currency)) = &remains {
                row.object("restatementValue", |value| {
                    value.put("adjustedValue", *amount);
                    value.put("currencyCode", currency);
                });
            }
        });
    })
}

/// What the reply to a request that was let in means: rows fail one by one.
pub(super) fn read(events: usize, test: bool, body: &Value) -> Answer {
    if !body.is_object() {
        return Answer::All(Outcome::retry(Cause::ReplyUnreadable));
    }
    let failure = at(body, "/partialFailureError");
    let faults = violations(failure);
    if faults.is_empty() && !failure.is_null() {
        return Answer::All(Outcome::retry(Cause::ReplyUnreadable));
    }
    let results = list(at(body, "/results"));
    let outcomes = (0..events).map(|place| {
        let fault = faults.iter().find(|fault| fault.event == Some(place));
        // An adjustment that failed has an empty result; one that was only validated has none.
        let taken = results
            .get(place)
            .and_then(Value::as_object)
            .is_some_and(|result| !result.is_empty());
        match (fault, faults.iter().find(|fault| fault.event.is_none())) {
            (Some(fault), _) => outcome(&fault.code),
            (None, _) if taken => Outcome::Delivered,
            // Held against nobody in particular: repeating does no harm.
            (None, Some(fault)) => Outcome::retry(fault.code.clone()),
            (None, None) if test => Outcome::Delivered,
            (None, None) => Outcome::retry(Cause::ReplyUnreadable),
        }
    });
    Answer::Each(outcomes.collect())
}

/// What a reason means for the row that has it (conversion adjustment upload errors, v25).
fn outcome(reason: &str) -> Outcome {
    let code = ReasonCode::theirs(reason.to_owned());
    let later = |seconds| Outcome::Retry {
        code: code.clone(),
        after: Some(seconds),
    };
    match reason {
        // It may still be on its way to the reports.
        "CONVERSION_NOT_FOUND" => later(3600),
        // To be tried again in six hours, and a day after the conversion.
        "TOO_RECENT_CONVERSION_ACTION" | "TOO_RECENT_CONVERSION" => later(21_600),
        "INTERNAL_ERROR" | "TRANSIENT_ERROR" => Outcome::retry(code),
        reason if DONE.contains(&reason) => Outcome::Remarked { code },
        _ => Outcome::Rejected { code },
    }
}
