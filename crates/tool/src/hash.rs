//! `hash`: one identifier as every platform wants it.
//!
//! Digests only, unless the plain text is asked for: it is personal data. Of a value that cannot be used the reason is told,
//! and nothing of the value.

use edgetally_core::base::remarks::{self, Remarks};
use edgetally_core::destinations::FACTS;
use edgetally_core::destinations::destination::Facts;
use edgetally_core::identity::{
    Country2, Form, Hints, Plain, Prepared, Row, Spelling, Spellings, User, hash_rows, normalise,
};
use serde_json::{Map, Value, json};

use crate::fault::{Question, Refused};

const KEYS: &[&str] = &["kind", "value", "country", "show"];

/// An identifier to be hashed.
struct Identifier {
    kind: &'static str,
    value: String,
    /// Whose telephone numbers and postcodes are meant.
    country: Option<String>,
    show: bool,
}

/// The kinds of identifiers, as events name them.
fn kinds() -> Vec<&'static str> {
    let mut kinds: Vec<&'static str> = Spelling::ALL.iter().map(|one| one.field()).collect();
    kinds.dedup();
    kinds
}

/// The rows of one identifier, or a list of those of several: `[{destination, dialect, form, digest?, text?, code?, words?}]`.
pub(crate) fn answer(question: &str) -> Result<Value, Refused> {
    match serde_json::from_str(question) {
        Ok(Value::Array(list)) => {
            let rows = list.into_iter().map(|one| rows(Question::of(one)?));
            rows.collect()
        }
        Ok(one) => rows(Question::of(one)?),
        Err(_) => Err(Refused::question("", "is not JSON")),
    }
}

fn rows(question: Question) -> Result<Value, Refused> {
    let identifier = Identifier::read(question)?;
    Ok(FACTS
        .iter()
        .flat_map(|facts| dialects(facts, identifier.kind))
        .map(|(facts, spelling)| identifier.row(facts, spelling))
        .collect())
}

/// The spellings in which a platform takes a kind of identifier.
fn dialects<'f>(
    facts: &'f Facts,
    kind: &'static str,
) -> impl Iterator<Item = (&'f Facts, Spelling)> {
    let spellings = facts.spellings.iter();
    spellings
        .filter(move |spelling| spelling.field() == kind)
        .map(move |spelling| (facts, spelling))
}

impl Identifier {
    fn read(mut question: Question) -> Result<Self, Refused> {
        let kinds = kinds();
        let kind = question.text("kind")?;
        let known = kinds
            .iter()
            .find(|known| kind.as_deref() == Some(known))
            .ok_or_else(|| {
                let message = format!("must be one of {}", kinds.join(", "));
                Refused::question("kind", &message)
            })?;
        let value = match question.take("value") {
            Some(Value::String(text)) => text,
            // Telephone numbers and ids are numbers to many a program.
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => number.to_string(),
            _ => return Err(Refused::question("value", "must be a text")),
        };
        let country = question.text("country")?;
        if country
            .as_deref()
            .is_some_and(|code| Country2::parse(code).is_none())
        {
            let message = "must be the two letters of a country in ISO 3166-1";
            return Err(Refused::question("country", message));
        }
        let show = question.flag("show")?;
        question.end(KEYS)?;
        Ok(Self {
            kind: known,
            value,
            country,
            show,
        })
    }

    fn row(&self, facts: &Facts, spelling: Spelling) -> Value {
        let mut row = Map::new();
        let mut put = |key: &str, value: Value| row.insert(key.to_owned(), value);
        put("destination", facts.platform.into());
        put("dialect", spelling.code().into());
        let hints = Hints {
            default_country: self.country.as_deref().and_then(Country2::parse),
        };
        let mut text = String::new();
        let country = self.country.as_deref();
        let usable = normalise(spelling, &self.value, &hints, country, &mut text);
        match spelling.form() {
            Form::Hashed => {
                put("form", "sha256".into());
                let asked = Row {
                    value: Some(&self.value),
                    country,
                    hints,
                };
                let mut digest = None;
                hash_rows(spelling, [asked], |hex| digest = hex.copied());
                match digest {
                    Some(hex) => drop(put("digest", String::from_utf8_lossy(&hex).into())),
                    None => self.refuse(spelling, hints, &mut put),
                }
            }
            Form::Clear => {
                put("form", "clear".into());
                if !usable {
                    self.refuse(spelling, hints, &mut put);
                }
            }
        }
        if usable && self.show {
            put("text", text.into());
        }
        Value::Object(row)
    }

    /// Says why the value cannot be used, as intake would.
    fn refuse(
        &self,
        spelling: Spelling,
        hints: Hints,
        put: &mut impl FnMut(&str, Value) -> Option<Value>,
    ) {
        let mut noted = Remarks::default();
        let spellings = Spellings::of(&[spelling]);
        let _ = Prepared::noting(&self.user(), spellings, &hints, &mut noted);
        // Blanks alone are no value, which is no remark.
        let code = noted.removed.first().map_or("placeholder", |one| one.code);
        put("code", code.into());
        put("words", json!(remarks::meaning(code)));
    }

    /// A visitor of whom this is all that is known.
    fn user(&self) -> User<'_> {
        let mut user = User::default();
        let value = self.value.as_str();
        match self.kind {
            "email" => user.email = Some(Plain::new(value)),
            "phone" => user.phone = Some(Plain::new(value)),
            "first_name" => user.first_name = Some(Plain::new(value)),
            "last_name" => user.last_name = Some(Plain::new(value)),
            "date_of_birth" => user.date_of_birth = Some(Plain::new(value)),
            "gender" => user.gender = Some(Plain::new(value)),
            "street" => user.street = Some(Plain::new(value)),
            "city" => user.city = Some(Plain::new(value)),
            "region" => user.region = Some(Plain::new(value)),
            "postal_code" => user.postal_code = Some(Plain::new(value)),
            "external_id" => user.external_id = Some(Plain::new(value)),
            _ => user.country = Some(Plain::new(value)),
        }
        user
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(kind: &str, value: &str, more: &Value) -> Vec<Value> {
        let mut question = json!({"kind": kind, "value": value});
        for (key, value) in more.as_object().into_iter().flatten() {
            question[key] = value.clone();
        }
        match answer(&question.to_string()).unwrap() {
            Value::Array(rows) => rows,
            other => panic!("{other}"),
        }
    }

    fn of<'r>(rows: &'r [Value], destination: &str) -> &'r Value {
        let mut rows = rows.iter();
        rows.find(|row| row["destination"] == destination).unwrap()
    }

    #[test]
    fn one_address_has_a_digest_in_each_dialect_and_is_not_shown() {
        let rows = hash("email", "Elena.Brandt+shop@gmail.com", &Value::Null);
        assert_eq!(
            of(&rows, "meta")["digest"],
            "40cb76afcc5c980865a27520641ad6415b799b8874019fc39fa7148fb3577776"
        );
        assert_eq!(
            of(&rows, "google_ads")["digest"],
            "2b83df161703c8325f5a37094cd023273a28a3db56d63eee74b0b5f0cbefab89"
        );
        assert!(!format!("{rows:?}").to_lowercase().contains("elena"));
        let shown = hash(
            "email",
            "Elena.Brandt+shop@gmail.com",
            &json!({"show": true}),
        );
        assert_eq!(of(&shown, "google_ads")["text"], "elenabrandt@gmail.com");
    }

    #[test]
    fn a_value_that_cannot_be_used_is_refused_with_its_reason() {
        let national = hash("phone", "0151 23456789", &Value::Null);
        assert_eq!(of(&national, "tiktok")["code"], "phone_country_unknown");
        let german = hash(
            "phone",
            "0151 23456789",
            &json!({"country": "DE", "show": true}),
        );
        assert_eq!(of(&german, "tiktok")["text"], "+4915123456789");
        for (kind, value, code) in [
            ("email", "nobody", "email_invalid"),
            ("email", "", "placeholder"),
            ("email", "undefined", "placeholder"),
            (
                "email",
                "d41d8cd98f00b204e9800998ecf8427e",
                "hash_not_sha256",
            ),
            ("gender", "unheard of", "gender_unknown"),
            ("country", "XY", "country_unknown"),
        ] {
            for row in hash(kind, value, &Value::Null) {
                assert_eq!(row["code"], code, "{row}");
                assert!(row["words"].is_string(), "{row}");
                assert!(row.get("digest").is_none(), "{row}");
            }
        }
    }

    #[test]
    fn every_kind_is_taken_somewhere_and_every_question_is_checked() {
        for kind in kinds() {
            assert!(!hash(kind, "x", &Value::Null).is_empty(), "{kind}");
        }
        for question in [
            "",
            "1",
            "[1]",
            "{}",
            r#"{"kind": "mail", "value": "a"}"#,
            r#"{"kind": "email", "value": true}"#,
            r#"{"kind": "email", "value": "a", "country": "Germany"}"#,
            r#"{"kind": "email", "value": "a", "shown": true}"#,
        ] {
            let told = crate::fault::told(answer(question));
            assert!(
                told.starts_with(r#"{"error":{"code":"request_invalid""#),
                "{told}"
            );
        }
    }
}
