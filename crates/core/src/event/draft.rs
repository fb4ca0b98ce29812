//! An event as it was sent, before any rule, and the gate through which every format comes.

use crate::base::error::{Code, ParseError};
use crate::base::money::{Amount, Currency, Money};
use crate::base::remarks::Remarks;
use crate::base::text::{Text, is_placeholder, trimmed};
use crate::base::time::UnixMillis;
use crate::consent::Signals;
use crate::event::{
    ActionSource, Context, Event, FUTURE_TOLERANCE_MS, Item, LONGEST_ID, Property, Selection,
    is_name,
};
use crate::identity::User;

/// An event as it was sent, before any rule. A format fills in what it has read, and leaves at its default what was not
/// sent.
#[derive(Default)]
pub struct Draft<'a> {
    /// The event's name.
    pub name: Option<Text<'a>>,
    /// The sender's id of the event.
    pub id: Option<Text<'a>>,
    /// When it happened.
    pub time: Sent<UnixMillis>,
    /// What it was worth.
    pub value: Option<Amount<'a>>,
    /// The currency of that.
    pub currency: Sent<Currency>,
    /// The order.
    pub transaction_id: Option<Text<'a>>,
    /// What the shop's server signed the order with.
    pub token: Option<Text<'a>>,
    /// What the customer is expected to be worth.
    pub predicted_ltv: Option<Amount<'a>>,
    /// What was bought or looked at.
    pub items: Vec<Item<'a>>,
    /// Who it was.
    pub user: User<'a>,
    /// Where it happened.
    pub context: Context<'a>,
    /// What the visitor allows.
    pub signals: Signals<'a>,
    /// Through which door it came.
    pub action_source: Option<ActionSource>,
    /// The sender's version label.
    pub release: Option<Text<'a>>,
    /// To be sent in the platforms' test modes.
    pub test: Option<bool>,
    /// Free data.
    pub properties: Vec<(Text<'a>, Property<'a>)>,
    /// Which destinations it is for.
    pub selection: Selection<'a>,
    /// What was left out or changed while it was read.
    pub remarks: Remarks,
}

impl std::fmt::Debug for Draft<'_> {
    /// Nothing of it: all of it is the sender's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").finish_non_exhaustive()
    }
}

/// A value that a rule asks for, as it was sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sent<T> {
    /// Not at all.
    #[default]
    Absent,
    /// As a word such as `undefined`, which a template leaves where there is no value.
    Placeholder,
    /// As something that cannot be read.
    Unusable,
    /// As it should be.
    Known(T),
}

impl<'a> Draft<'a> {
    /// Makes an event of it. `now` is the time of receipt.
    ///
    /// # Errors
    /// The first rule that is broken, with the native format's path; never a value.
    pub fn check(mut self, now: UnixMillis) -> Result<Event<'a>, ParseError> {
        let mut remarks = std::mem::take(&mut self.remarks);
        let mut tidied = |text: Option<Text<'a>>, path| {
            text.map(|text| {
                let (text, was_trimmed) = trimmed(text);
                if was_trimmed {
                    remarks.changed(path, "trimmed");
                }
                text
            })
        };
        let name = tidied(self.name.take(), "event");
        let id = tidied(self.id.take(), "event_id");
        let order = tidied(self.transaction_id.take(), "transaction_id");
        let name =
            name.ok_or_else(|| ParseError::new(Code::EventMissing, "event", "is required"))?;
        check_name(&name)?;
        let part = name.as_str() == "refund" && id.is_none();
        let timed = self.time != Sent::Absent;
        let (id, transaction_id) = check_ids(&name, id, order, &mut remarks)?;
        let money = self.money(&name, &mut remarks)?;
        let time = match self.time {
            Sent::Absent => now,
            Sent::Known(time) => check_time(time, now)?,
            Sent::Unusable | Sent::Placeholder => {
                return Err(ParseError::new(
                    Code::EventTimeInvalid,
                    "event_time",
                    "must be a date and time with a zone (RFC 3339), or Unix seconds or milliseconds, after the year 2000",
                ));
            }
        };
        let said_time = match self.time {
            Sent::Known(time) => Some(time),
            _ => None,
        };
        let mut event = Event {
            name,
            id,
            time,
            said_time,
            money,
            transaction_id,
            token: self.token.filter(|token| !is_placeholder(token)),
            predicted_ltv: self.predicted_ltv,
            items: self.items,
            user: self.user,
            context: self.context,
            signals: self.signals,
            action_source: self.action_source.unwrap_or_default(),
            release: self.release,
            test: self.test.unwrap_or(false),
            properties: self.properties,
            selection: self.selection,
            remarks,
        };
        if part {
            event.id = event.refund_id(timed);
        }
        Ok(event)
    }

    fn money(&self, name: &str, remarks: &mut Remarks) -> Result<Option<Money<'a>>, ParseError> {
        if name == "purchase" && self.value.is_none() {
            return Err(ParseError::new(
                Code::ValueMissing,
                "value",
                "is required for a purchase",
            ));
        }
        match (self.value, self.currency) {
            (Some(amount), Sent::Known(currency)) => Ok(Some(Money { amount, currency })),
            (Some(_), Sent::Absent) => Err(ParseError::new(
                Code::CurrencyMissing,
                "currency",
                "is required with a value",
            )),
            (Some(_), Sent::Placeholder) | (_, Sent::Unusable) => {
                Err(ParseError::new(Code::CurrencyInvalid, "currency", CURRENCY))
            }
            (None, Sent::Placeholder) => {
                remarks.removed("currency", "placeholder");
                Ok(None)
            }
            (None, _) => Ok(None),
        }
    }
}

/// The event's id and its order's, where a purchase may be known by its order.
fn check_ids<'a>(
    name: &str,
    id: Option<Text<'a>>,
    mut order: Option<Text<'a>>,
    remarks: &mut Remarks,
) -> Result<(Text<'a>, Option<Text<'a>>), ParseError> {
    let by_order = matches!(name, "purchase" | "refund");
    match &order {
        // Beside an id, or where no order is asked for, it decorates.
        Some(given) if is_placeholder(given) => {
            if by_order && id.is_none() {
                return Err(no_id("transaction_id"));
            }
            remarks.removed("transaction_id", "placeholder");
            order = None;
        }
        Some(given) => check_id(given, "transaction_id")?,
        None => {}
    }
    let id = match id {
        Some(id) if is_placeholder(&id) => return Err(no_id("event_id")),
        Some(id) => {
            check_id(&id, "event_id")?;
            id
        }
        None => order.clone().filter(|_| by_order).ok_or_else(|| {
            let rule = if by_order {
                "is required, or a transaction_id in its place: without an id, copies cannot be told apart"
            } else {
                "is required: without an id, copies cannot be told apart"
            };
            ParseError::new(Code::EventIdMissing, "event_id", rule)
        })?,
    };
    Ok((id, order))
}

/// The rule of a currency.
pub(crate) const CURRENCY: &str = "is not a three-letter ISO 4217 code";

/// The fault of an id that is a placeholder: of all orders without an id, one would be counted.
fn no_id(path: &'static str) -> ParseError {
    ParseError::new(
        Code::EventIdPlaceholder,
        path,
        "must not be a placeholder such as `undefined`: all events without an id would be one",
    )
}

fn check_name(name: &str) -> Result<(), ParseError> {
    if is_placeholder(name) {
        return Err(ParseError::new(
            Code::EventNameInvalid,
            "event",
            "must not be a placeholder such as `undefined`",
        ));
    }
    if is_name(name) {
        return Ok(());
    }
    Err(ParseError::new(
        Code::EventNameInvalid,
        "event",
        "must be a lower-case letter followed by at most 39 of a-z, 0-9 and _",
    ))
}

/// Whether a text can be an id.
pub(crate) fn check_id(id: &str, path: &'static str) -> Result<(), ParseError> {
    let rule = if id.len() > LONGEST_ID && id.chars().count() > LONGEST_ID {
        "at most 128 characters"
    } else if id.chars().any(char::is_control) {
        "must not hold control characters"
    } else if crate::base::personal::holds_email(id) {
        "must not hold an e-mail address"
    } else {
        return Ok(());
    };
    Err(ParseError::new(Code::EventIdInvalid, path, rule))
}

fn check_time(time: UnixMillis, now: UnixMillis) -> Result<UnixMillis, ParseError> {
    if time.0 > now.0 + FUTURE_TOLERANCE_MS {
        return Err(ParseError::new(
            Code::EventTimeInFuture,
            "event_time",
            "must not lie more than five minutes ahead of the time of receipt",
        ));
    }
    Ok(time.min(now))
}
