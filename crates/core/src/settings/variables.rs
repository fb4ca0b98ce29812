//! Settings out of a deployment's variables.

use serde_json::{Map, Value};

use crate::base::fields::{Fault, shown_path, shown_secret_name};
use crate::base::secret::{ADMIN_TOKEN, KEY};

/// Text that is no JSON: where it breaks off, not what stands there.
pub(super) fn no_json(path: &str, error: &serde_json::Error) -> Fault {
    Fault {
        path: path.to_owned(),
        message: error.to_string(),
    }
}

/// The settings that a deployment's variables hold, merged, and what is wrong with the variables themselves.
///
/// Cloudflare holds a variable to 5 kB, so settings may be spread over several: all those whose names begin with `EDGETALLY`, be
/// they tables or texts that begin with `{`. Any other text is a secret of that name, and so are `EDGETALLY_KEY` and
/// `EDGETALLY_ADMIN_TOKEN` whatever they hold. Tables of the same path become one; a value may stand in one variable only.
pub fn merge(variables: &str) -> (Value, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut merged = Map::new();
    let Ok(variables) = serde_json::from_str::<Map<String, Value>>(variables) else {
        return (Value::Object(merged), faults);
    };
    for (name, value) in variables {
        if !name.starts_with("EDGETALLY") || matches!(name.as_str(), KEY | ADMIN_TOKEN) {
            continue;
        }
        let value = match value {
            Value::String(text) => {
                let text = text.trim().trim_start_matches('\u{feff}');
                if name != "EDGETALLY" && !text.starts_with('{') {
                    continue;
                }
                match serde_json::from_str(text) {
                    Ok(value) => value,
                    Err(error) => {
                        faults.push(no_json(shown_secret_name(&name), &error));
                        continue;
                    }
                }
            }
            value => value,
        };
        match value {
            Value::Object(table) => merge_tables(&mut merged, table, "", &mut faults),
            _ => faults.push(Fault {
                path: shown_secret_name(&name).to_owned(),
                message: "must be a table".to_owned(),
            }),
        }
    }
    (Value::Object(merged), faults)
}

fn merge_tables(
    into: &mut Map<String, Value>,
    from: Map<String, Value>,
    path: &str,
    faults: &mut Vec<Fault>,
) {
    for (key, value) in from {
        let path = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        match (into.get_mut(&key), value) {
            (None, value) => {
                into.insert(key, value);
            }
            (Some(Value::Object(known)), Value::Object(more)) => {
                merge_tables(known, more, &path, faults);
            }
            _ => faults.push(Fault {
                path: shown_path(&path),
                message: "is set in two variables".to_owned(),
            }),
        }
    }
}
