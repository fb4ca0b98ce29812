//! What a source says of the SDKs of Segment and RudderStack that send for it.

use serde_json::Value;

use crate::base::fields::{Fields, Reader};
use crate::base::table::Table;
use crate::settings::client::{Category, categories};

/// What a source says of the SDKs that send for it.
#[derive(Debug, Default)]
pub struct Sdk {
    /// Whether the write key is taken from whatever shows no origin: from apps.
    pub apps: bool,
    /// Whether a refusal has a status of its own, where the source is known.
    pub strict_answers: bool,
    /// Which events of ours names of `track` calls stand for, beside and before the table of the format.
    pub events: Table<String, String>,
    /// What the categories of `context.consent` stand for.
    pub categories: Table<String, Category>,
}

impl Sdk {
    /// Reads the table `sdk` of a source; `pages` says whether it has a write key.
    pub(super) fn read(
        value: Option<Value>,
        path: &str,
        pages: bool,
        reader: &mut Reader<'_>,
    ) -> Self {
        let value = value.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let Some(mut fields) = Fields::new(value, path, reader) else {
            return Self::default();
        };
        let apps = fields.flag("apps", false);
        if apps && !pages {
            fields.fault("apps", "is about a `key`, and there is none");
        }
        let strict_answers = fields.flag("strict_answers", false);
        let events = fields.texts("events");
        for (name, event) in events.iter() {
            if !crate::event::is_name(event) {
                fields.fault(
                    &format!("events.{name}"),
                    "is not the name of an event: a-z, then up to 39 of a-z, 0-9 and _",
                );
            }
        }
        let categories = categories(&mut fields);
        fields.end();
        Self {
            apps,
            strict_answers,
            events,
            categories,
        }
    }
}
