//! What platforms call events.

use serde_json::Value;

use crate::base::fields::Fields;
use crate::base::table::Table;

/// The event names of a platform: overrides of the operator, then the platform's own table, then the name itself.
#[derive(Debug, Clone, Default)]
pub struct EventNames {
    overrides: Table<String, Option<String>>,
}

impl EventNames {
    /// The event map `events`: canonical name to the platform's, or `false` to leave the event out.
    pub(crate) fn read(fields: &mut Fields<'_, '_>) -> Self {
        let mut names = Self::default();
        match fields.take("events") {
            None => {}
            Some(Value::Object(map)) => {
                for (name, value) in map {
                    match value {
                        Value::String(to) => names.set(name, Some(to)),
                        Value::Bool(false) => names.set(name, None),
                        // `true` is what the platform's own table says.
                        Value::Bool(true) => {}
                        _ => fields.fault(&format!("events.{name}"), "must be a name or false"),
                    }
                }
            }
            Some(_) => fields.fault("events", "must be a table"),
        }
        names
    }

    /// The operator's word on an event: another name, or none.
    pub(crate) fn set(&mut self, name: String, to: Option<String>) {
        self.overrides.insert(name, to);
    }

    /// The operator's word on an event: `Some(None)` leaves it out.
    pub(crate) fn overridden(&self, name: &str) -> Option<Option<&str>> {
        self.overrides.get(name).map(Option::as_deref)
    }

    /// What the platform calls an event: the operator's word, else the table's. Custom events, which no table has, keep
    /// their name. `None` leaves the event out.
    pub(crate) fn resolve<'n>(
        &'n self,
        table: &[(&'static str, &'static str)],
        name: &'n str,
    ) -> Option<&'n str> {
        match self.overridden(name) {
            Some(overridden) => overridden,
            // No platform but Google's has refunds, and a refund by another name would count as a sale.
            None if name == "refund" => None,
            None => Some(
                table
                    .iter()
                    .find(|(canonical, _)| *canonical == name)
                    .map_or(name, |(_, theirs)| *theirs),
            ),
        }
    }

    /// The platform's names that the operator gave.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&str, &str)> {
        self.overrides
            .iter()
            .filter_map(|(name, to)| Some((name.as_str(), to.as_deref()?)))
    }
}

/// Our name of an event, by what the platform calls it: that of `names` which `theirs` stands for. Where several go by one
/// name, or none of ours does, it keeps the platform's.
pub(crate) fn ours<'n>(
    theirs: &str,
    names: &mut dyn Iterator<Item = &'n str>,
    to: &dyn Fn(&'n str) -> Option<&'n str>,
) -> String {
    let mut found: Option<&str> = None;
    for name in names {
        if to(name) == Some(theirs) {
            if found.is_some_and(|known| known != name) {
                return theirs.to_owned();
            }
            found = Some(name);
        }
    }
    found.unwrap_or(theirs).to_owned()
}

/// Takes a table from event names to ids, for platforms that know events by the ids of rules or tags alone.
pub(crate) fn ids(
    fields: &mut Fields<'_, '_>,
    key: &'static str,
    valid: fn(&str) -> bool,
    rule: &str,
) -> Table<String, String> {
    let ids = fields.texts(key);
    if ids.is_empty() {
        fields.fault(key, "names no event, so none would be sent");
    }
    for (name, id) in ids.iter() {
        let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let canonical = (1..=40).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(letter);
        let at = [key, ".", name].concat();
        if !canonical {
            fields.fault(
                &at,
                "is not the name of an event: a-z, then up to 39 of a-z, 0-9 and _",
            );
        } else if !valid(id) {
            fields.fault(&at, rule);
        }
    }
    ids
}
