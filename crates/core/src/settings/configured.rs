//! A destination as configured.

use serde_json::Value;

use crate::base::fields::{Fields, Reader};
use crate::destinations::destination::Destination;
use crate::destinations::{self};

/// A destination as configured.
#[derive(Debug)]
pub struct Configured {
    /// Its name in the settings, the ledger and the answers.
    pub name: String,
    /// The platform, ready to encode.
    pub destination: Box<dyn Destination>,
}

pub(super) fn open_destination(
    name: &str,
    value: Value,
    path: &str,
    reader: &mut Reader<'_>,
) -> Option<Box<dyn Destination>> {
    let mut fields = Fields::new(value, path, reader)?;
    let platform = if fields.has("platform") {
        fields.text("platform")?
    } else {
        name.to_owned()
    };
    let Some(entry) = destinations::ALL
        .iter()
        .find(|entry| entry.platform == platform)
    else {
        let known: Vec<_> = destinations::ALL
            .iter()
            .map(|entry| entry.platform)
            .collect();
        let place = if platform == name {
            path.to_owned()
        } else {
            format!("{path}.platform")
        };
        fields.reader.fault(
            place,
            format!("there is no such platform; there are {}", known.join(", ")),
        );
        return None;
    };
    let opened = (entry.open)(name, &mut fields);
    fields.end();
    opened
}
