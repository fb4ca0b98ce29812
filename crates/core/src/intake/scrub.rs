//! The one gate behind everything that is filled in: no field of a parcel shows in the open what only digests may.

use std::borrow::Cow;

use crate::base::error::{Code, ParseError};
use crate::base::personal::Visitor;
use crate::base::remarks::Remarks;
use crate::base::text::Text;
use crate::event::Property;
use crate::identity::{Hints, User};
use crate::intake::reader::is_plain;
use crate::queue::parcel::Parcel;

const CODE: &str = "personal_data";

/// Refuses an event of which a name or an id shows somebody: without those there is no event, and with them every ledger
/// would show it.
fn check_names(parcel: &Parcel<'_>, visitor: &Visitor) -> Result<(), ParseError> {
    for (path, code, text) in [
        ("event", Code::EventNameInvalid, Some(&parcel.name)),
        ("event_id", Code::EventIdInvalid, Some(&parcel.id)),
        (
            "transaction_id",
            Code::EventIdInvalid,
            parcel.transaction_id.as_ref(),
        ),
    ] {
        if text.is_some_and(|text| visitor.shows(text)) {
            let rule =
                "must not hold an e-mail address, nor the visitor's telephone number or name";
            return Err(ParseError::new(code, path, rule));
        }
    }
    Ok(())
}

/// Leaves out what shows the visitor, or anybody's e-mail address, and says where.
///
/// # Errors
/// Where it stands in a name or an id: without those there is no event, and with them every ledger would show it.
pub(super) fn scrub(
    parcel: &mut Parcel<'_>,
    user: &User<'_>,
    hints: Hints,
    remarks: &mut Remarks,
) -> Result<(), ParseError> {
    let visitor = &user.in_clear(hints);
    check_names(parcel, visitor)?;
    for (path, slot) in [
        ("context.page_url", parcel.page_url.get_mut()),
        ("context.referrer", parcel.referrer.get_mut()),
    ] {
        let Some(url) = slot else { continue };
        match visitor.clean_address(url) {
            Some(Cow::Borrowed(_)) => {}
            Some(Cow::Owned(clean)) => {
                *slot = Some(clean.into());
                remarks.changed(path, CODE);
            }
            None => {
                *slot = None;
                remarks.removed(path, CODE);
            }
        }
    }
    for (path, slot) in [
        ("context.page_title", &mut parcel.page_title),
        ("context.user_agent", parcel.user_agent.get_mut()),
        ("context.client_id", parcel.client_id.get_mut()),
        ("context.session_id", parcel.session_id.get_mut()),
        ("release", &mut parcel.release),
    ] {
        clear(slot, visitor, remarks, || path.to_owned());
    }
    for (path, pairs) in [
        ("context.cookies", parcel.cookies.get_mut()),
        ("context.click_ids", parcel.click_ids.get_mut()),
    ] {
        pairs.retain(|(name, value)| keeps(visitor, remarks, path, name, visitor.shows(value)));
    }
    parcel
        .properties
        .retain(|(name, value)| keeps(visitor, remarks, "properties", name, shows(visitor, value)));
    for (index, item) in parcel.items.iter_mut().enumerate() {
        let at = |name: &str| format!("items[{index}].{name}");
        clear(&mut item.item_id, visitor, remarks, || at("item_id"));
        clear(&mut item.item_name, visitor, remarks, || at("item_name"));
        item.properties.retain(|(name, value)| {
            let shown = shows(visitor, value);
            keeps(visitor, remarks, &at("properties"), name, shown)
        });
        item.more.retain(|(name, value)| {
            let shows = visitor.shows(value);
            if shows {
                remarks.removed(at(name), CODE);
            }
            !shows
        });
    }
    if parcel
        .identifiers
        .get_mut()
        .drop_clear(user, |text| visitor.shows(text))
    {
        remarks.removed("user", CODE);
    }
    Ok(())
}

fn clear(
    slot: &mut Option<Text<'_>>,
    visitor: &Visitor,
    remarks: &mut Remarks,
    path: impl FnOnce() -> String,
) {
    if slot.as_ref().is_some_and(|text| visitor.shows(text)) {
        *slot = None;
        remarks.removed(path(), CODE);
    }
}

fn shows(visitor: &Visitor, value: &Property<'_>) -> bool {
    match value {
        Property::Text(text) => visitor.shows(text),
        Property::Number(number) => visitor.shows(number.as_str()),
        Property::Flag(_) => false,
    }
}

/// Whether a pair stays. A name that the sender made up is told only where it is a plain word that shows nobody.
fn keeps(visitor: &Visitor, remarks: &mut Remarks, path: &str, name: &str, shown: bool) -> bool {
    let named = visitor.shows(name);
    if !named && !shown {
        return true;
    }
    remarks.removed(
        if !named && is_plain(name) {
            format!("{path}.{name}")
        } else {
            path.to_owned()
        },
        CODE,
    );
    false
}
