//! Identifiers against reference rows and against properties.
//!
//! `fixtures/identifiers.json` holds the rows that vendors publish (`vendor`), that projects under MIT or Apache-2.0 test
//! (`connector`), or that follow from a documented rule (`derived`): input, result and source, no more. A folder of further
//! reference rows may lie beside the repository (or where `EDGETALLY_VECTORS` points); its rows come from projects whose
//! licences are not ours to extend, so they are run from there and not copied.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use edgetally_core::base::remarks::Remarks;
use edgetally_core::identity::{
    Country2, Digest, Form, Hints, Plain, Prepared, Row as TableRow, Spelling, Spellings, User,
    hash_rows, normalise, sha256_hex,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::platforms::{known, spelling};
use crate::support;

/// What of the reference rows beside the repository is of no platform, and why.
const ELSEWHERE: (&str, &str) = (
    "meta_param_builder",
    "documents what a helper of Meta's does; conflicts with Meta's page in places",
);

/// Rows that are not followed: destination, field, input, reason. The scoreboard shows them.
pub(crate) const EXCEPTIONS: &[(&str, &str, &str, &str)] = &[];

/// Rows of the reference beside the repository that come out otherwise, and why: Meta's library cleans what it is given,
/// whatever it was, and never asks whether it may be somebody else's.
const ARGUED: &[(&str, &str, &str, &str)] = &[
    (
        "meta",
        "ph",
        "***555***123***4567***",
        "several asterisks in a row hide digits: what is left may be another person's number",
    ),
    (
        "meta",
        "country",
        "XY",
        "ISO 3166-1 does not assign it: it recognises nobody",
    ),
];

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
            .chain(ARGUED)
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
        let elsewhere = row.destination == ELSEWHERE.0
            || known(&row.destination)
                .not_identifiers
                .contains_key(&row.field);
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
            let twice = once(spelling, &again, hints, country);
            // A number of unknown country that no plan takes is sent as it is, and refused where its plus says that it is whole.
            let unsure = spelling == Spelling::E164Phone && hints.default_country.is_none() && twice.is_none();
            let twice = if unsure { once(spelling, first.trim_start_matches('+'), hints, country) } else { twice };
            prop_assert_eq!(twice, Some(first), "{:?} {:?}", spelling, raw);
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

/// A value as people and programs really write it; `fixtures/identifiers_faults.json` holds those that went wrong once, and
/// their neighbours.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Typed {
    field: String,
    default_country: Option<String>,
    input: String,
    /// What is hashed: E.164 of a number, the plainest spelling of the others; nothing where the value is dropped.
    pub(crate) expected: Option<String>,
    /// What the sender is told of a dropped one.
    code: Option<String>,
}

pub(crate) fn typed() -> Vec<Typed> {
    serde_json::from_str(include_str!("../fixtures/identifiers_faults.json")).unwrap()
}

/// What is said of a visitor with one field.
fn remarks(user: &User<'_>, spellings: Spellings, hints: Hints) -> Remarks {
    let mut remarks = Remarks::default();
    let _ = Prepared::noting(user, spellings, &hints, &mut remarks);
    remarks
}

fn removed(path: &str, code: &'static str) -> Remarks {
    let mut remarks = Remarks::default();
    remarks.removed(path, code);
    remarks
}

#[test]
fn what_people_and_programs_write_is_read_or_dropped_and_said() {
    let mut wrong = Vec::new();
    for row in typed() {
        let hints = Hints {
            default_country: row
                .default_country
                .as_deref()
                .map(|country| Country2::parse(country).unwrap()),
        };
        let spellings: Vec<Spelling> = Spelling::ALL
            .iter()
            .copied()
            .filter(|spelling| spelling.field() == row.field)
            .collect();
        let mut texts = Vec::new();
        for spelling in &spellings {
            let ours = once(*spelling, &row.input, hints, None);
            let same = row
                .expected
                .as_deref()
                .and_then(|expected| once(*spelling, expected, hints, None));
            if ours != same {
                wrong.push(format!(
                    "{} {:?} {spelling:?}: {ours:?}",
                    row.field, row.input
                ));
            }
            texts.extend(ours);
        }
        if let Some(expected) = &row.expected
            && !texts.contains(expected)
        {
            wrong.push(format!(
                "{} {:?}: {texts:?}, not {expected}",
                row.field, row.input
            ));
        }
        let user = user(spellings[0], &row.input);
        let said = remarks(&user, Spellings::of(&spellings), hints);
        let expected = row
            .code
            .as_deref()
            .map(|code| (format!("user.{}", row.field), code));
        let said: Vec<_> = said
            .removed
            .iter()
            .chain(&said.changed)
            .map(|remark| (remark.path.clone(), remark.code))
            .collect();
        if said != expected.into_iter().collect::<Vec<_>>() {
            wrong.push(format!("{} {:?} is told {said:?}", row.field, row.input));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A few hundred numbers as `make test-oracle` makes them: how many are read as libphonenumber reads them, how many dropped,
/// and which are another number.
pub(crate) fn phones() -> (usize, usize, Vec<String>) {
    let rows = include_str!("../fixtures/phones.tsv");
    let (mut equal, mut dropped, mut other) = (0, 0, Vec::new());
    for row in rows.lines().filter(|line| !line.starts_with('#')) {
        let [_, region, text, truth] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        let hints = Hints {
            default_country: Some(Country2::parse(region).unwrap()),
        };
        match once(Spelling::E164Phone, text, hints, None) {
            Some(ours) if ours == truth => equal += 1,
            Some(ours) => other.push(format!("{region} {text}: {ours}, not {truth}")),
            None => dropped += 1,
        }
    }
    (equal, dropped, other)
}

#[test]
fn telephone_numbers_of_every_region_are_read_as_libphonenumber_reads_them() {
    let (equal, dropped, other) = phones();
    assert!(other.is_empty(), "{}", other.join("\n"));
    assert!(
        equal > 700 && dropped < 3,
        "{equal} equal, {dropped} dropped"
    );
}

#[test]
fn a_digest_in_a_plain_field_is_the_senders_own() {
    let hex = "0bf177fe5af2490576a19c89f25de0e86170529138c0ec28f9c1bd2bbcb84067";
    for spelling in Spelling::ALL.iter().copied() {
        for raw in [
            hex.to_owned(),
            hex.to_uppercase(),
            format!(" {hex}\t"),
            format!("\u{feff}{hex}"),
        ] {
            let user = user(spelling, &raw);
            let spellings = Spellings::of(&[spelling]);
            let mut said = Remarks::default();
            let prepared = Prepared::noting(&user, spellings, &Hints::default(), &mut said);
            let path = format!("user.{}", spelling.field());
            let mut rows = Vec::new();
            let row = TableRow {
                value: Some(&*raw),
                ..TableRow::default()
            };
            hash_rows(spelling, [row], |digest| rows.push(digest.copied()));
            assert_eq!(
                once(spelling, &raw, Hints::default(), None),
                None,
                "{spelling:?}"
            );
            if spelling.form() == Form::Hashed {
                assert_eq!(
                    digest(&prepared, spelling).as_deref(),
                    Some(hex),
                    "{spelling:?}"
                );
                assert_eq!(rows[0].as_ref().map(|hex| &hex[..]), Some(hex.as_bytes()));
                let mut changed = Remarks::default();
                changed.changed(path, "hashed_by_sender");
                assert_eq!(said, changed);
            } else {
                assert!(prepared.is_empty(), "{spelling:?}");
                assert_eq!(rows, [None]);
                assert_eq!(said, removed(&path, "hashed_by_sender"));
            }
        }
    }
}

#[test]
fn the_digest_of_nothing_is_nothing() {
    let nothing = [
        "",
        "undefined",
        "null",
        "NaN",
        "None",
        "[object Object]",
        "NULL",
        "(not set)",
    ];
    let hashed: Vec<Spelling> = Spelling::ALL
        .iter()
        .copied()
        .filter(|spelling| spelling.form() == Form::Hashed)
        .collect();
    for word in nothing {
        let hex = String::from_utf8(sha256_hex(word).to_vec()).unwrap();
        for spelling in &hashed {
            let user = user(*spelling, &hex);
            let spellings = Spellings::of(&[*spelling]);
            assert!(Prepared::new(&user, spellings, &Hints::default()).is_empty());
            assert_eq!(
                remarks(&user, spellings, Hints::default()),
                removed(&format!("user.{}", spelling.field()), "digest_of_nothing"),
                "{word:?}"
            );
            let row = TableRow {
                value: Some(&*hex),
                ..TableRow::default()
            };
            hash_rows(*spelling, [row], |digest| {
                assert!(digest.is_none(), "{word:?}");
            });
        }
        let given = User {
            email_sha256: Digest::parse(&hex),
            phone_sha256: Digest::parse(&hex),
            ..User::default()
        };
        let spellings = Spellings::of(&[Spelling::MetaEmail, Spelling::GooglePhone]);
        assert!(Prepared::new(&given, spellings, &Hints::default()).is_empty());
        let said = remarks(&given, spellings, Hints::default());
        let paths: Vec<&str> = said.removed.iter().map(|remark| &*remark.path).collect();
        assert_eq!(
            paths,
            ["user.email_sha256", "user.phone_sha256"],
            "{word:?}"
        );
    }
}

#[test]
fn other_hashes_are_nobody_but_an_id_may_look_like_one() {
    for hex in [
        "5d41402abc4b2a76b9719d911017c592",
        "AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D",
    ] {
        for spelling in Spelling::ALL.iter().copied() {
            let user = user(spelling, hex);
            let said = remarks(&user, Spellings::of(&[spelling]), Hints::default());
            if spelling.field() == "external_id" {
                assert!(once(spelling, hex, Hints::default(), None).is_some());
                assert_eq!(said, Remarks::default());
            } else {
                assert_eq!(
                    once(spelling, hex, Hints::default(), None),
                    None,
                    "{spelling:?}"
                );
                let path = format!("user.{}", spelling.field());
                assert_eq!(said, removed(&path, "hash_not_sha256"));
            }
        }
    }
}

#[test]
fn only_what_is_asked_for_and_dropped_is_said() {
    let user = User {
        email: Some(Plain::new("nobody")),
        phone: Some(Plain::new("555 123 4567")),
        postal_code: Some(Plain::new("SW1A 1AA")),
        city: Some(Plain::new("  ")),
        ..User::default()
    };
    let said = |spellings: &[Spelling]| remarks(&user, Spellings::of(spellings), Hints::default());
    assert_eq!(
        said(&[Spelling::MetaEmail]),
        removed("user.email", "email_invalid")
    );
    assert_eq!(
        said(&[Spelling::ZipDigits, Spelling::Zip]),
        Remarks::default()
    );
    assert_eq!(
        said(&[Spelling::ZipDigits]),
        removed("user.postal_code", "unusable")
    );
    assert_eq!(
        said(&[Spelling::MetaCity, Spelling::MetaGender]),
        Remarks::default()
    );
    assert_eq!(said(&[Spelling::MetaPhone]), Remarks::default());
    let mut both = removed("user.email", "email_invalid");
    both.removed("user.phone", "phone_country_unknown");
    assert_eq!(
        said(&[
            Spelling::MetaEmail,
            Spelling::MetaPhone,
            Spelling::E164Phone
        ]),
        both,
        "Meta takes a number of unknown country, and the others do not"
    );
}

#[test]
fn the_answer_says_which_identifiers_were_left_out_and_which_were_digests() {
    let settings = support::shop(
        &[("meta", support::platform_settings("meta"))],
        &serde_json::json!({}),
        &serde_json::json!({}),
    );
    let body = serde_json::json!({
        "event": "purchase", "event_id": "n06", "transaction_id": "n06", "value": 1, "currency": "EUR",
        "user": {
            "email": "0BF177FE5AF2490576A19C89F25DE0E86170529138C0EC28F9C1BD2BBCB84067",
            "phone": "+49 151 23456789, +49 30 1234567",
            "country": "XX",
            "region": "US-CA",
        },
        "consent": {"ad_storage": "granted", "ad_user_data": "granted"},
    })
    .to_string();
    let answer: Value =
        serde_json::from_str(support::plan(&settings, None, &body).answer.text()).unwrap();
    let result = &answer["results"][0];
    assert_eq!(result["status"], "accepted", "{answer}");
    assert_eq!(
        result["changed"],
        serde_json::json!([{"path": "user.email", "code": "hashed_by_sender"}])
    );
    assert_eq!(
        result["removed"],
        serde_json::json!([
            {"path": "user.phone", "code": "phone_two_numbers"},
            {"path": "user.country", "code": "country_unknown"},
        ])
    );
}

#[test]
fn only_assigned_countries_are_sent() {
    let mut kept = 0;
    for (one, two) in ('A'..='Z').flat_map(|one| ('A'..='Z').map(move |two| (one, two))) {
        let code = format!("{one}{two}");
        let sent = once(Spelling::CountryHash, &code, Hints::default(), None);
        assert_eq!(
            sent,
            once(
                Spelling::CountryText,
                &code.to_lowercase(),
                Hints::default(),
                None
            )
        );
        if let Some(sent) = sent {
            kept += 1;
            let expected = match &*code {
                "UK" => "gb".to_owned(),
                "EL" => "gr".to_owned(),
                _ => code.to_lowercase(),
            };
            assert_eq!(sent, expected);
        }
    }
    assert_eq!(kept, 249 + 2, "ISO 3166-1, and two that mean one of it");
}
