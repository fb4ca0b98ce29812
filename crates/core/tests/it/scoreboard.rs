//! `docs/normalisation.md`: how the spellings do against what vendors publish, what connectors test, and seventeen inputs
//! that shops really have. Generated here, so that no number in it can be older than the code.
//!
//! `EDGETALLY_UPDATE=1 cargo test -p edgetally-core --test it scoreboard` writes it (as does `INSTA_UPDATE=always`).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use edgetally_core::destinations::ALL;
use edgetally_core::identity::{Country2, Hints};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::identity::{EXCEPTIONS, Row, phones, typed};
use crate::platforms::spelling;

/// Platforms without rows of their own, and why.
const WITHOUT_ROWS: &[(&str, &str)] = &[(
    "webhook",
    "a format of ours; it borrows the others' spellings",
)];

/// What `make test-oracle` last printed: equal, dropped, other.
const ORACLE: &str = "99,905 | 93 | 0";

const KINDS: [&str; 3] = ["vendor", "connector", "derived"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CleanUp {
    inputs: Vec<Input>,
    products: Vec<Product>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    field: String,
    input: String,
    normalized: String,
    rule: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Product {
    product: String,
    file: String,
    commit: Option<String>,
    right: usize,
    not_sent: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrong {
    destination: String,
    field: String,
    input: Option<String>,
    printed: Option<String>,
    digest_of: Option<String>,
    source: String,
    why: String,
}

fn clean_up() -> CleanUp {
    serde_json::from_str(include_str!("../fixtures/clean_up.json")).unwrap()
}

fn wrong() -> Vec<Wrong> {
    serde_json::from_str(include_str!("../fixtures/identifiers_wrong.json")).unwrap()
}

fn rows() -> Vec<(String, Row)> {
    let rows: Vec<Value> =
        serde_json::from_str(include_str!("../fixtures/identifiers.json")).unwrap();
    rows.iter()
        .map(|row| (row["kind"].as_str().unwrap().to_owned(), Row::read(row)))
        .collect()
}

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes())
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

impl Input {
    /// As a row of Meta's, with the digest that its text has.
    fn row(&self, default_country: Option<Country2>) -> Row {
        Row {
            destination: "meta".to_owned(),
            field: self.field.clone(),
            input: self.input.clone(),
            hints: Hints { default_country },
            normalised: Some(self.normalized.clone()),
            sha256: Some(sha256(&self.normalized)),
            hashed_already: false,
        }
    }
}

/// How many of the inputs come out right, and how many are dropped.
fn ours(inputs: &[Input]) -> (usize, usize) {
    let rows: Vec<Row> = inputs.iter().map(|input| input.row(None)).collect();
    let right = rows.iter().filter(|row| row.judge().is_ok()).count();
    let dropped = rows.iter().filter(|row| row.spelt().is_none()).count();
    (right, dropped)
}

/// Text between bars of a table, with its white space seen.
fn cell(text: &str) -> String {
    assert!(
        !text.contains(['|', '`', '\n']),
        "{text} would break the table"
    );
    format!("`{}`", text.replace(' ', "␣"))
}

fn document() -> String {
    let rows = rows();
    let clean_up = clean_up();
    let mut out = String::from(
        "# Identifiers: what comes out as published\n\n\
         Written by `crates/core/tests/it/scoreboard.rs`, which fails while this page and the code disagree. Not by hand:\n\
         `EDGETALLY_UPDATE=1 cargo test -p edgetally-core --test it scoreboard`.\n\n\
         A platform recognises a visitor by the SHA-256 of an identifier in its own spelling. One wrong character gives another\n\
         digest, which nobody refuses and nothing matches.\n\n\
         ## Vectors\n\n\
         Passed of total. A row passes when its normalised text and its digest are both as expected, or when both drop the value.\n\
         *Vendor*: the platform's own page, SDK or utility library prints input and result (some pages as connectors quote\n\
         them). *Connectors*: another product's tests do, of those under MIT or Apache-2.0. *Derived*: nobody\n\
         prints a result; ours follows from the written rule, so it guards against change and proves little.\n\n\
         | platform | vendor | connectors | derived |\n|---|---|---|---|\n",
    );
    let mut platforms: Vec<&str> = rows
        .iter()
        .map(|(_, row)| row.destination.as_str())
        .collect();
    platforms.sort_unstable();
    platforms.dedup();
    let score = |platform: Option<&str>, kind: &str| {
        let of: Vec<&Row> = rows
            .iter()
            .filter(|(its, row)| its == kind && platform.is_none_or(|name| name == row.destination))
            .map(|(_, row)| row)
            .collect();
        let passed = of.iter().filter(|row| row.judge().is_ok()).count();
        match of.len() {
            0 => "–".to_owned(),
            total => format!("{passed} / {total}"),
        }
    };
    for platform in platforms.into_iter().map(Some).chain([None]) {
        let scores = KINDS.map(|kind| score(platform, kind));
        let name = platform.map_or_else(|| "all".to_owned(), |name| format!("`{name}`"));
        writeln!(out, "| {name} | {} |", scores.join(" | ")).unwrap();
    }
    out.push('\n');
    for (platform, why) in WITHOUT_ROWS {
        writeln!(out, "No rows for `{platform}`: {why}.").unwrap();
    }
    out.push_str(
        "GA4, TikTok and LinkedIn publish no usable vector. Advertising ids of telephones are not sent and have no rows.\n\n\
         The rows, figures with their sources and nobody's code: `crates/core/tests/fixtures/identifiers.json`. Rows of Meta's SDKs and\n\
         parameter builder, and of RudderStack, are not copied; where `EDGETALLY_VECTORS` names a folder of such rows, the tests\n\
         run them from there.\n\n\
         ### Not followed\n\n\
         Published expectations that are wrong, or that contradict their publisher's own rule. The tests prove what a printed digest\n\
         is really the digest of.\n\n\
         | platform | field | input | where | printed | why not |\n|---|---|---|---|---|---|\n",
    );
    for wrong in wrong() {
        let input = wrong.input.as_deref().map_or("–".to_owned(), cell);
        let printed = match (&wrong.printed, &wrong.digest_of) {
            (Some(printed), Some(of)) => {
                format!("`{}…`, the digest of `{of}`", &printed[..8])
            }
            _ => "–".to_owned(),
        };
        writeln!(
            out,
            "| `{}` | {} | {input} | {} | {printed} | {} |",
            wrong.destination, wrong.field, wrong.source, wrong.why
        )
        .unwrap();
    }
    for (_, row) in &rows {
        let Some(why) = row.exception() else { continue };
        writeln!(
            out,
            "| `{}` | {} | {} | a row above, counted as not passed | {} | {why} |",
            row.destination,
            row.field,
            cell(&row.input),
            row.normalised.as_deref().map_or("refused".to_owned(), cell),
        )
        .unwrap();
    }
    let (equal, dropped, other) = phones();
    let typed = typed();
    let read = typed.iter().filter(|row| row.expected.is_some()).count();
    writeln!(
        out,
        "\n## Telephone numbers\n\n\
         Random valid numbers of every region, in E.164, international and RFC 3966 form, and national with and without other\n\
         punctuation, against libphonenumber: *equal* is the same E.164 number, *dropped* none, *other* another one, which would\n\
         be somebody else's.\n\n\
         | numbers | equal | dropped | other |\n|---|---|---|---|\n\
         | `crates/core/tests/fixtures/phones.tsv`, in `make test` | {equal} | {dropped} | {} |\n\
         | 99,998 of `make test-oracle` (phonenumbers 9.0.43, November 2026) | {ORACLE} |\n\n\
         Dropped are numbers that can be read in two ways: `001 800 123 4567` is a free number of Thailand, and one abroad dialled\n\
         from there.\n\n\
         ## As people and programs write them\n\n\
         Extensions, RFC 3966 parameters, trunk prefixes behind `+`, spreadsheet damage, two values in one field, digits of other\n\
         scripts, display names, invisible characters, placeholders: {} rows in `crates/core/tests/fixtures/identifiers_faults.json`,\n\
         of which {read} are read and {} dropped, each with a code in the answer (`docs/events.md`). 64 hexadecimal digits in a plain\n\
         field are taken as the SHA-256 that the sender made.",
        other.len(),
        typed.len(),
        typed.len() - read,
    )
    .unwrap();
    writeln!(
        out,
        "\n## Seventeen common inputs\n\n\
         What shops send for Meta's fields, with the text that Meta's page on customer information (for the `00` prefix: Snap's\n\
         example of the same number) asks to be hashed. ␣ is a space. No default country is set.\n\n\
         | | field | input | expected | ours | rule |\n|---|---|---|---|---|---|"
    )
    .unwrap();
    for (number, input) in clean_up.inputs.iter().enumerate() {
        let spelt = input
            .row(None)
            .spelt()
            .map_or("not sent".to_owned(), |text| cell(&text));
        writeln!(
            out,
            "| {} | `{}` | {} | {} | {spelt} | {} |",
            number + 1,
            input.field,
            cell(&input.input),
            cell(&input.normalized),
            input.rule
        )
        .unwrap();
    }
    let all = clean_up.inputs.len();
    let (right, dropped) = ours(&clean_up.inputs);
    writeln!(
        out,
        "\n| product | file read | commit | right | not sent | otherwise |\n|---|---|---|---|---|---|\n\
         | **edgetally** | `crates/core/src/identity` | this one | **{right}** | {dropped} | {} |",
        all - right - dropped
    )
    .unwrap();
    for product in &clean_up.products {
        let commit = product
            .commit
            .as_ref()
            .map_or("not noted (2026)".to_owned(), |commit| {
                format!("`{commit}`")
            });
        writeln!(
            out,
            "| {} | `{}` | {commit} | {} | {} | {} |",
            product.product,
            product.file,
            product.right,
            product.not_sent,
            all - product.right - product.not_sent
        )
        .unwrap();
    }
    out.push_str(
        "\n**How the others were scored.** The clean-up before the hash was rewritten by hand from the file at that commit and given\n\
         inputs of the same seventeen forms, in November 2026. It was not run in the products' own runtimes, and a later version may\n\
         do better. *Not sent*: no such field, or the value is dropped, which misses a match but sends nothing wrong.\n\n\
         **What this does not show.** We chose the inputs. A product may leave clean-up to its caller on purpose (walkerOS and Edgee hash\n\
         what they are given), and for some of these (the form of a birth date, the name of a state) that is a fair reading of the\n\
         rules. Segment and RudderStack let their users map values that are already clean. Meta's own Business SDK cleans\n\
         before it hashes; its tag above is another program. So the claim is no more than this: the vectors are here, and but\n\
         for the lines under *Not followed* they pass.\n",
    );
    out
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/normalisation.md")
}

#[test]
fn the_scoreboard_is_what_the_code_does() {
    let update = std::env::var("EDGETALLY_UPDATE").is_ok_and(|value| value == "1")
        || std::env::var("INSTA_UPDATE").is_ok_and(|value| value == "always");
    let document = document();
    if update {
        std::fs::write(page(), &document).unwrap();
    }
    let stored = crate::support::read(&page());
    for (line, (stored, fresh)) in stored.lines().zip(document.lines()).enumerate() {
        assert_eq!(
            stored,
            fresh,
            "docs/normalisation.md:{}: EDGETALLY_UPDATE=1 rewrites it",
            line + 1
        );
    }
    assert!(
        stored == document,
        "docs/normalisation.md: EDGETALLY_UPDATE=1 rewrites it"
    );
}

#[test]
fn seventeen_common_inputs_come_out_right_for_meta() {
    let inputs = clean_up().inputs;
    assert_eq!(inputs.len(), 17);
    assert_eq!(ours(&inputs), (17, 0));
    for input in &inputs {
        for country in ["DE", "US", "GB"] {
            let judged = input.row(Country2::parse(country)).judge();
            assert_eq!(judged, Ok(()), "{} in {country}", input.input);
        }
    }
    let products = clean_up().products;
    assert_eq!(products.len(), 9);
    for product in products {
        assert!(product.right + product.not_sent <= inputs.len());
    }
}

#[test]
fn every_row_has_its_kind_and_every_exception_is_one() {
    let rows = rows();
    for (kind, row) in &rows {
        assert!(KINDS.contains(&kind.as_str()), "{kind}");
        // A row that passes needs no excuse, and one that fails needs its reason on the page.
        assert_eq!(
            row.judge().is_err(),
            row.exception().is_some(),
            "{} {} {:?}: {:?}",
            row.destination,
            row.field,
            row.input,
            row.judge()
        );
    }
    let excused = rows
        .iter()
        .filter(|(_, row)| row.exception().is_some())
        .count();
    assert_eq!(excused, EXCEPTIONS.len(), "an exception has no row");
}

#[test]
fn the_rows_are_checked_by_the_spellings_that_the_platforms_use() {
    let rows = rows();
    for entry in ALL {
        let of = || {
            rows.iter()
                .filter(|(_, row)| row.destination == entry.platform)
        };
        let excused = WITHOUT_ROWS.iter().any(|(name, _)| *name == entry.platform);
        assert_eq!(
            of().next().is_none(),
            excused,
            "{} has no rows",
            entry.platform
        );
        for (_, row) in of() {
            let spelling = spelling(&row.destination, &row.field).unwrap();
            assert!(
                entry.facts.spellings.contains(spelling),
                "{} {}: the rows are of {spelling:?}, which it does not use",
                entry.platform,
                row.field
            );
        }
    }
}

#[test]
fn what_is_printed_wrongly_is_the_digest_of_something_else() {
    for wrong in wrong() {
        let (Some(input), Some(printed), Some(of)) =
            (&wrong.input, &wrong.printed, &wrong.digest_of)
        else {
            continue;
        };
        assert_eq!(*printed, sha256(of), "{}", wrong.source);
        let row = Row {
            destination: wrong.destination.clone(),
            field: wrong.field.clone(),
            input: input.clone(),
            hints: Hints::default(),
            normalised: None,
            sha256: None,
            hashed_already: false,
        };
        let ours = row.spelt().unwrap();
        assert_ne!(sha256(&ours), *printed, "{}", wrong.source);
        // The right digest is a row, so that what is sent instead is tested too.
        assert!(
            rows()
                .iter()
                .any(|(_, row)| row.destination == wrong.destination
                    && row.field == wrong.field
                    && row.normalised.as_ref() == Some(&ours)),
            "{} {ours} has no row",
            wrong.source
        );
    }
}
