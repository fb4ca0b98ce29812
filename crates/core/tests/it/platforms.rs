//! What a platform is known by, in one place: `fixtures/destinations/<platform>/platform.json`, written from the platform's
//! pages and not from the encoder. All tests read it, those in JavaScript too (`npm/src/platforms.mjs`).
//!
//! And what a platform needs: [`missing`] lists it, for those that are and for one that is being added.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use edgetally_core::destinations::destination::TestMode;
use edgetally_core::destinations::{ALL, Entry};
use edgetally_core::identity::Spelling;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::support::{files, fixtures, read};

/// How a platform is told when an event happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    Seconds,
    Millis,
    Micros,
    /// RFC 3339.
    Text,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    /// What people call it.
    title: String,
    /// Its place in lists for people.
    order: usize,
    /// The unit of its times.
    pub(crate) time: Unit,
    /// What its pages ask for in clear: identifier, and the end of its place in the body. Nothing else may be readable
    /// anywhere. The IP address, the browser and click ids are no identifiers of the visitor in this sense.
    pub(crate) in_clear: BTreeMap<String, String>,
    /// Where short codes stand that may equal what the visitor has typed and come from elsewhere: the operator's shop feed,
    /// and where the edge saw the request come from.
    pub(crate) not_of_the_visitor: Vec<String>,
    /// Whether it has a flag for visitors who opted out under a US state's law. Without one they are left out.
    pub(crate) limited_use: bool,
    /// Whether it has a test mode.
    test_mode: bool,
    /// The spelling of each field that the reference rows have.
    pub(crate) spellings: BTreeMap<String, String>,
    /// Fields of the reference rows that are no identifiers here, and why.
    pub(crate) not_identifiers: BTreeMap<String, String>,
    /// Where the name stands in an event of a body; two places for a type and the name beside it.
    #[serde(default)]
    pub(crate) name_at: Vec<String>,
    /// What it calls the standard events; `null` where it has none.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, Option<String>>,
    /// For a platform that gets one event of a body of its own: where the time and the amount stand, how the amount is
    /// written, whether IPv6 addresses go, and what it recognises a visitor by.
    #[serde(default)]
    pub(crate) pages: Option<Pages>,
    /// How the demo and the end-to-end tests set it up.
    #[serde(rename = "demo")]
    _demo: IgnoredAny,
}

/// What a platform's pages say of an event that stands by itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pages {
    pub(crate) time_at: String,
    pub(crate) value_at: String,
    pub(crate) value_as: Written,
    pub(crate) ipv6: bool,
    /// One of these is enough; `social.rs` has what they are.
    pub(crate) recognised_by: Vec<String>,
}

/// How an amount is written.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Written {
    Number,
    /// With the digits of its currency.
    Text,
    /// With two, whatever the currency has.
    TwoDigits,
}

static KNOWN: LazyLock<BTreeMap<String, Known>> = LazyLock::new(|| {
    std::fs::read_dir(fixtures().join("destinations"))
        .unwrap()
        .map(|folder| {
            let folder = folder.unwrap().path();
            let known = serde_json::from_str(&read(&folder.join("platform.json")));
            let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
            let known = known.unwrap_or_else(|error| panic!("{name}/platform.json: {error}"));
            (name, known)
        })
        .collect()
});

/// What is known about a platform.
pub(crate) fn known(platform: &str) -> &'static Known {
    KNOWN
        .get(platform)
        .unwrap_or_else(|| panic!("{platform} has no platform.json"))
}

/// How the reference rows of a platform name a spelling.
pub(crate) fn spelling(platform: &str, field: &str) -> Option<Spelling> {
    let code = KNOWN.get(platform)?.spellings.get(field)?;
    let found = Spelling::ALL.iter().find(|one| one.code() == code);
    Some(*found.unwrap_or_else(|| panic!("{platform}: there is no spelling {code}")))
}

/// Whether a platform is told an identifier in clear.
pub(crate) fn takes_in_clear(platform: &str, identifier: &str) -> bool {
    known(platform).in_clear.contains_key(identifier)
}

/// What a platform still lacks. `CONTRIBUTING.md` has the same list with the words to it.
fn missing(platform: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut missing = Vec::new();
    let fixture = format!("crates/core/tests/fixtures/destinations/{platform}");
    for file in [
        format!("crates/core/src/destinations/{platform}.rs"),
        format!("{fixture}/platform.json"),
        format!("{fixture}/settings.json"),
        format!("{fixture}/replies"),
        format!("crates/core/tests/it/snapshots/replies__{platform}.snap"),
        format!("twin/platforms/{platform}.mjs"),
        format!("docs/destinations/{platform}.md"),
    ] {
        if !root.join(&file).exists() {
            missing.push(file);
        }
    }
    for (file, line) in [
        (
            "crates/core/src/destinations.rs",
            format!("platform: \"{platform}\""),
        ),
        ("twin/platforms.mjs", format!("./platforms/{platform}.mjs")),
        (
            "README.md",
            format!("[docs/destinations/{platform}.md](docs/destinations/{platform}.md)"),
        ),
        (
            "docs/settings.md",
            format!("[{platform}](destinations/{platform}.md)"),
        ),
    ] {
        if !read(&root.join(file)).contains(&line) {
            missing.push(format!("{file}: {line}"));
        }
    }
    missing
}

#[test]
fn every_platform_has_what_a_platform_needs() {
    for Entry { platform, .. } in ALL {
        assert!(missing(platform).is_empty(), "{:#?}", missing(platform));
        let replies = fixtures().join("destinations").join(platform);
        assert!(!files(&replies.join("replies")).is_empty(), "{platform}");
    }
    let listed: BTreeSet<&str> = ALL.iter().map(|entry| entry.platform).collect();
    assert_eq!(
        KNOWN.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        listed
    );
}

#[test]
fn a_platform_that_is_not_there_lacks_all_of_it() {
    assert_eq!(missing("pinwheel").len(), 11, "{:#?}", missing("pinwheel"));
}

#[test]
fn what_a_platform_is_known_by_agrees_with_its_facts() {
    let mut order: Vec<usize> = Vec::new();
    for Entry {
        platform, facts, ..
    } in ALL
    {
        let known = known(platform);
        assert!(!known.title.is_empty());
        order.push(known.order);
        assert_eq!(
            known.test_mode,
            facts.test == TestMode::Platform,
            "{platform}"
        );
        for (field, code) in &known.spellings {
            let spelling = spelling(platform, field).unwrap();
            assert!(
                facts.spellings.contains(spelling),
                "{platform} {field} {code}"
            );
        }
    }
    order.sort_unstable();
    assert!(order.iter().copied().eq(1..=ALL.len()), "{order:?}");
}
