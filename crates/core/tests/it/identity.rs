//! Identifiers against reference rows and against properties.
//!
//! `fixtures/identifiers.json` holds the rows that vendors publish (`vendor`), that projects under MIT or Apache-2.0 test
//! (`connector`), or that follow from a documented rule (`derived`): input, result and source, no more. A folder of further
//! reference rows may lie beside the repository (or where `EDGETALLY_VECTORS` points); its rows come from projects whose
//! licences are not ours to extend, so they are run from there and not copied.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgetally_core::identity::{
    Country2, Digest, Form, Hints, Plain, Prepared, Spelling, Spellings, User, normalise,
};
use proptest::prelude::*;
use serde_json::Value;

/// How the reference rows name a spelling.
pub(crate) fn spelling(destination: &str, field: &str) -> Option<Spelling> {
    use Spelling as S;
    Some(match (destination, field) {
        ("meta", "em") => S::MetaEmail,
        ("meta", "ph") => S::MetaPhone,
        ("meta", "fn") => S::MetaFirstName,
        ("meta", "ln") => S::MetaLastName,
        ("meta", "db") => S::MetaBirthDate,
        ("meta" | "snapchat", "ge") => S::MetaGender,
        ("meta", "ct") => S::MetaCity,
        ("meta", "st") => S::MetaState,
        ("meta", "zp") => S::MetaZip,
        ("meta" | "pinterest" | "snapchat", "country") => S::CountryHash,
        ("meta", "external_id") => S::MetaExternalId,
        ("google_ads", "emailAddress") | ("ga4", "sha256_email_address") => S::GoogleEmail,
        ("google_ads", "phoneNumber") | ("ga4", "sha256_phone_number") => S::GooglePhone,
        ("google_ads", "address.givenName") => S::GoogleGivenName,
        ("google_ads", "address.familyName") => S::GoogleFamilyName,
        ("google_ads", "address.regionCode") => S::GoogleCountry,
        ("ga4", "address.country") => S::CountryCode,
        ("google_ads", "address.postalCode") | ("ga4", "address.postal_code") => {
            S::GooglePostalCode
        }
        ("ga4", "address.sha256_first_name") => S::Ga4FirstName,
        ("ga4", "address.sha256_last_name") => S::Ga4LastName,
        ("ga4", "address.sha256_street") => S::Ga4Street,
        ("ga4", "address.city") => S::Ga4City,
        ("ga4", "address.region") => S::Ga4Region,
        ("tiktok", "email")
        | ("pinterest" | "snapchat", "em")
        | ("linkedin", "SHA256_EMAIL")
        | ("x", "hashed_email") => S::PlainEmail,
        ("reddit", "email") => S::RedditEmail,
        ("microsoft", "em") => S::MicrosoftEmail,
        ("tiktok", "phone")
        | ("reddit", "phone_number")
        | ("x", "hashed_phone_number")
        | ("microsoft", "ph") => S::E164Phone,
        ("pinterest" | "snapchat", "ph") => S::DigitsPhone,
        ("tiktok", "first_name")
        | ("pinterest" | "snapchat", "fn")
        | ("linkedin", "hashedFirstName") => S::FirstName,
        ("tiktok", "last_name")
        | ("pinterest" | "snapchat", "ln")
        | ("linkedin", "hashedLastName") => S::LastName,
        ("tiktok", "zip_code") | ("snapchat", "zp") => S::Zip,
        ("pinterest", "zp") => S::ZipDigits,
        ("pinterest" | "snapchat", "ct") => S::City,
        ("pinterest" | "snapchat", "st") => S::State,
        ("pinterest", "ge") => S::Gender,
        ("pinterest", "db") => S::BirthDate,
        ("tiktok" | "pinterest" | "reddit", "external_id") => S::ExternalId,
        ("snapchat", "external_id") => S::LowerExternalId,
        _ => return None,
    })
}

/// Fields of the reference rows that are not identifiers of this module.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("meta", "f5first", "not on Meta's public page; not sent"),
    ("meta", "dobd", "not on Meta's public page; not sent"),
    ("meta", "dobm", "not on Meta's public page; not sent"),
    ("meta", "doby", "not on Meta's public page; not sent"),
    ("ga4", "client_id", "a cookie's layout, read by attribution"),
    (
        "ga4",
        "session_number",
        "a cookie's layout, read by attribution",
    ),
    ("reddit", "idfa", "advertising ids come from apps; not sent"),
    ("reddit", "aaid", "advertising ids come from apps; not sent"),
    (
        "reddit",
        "ip_address",
        "sent in clear, which Reddit prefers",
    ),
    (
        "linkedin",
        "SHA256_IP_ADDRESS",
        "sent in clear, since LinkedIn's own pages disagree on the digest",
    ),
    (
        "meta_param_builder",
        "*",
        "documents what a helper of Meta's does; conflicts with Meta's page in places",
    ),
];

/// Rows that are not followed: destination, field, input, reason. The scoreboard shows them.
pub(crate) const EXCEPTIONS: &[(&str, &str, &str, &str)] = &[];

pub(crate) struct Row {
    pub(crate) destination: String,
    pub(crate) field: String,
    pub(crate) input: String,
    pub(crate) hints: Hints,
    pub(crate) normalised: Option<String>,
    pub(crate) sha256: Option<String>,
    pub(crate) hashed_already: bool,
}

impl Row {
    pub(crate) fn read(row: &Value) -> Self {
        let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
        let source = text("source").unwrap_or_default();
        let typed = text("input").unwrap();
        let input = typed
            .trim_end_matches(" [default calling code 1]")
            .to_owned();
        let american = input != typed || source.contains("default country is US");
        let country = text("default_country").or_else(|| american.then(|| "US".to_owned()));
        Self {
            destination: text("destination").unwrap(),
            field: text("field").unwrap(),
            hints: Hints {
                default_country: country.map(|country| Country2::parse(&country).unwrap()),
            },
            normalised: text("normalized"),
            sha256: text("sha256"),
            hashed_already: source.contains("already-hashed passthrough"),
            input,
        }
    }

    /// One row of `vendor-docs-examples.jsonl`, which has names of its own.
    fn of_vendor(row: &Value) -> Self {
        let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
        let (destination, field) = match (
            text("platform").unwrap().as_str(),
            text("field").unwrap().as_str(),
        ) {
            ("meta_capi", "email") => ("meta", "em"),
            ("meta_capi", "phone") => ("meta", "ph"),
            ("meta_capi", "first_name") => ("meta", "fn"),
            ("google_data_manager", "email") => ("google_ads", "emailAddress"),
            ("google_data_manager", "phone") => ("google_ads", "phoneNumber"),
            other => panic!("no spelling for {other:?}"),
        };
        Self {
            destination: destination.to_owned(),
            field: field.to_owned(),
            input: text("input")
                .unwrap()
                .trim_start_matches("US phone number ")
                .to_owned(),
            // Both pages speak of numbers of the United States.
            hints: Hints {
                default_country: Country2::parse("US"),
            },
            normalised: text("expected_normalized"),
            sha256: text("expected_hash"),
            hashed_already: false,
        }
    }

    /// Why the row is not followed, where it is not.
    pub(crate) fn exception(&self) -> Option<&'static str> {
        EXCEPTIONS
            .iter()
            .find(|(d, f, i, _)| (*d, *f, *i) == (&*self.destination, &*self.field, &*self.input))
            .map(|(_, _, _, why)| *why)
    }

    /// What differs from the row, if anything, in the spelling of its platform.
    pub(crate) fn judge(&self) -> Result<(), String> {
        match spelling(&self.destination, &self.field) {
            Some(spelling) => self.check(spelling),
            None => Err("no spelling".to_owned()),
        }
    }

    /// The input as its platform is told it; nothing where the value is dropped.
    pub(crate) fn spelt(&self) -> Option<String> {
        let spelling = spelling(&self.destination, &self.field).unwrap();
        let mut out = String::new();
        normalise(spelling, &self.input, &self.hints, None, &mut out).then_some(out)
    }

    /// What differs from the row, if anything.
    fn check(&self, spelling: Spelling) -> Result<(), String> {
        if self.hashed_already {
            // Recognising a digest is the reader's business, by the field's name; here it is only read strictly.
            let read = Digest::parse(&self.input).map(|digest| digest.to_hex());
            return if read == self.sha256 {
                Ok(())
            } else {
                Err(format!("read as {read:?}"))
            };
        }
        let mut out = String::new();
        let kept = normalise(spelling, &self.input, &self.hints, None, &mut out);
        let normalised = kept.then_some(out);
        if normalised != self.normalised {
            return Err(format!(
                "normalised to {normalised:?}, not {:?}",
                self.normalised
            ));
        }
        let prepared = Prepared::new(
            &user(spelling, &self.input),
            Spellings::of(&[spelling]),
            &self.hints,
        );
        let digest = digest(&prepared, spelling);
        match (&self.sha256, spelling.form()) {
            (Some(expected), _) if digest.as_ref() != Some(expected) => {
                Err(format!("hashed to {digest:?}, not {expected}"))
            }
            (None, Form::Hashed) if digest.is_some() && self.normalised.is_none() => {
                Err("hashed a dropped value".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// A visitor with one field.
fn user(spelling: Spelling, raw: &str) -> User<'_> {
    let mut user = User::default();
    match spelling.field() {
        "email" => user.email = Some(Plain::new(raw)),
        "phone" => user.phone = Some(Plain::new(raw)),
        "first_name" => user.first_name = Some(Plain::new(raw)),
        "last_name" => user.last_name = Some(Plain::new(raw)),
        "date_of_birth" => user.date_of_birth = Some(Plain::new(raw)),
        "gender" => user.gender = Some(Plain::new(raw)),
        "street" => user.street = Some(Plain::new(raw)),
        "city" => user.city = Some(Plain::new(raw)),
        "region" => user.region = Some(Plain::new(raw)),
        "postal_code" => user.postal_code = Some(Plain::new(raw)),
        "country" => user.country = Some(Plain::new(raw)),
        "external_id" => user.external_id = Some(Plain::new(raw)),
        other => panic!("{other} is not a visitor field"),
    }
    user
}

/// The digest in a spelling known only at run time, read from the stored form.
fn digest(prepared: &Prepared, spelling: Spelling) -> Option<String> {
    let stored = serde_json::to_value(prepared).unwrap();
    let text = stored
        .get(spelling.code())
        .filter(|_| spelling.form() == Form::Hashed)?
        .as_str()?;
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
    Some(
        bytes
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}")),
    )
}

/// Runs rows; returns how many were checked and what differed.
fn run(rows: impl IntoIterator<Item = Row>) -> (usize, Vec<String>) {
    let mut checked = 0;
    let mut wrong = Vec::new();
    for row in rows {
        let elsewhere = ELSEWHERE
            .iter()
            .any(|(d, f, _)| *d == row.destination && (*f == "*" || *f == row.field));
        if elsewhere || row.exception().is_some() {
            continue;
        }
        checked += 1;
        if let Err(difference) = row.judge() {
            wrong.push(format!(
                "{} {} {:?}: {difference}",
                row.destination, row.field, row.input
            ));
        }
    }
    (checked, wrong)
}

#[test]
fn the_fixture_rows_come_out_as_published() {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/identifiers.json")).unwrap();
    let (checked, wrong) = run(rows.iter().map(Row::read));
    assert_eq!(
        checked + EXCEPTIONS.len(),
        rows.len(),
        "every fixture row is checked, or said to be an exception"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[expect(
    clippy::disallowed_methods,
    reason = "reads reference rows from beside the repository"
)]
fn vectors() -> PathBuf {
    std::env::var_os("EDGETALLY_VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    )
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "reads reference rows from beside the repository"
)]
fn the_reference_rows_beside_the_repository_come_out_as_published() {
    let folder = vectors();
    if !folder.is_dir() {
        eprintln!(
            "skipped: no reference rows (set EDGETALLY_VECTORS to their folder); they may not be copied here"
        );
        return;
    }
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let (mut checked, mut all, mut wrong) = (0, 0, Vec::new());
    for name in ["identifiers-meta-google.json", "identifiers-social.json"] {
        let rows: Vec<Value> = serde_json::from_str(&read(name)).unwrap();
        let (count, differences) = run(rows.iter().map(Row::read));
        (checked, all) = (checked + count, all + rows.len());
        wrong.extend(differences);
    }
    let vendor: Vec<Value> = read("vendor-docs-examples.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let (count, differences) = run(vendor.iter().map(Row::of_vendor));
    (checked, all) = (checked + count, all + vendor.len());
    wrong.extend(differences);
    eprintln!(
        "{checked} of {all} reference rows checked, {} wrong; the others are of {ELSEWHERE:?}",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_empty_or_placeholder_value_is_dropped_in_every_spelling() {
    for spelling in Spelling::ALL {
        for raw in [
            "",
            "   ",
            "null",
            "NULL",
            "undefined",
            "None",
            "n/a",
            "(not set)",
            "\u{a0}null\u{2003}",
        ] {
            let mut out = String::new();
            assert!(
                !normalise(*spelling, raw, &Hints::default(), None, &mut out),
                "{spelling:?} {raw:?} {out:?}"
            );
        }
    }
}

/// Text as visitors type it, and text that tries to break a rule.
fn raw() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ \u{a0}]?[A-Za-z.+_ É-]{0,8}@{0,2}[A-Za-z.]{0,8}(gmail\\.com|GoogleMail\\.com|\\.Example)?[ \t]?",
        "[+＋]?(00)?[(]?[0-9 ()./-]{0,24}(x|ext\\.|#)?[0-9]{0,4}",
        "[+][1-9][0-9]{0,2} ?[(]?0[)]?[0-9 -]{0,14}",
        "[0-9]{1,4}[-/. ][0-9]{1,2}[-/. ][0-9]{1,4}",
        "(mr\\.|Dr\\.|ms\\.)? ?[A-Za-zΣİßǅéÀ'–-]{0,12}[, ]{0,2}(jr\\.?|III|PhD)?[.,]? ?(sr\\.)?",
        "[a-zA-ZÀ-ÿΑ-Ωα-ω\u{300}-\u{310}=<>'`\u{1fef}\u{37e}K\u{200b}-\u{200d} -]{0,12}",
        "(United States|U\\.K\\.|Georgia|n/a|N\\.Y\\.|female|Non-Binary|null|none|n ull|[A-Z]{2,3})",
    ]
}

fn hints() -> impl Strategy<Value = Hints> {
    proptest::sample::select(vec![
        "", "DE", "US", "IT", "HU", "RU", "BY", "ES", "AU", "JP", "CI", "AQ",
    ])
    .prop_map(|country| Hints {
        default_country: Country2::parse(country),
    })
}

fn spellings() -> impl Strategy<Value = Spelling> {
    proptest::sample::select(Spelling::ALL)
}

fn once(spelling: Spelling, raw: &str, hints: Hints, country: Option<&str>) -> Option<String> {
    let mut out = String::from("left over");
    normalise(spelling, raw, &hints, country, &mut out).then_some(out)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn normalising_twice_is_normalising_once(
        spelling in spellings(),
        raw in raw(),
        hints in hints(),
        country in proptest::option::of(raw()),
    ) {
        let country = country.as_deref();
        if let Some(first) = once(spelling, &raw, hints, country) {
            // Without its plus a number no longer says that it is international; with it, nothing may change. Meta also
            // takes digits of unknown country, whose first ones may be no calling code: they stay without a plus.
            let again = match spelling {
                Spelling::DigitsPhone => format!("+{first}"),
                // Antarctica has no plan, so there too nothing is known of the digits.
                Spelling::MetaPhone if hints.default_country.is_some_and(|home| home.as_str() != "AQ") => format!("+{first}"),
                _ => first.clone(),
            };
            prop_assert_eq!(once(spelling, &again, hints, country), Some(first), "{:?} {:?}", spelling, raw);
        }
    }

    #[test]
    fn no_input_panics_and_what_is_prepared_is_well_formed(raw in raw(), other in raw(), hints in hints()) {
        let user = User {
            external_id: Some(Plain::new(&*raw)), email: Some(Plain::new(&*raw)), phone: Some(Plain::new(&*raw)),
            first_name: Some(Plain::new(&*raw)), last_name: Some(Plain::new(&*raw)), date_of_birth: Some(Plain::new(&*raw)),
            gender: Some(Plain::new(&*raw)), street: Some(Plain::new(&*raw)), city: Some(Plain::new(&*raw)),
            region: Some(Plain::new(&*raw)), postal_code: Some(Plain::new(&*raw)), country: Some(Plain::new(&*other)),
            email_sha256: Digest::parse(&raw), phone_sha256: None,
        };
        let prepared = Prepared::new(&user, Spellings::of(Spelling::ALL), &hints);
        let json = serde_json::to_string(&prepared).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Prepared>(&json).unwrap(), &prepared);
        for spelling in prepared.spellings().iter() {
            if spelling.form() == Form::Hashed {
                let hex = digest(&prepared, spelling).unwrap();
                prop_assert!(hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
            }
        }
        let hex = serde_json::to_value(prepared.hashed::<edgetally_core::identity::spelling::ExternalId>()).unwrap();
        if let Some(hex) = hex.as_str() {
            prop_assert!(hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
        }
        let _ = Digest::parse(&raw);
        let _ = Country2::parse(&raw);
        let _ = serde_json::from_str::<Prepared>(&raw);
    }

    #[test]
    fn digests_are_blind_to_case_and_outer_white_space(
        name in "[a-zà-öø-þа-яα-ρ]{1,10}( [a-z]{1,6})?",
        local in "[a-z0-9.+_-]{1,10}",
        domain in proptest::sample::select(vec!["shop.example", "gmail.com", "googlemail.com"]),
        before in "[ \t\n\u{a0}\u{2003}]{0,3}",
        after in "[ \t\r\u{3000}\u{feff}]{0,3}",
    ) {
        let email = format!("{local}@{domain}");
        for spelling in Spelling::ALL.iter().copied() {
            let value = match spelling.field() {
                "email" => &email,
                "first_name" | "last_name" | "city" | "region" | "gender" | "country" => &name,
                _ => continue,
            };
            let shouted = format!("{before}{}{after}", value.to_uppercase());
            let spellings = Spellings::of(&[spelling]);
            let quiet = Prepared::new(&user(spelling, value), spellings, &Hints::default());
            let loud = Prepared::new(&user(spelling, &shouted), spellings, &Hints::default());
            prop_assert_eq!(quiet, loud, "{:?} {:?}", spelling, shouted);
        }
    }
}
