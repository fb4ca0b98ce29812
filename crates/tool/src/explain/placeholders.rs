//! Secrets that are not there: made up so that every rule holds, and shown by their names.

use std::borrow::Cow;

use edgetally_core::settings::Settings;

use crate::config::Config;
use crate::fault::Refused;

/// One set of made-up secrets, and another one that differs in every secret.
pub(crate) const ONE: char = 'a';
pub(crate) const OTHER: char = 'b';

/// Around the name of a secret stand letters that no name has, none of which needs an escape anywhere.
const BEFORE: &str = "edgetallysecretx";
const AFTER: &str = "xmadeupofnothing";

/// The settings with made-up secrets.
pub(crate) fn settings(config: &Config, set: char) -> Result<Settings, Refused> {
    // Which of them have to be a service account's key file is for the settings to say: those whose fault that mends.
    let mut files: Vec<String> = Vec::new();
    let load = |files: &[String]| {
        let is_file = |name: &str| files.iter().any(|file| file == name);
        config.load(&|name| made_up(name, set, is_file(name)))
    };
    let (mut loaded, asked) = load(&files);
    for name in asked {
        let Err(faults) = &loaded else { break };
        files.push(name);
        let (again, _) = load(&files);
        let mended = match &again {
            Ok(_) => true,
            Err(left) => left.len() < faults.len(),
        };
        if mended {
            loaded = again;
        } else {
            files.pop();
        }
    }
    loaded.map_err(Refused::settings)
}

fn made_up(name: &str, set: char, file: bool) -> String {
    let secret = [BEFORE, name, AFTER, &String::from(set)].concat();
    if file {
        format!(r#"{{"client_email": "{secret}", "private_key": "-----BEGIN PRIVATE KEY-----"}}"#)
    } else {
        secret
    }
}

/// A text with the names of secrets, as `<NAME>`, where the secrets stood.
pub(super) fn named(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, name, after)) = next(rest) {
        out.push_str(before);
        out.push('<');
        out.push_str(name);
        out.push('>');
        rest = after;
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What stands before the first made-up secret, its name, and what stands behind it.
fn next(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once(BEFORE)?;
    let (name, rest) = rest.split_once(AFTER)?;
    Some((before, name, rest.strip_prefix([ONE, OTHER])?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_secret_is_shown_by_its_name() {
        let one = made_up("META_ACCESS_TOKEN", ONE, false);
        let other = made_up("X", OTHER, false);
        assert_ne!(one, made_up("META_ACCESS_TOKEN", OTHER, false));
        assert_eq!(
            named(&format!("a={one}&b={other}")),
            "a=<META_ACCESS_TOKEN>&b=<X>"
        );
        assert_eq!(named("nothing"), "nothing");
    }
}
