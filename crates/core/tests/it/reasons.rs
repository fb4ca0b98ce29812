//! `docs/not-arriving.md` holds the table of reasons as the code has it.

#![expect(
    clippy::disallowed_methods,
    reason = "a page that is written anew when the environment asks for it"
)]

use std::path::Path;

use edgetally_core::base::reason::{Cause, FORMS, Reason, Refusal, Skip};

use crate::architecture::{sources, src};
use crate::support::read;

const BEGIN: &str = "<!-- codes -->\n";
const END: &str = "<!-- /codes -->\n";

fn table(title: &str, head: &str, rows: &[Reason]) -> String {
    let mut text = format!("\n### {title}\n\n| {head} | it means |\n|---|---|\n");
    for Reason { code, meaning } in rows {
        text.push_str(&format!("| `{code}` | {meaning} |\n"));
    }
    text
}

#[test]
fn the_page_explains_every_code_in_the_words_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/not-arriving.md");
    let stored = read(&path);
    let (before, rest) = stored.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    let fresh = [
        before,
        BEGIN,
        &table("Consent", "`blocked:…`", Refusal::ROWS),
        &table("No use for the event", "`skipped:…`", Skip::ROWS),
        &table(
            "Not delivered, not at once, or not whole",
            "`rejected:…`, `retrying:…`, `dead:…`, `delivered:…`",
            &[Cause::ROWS, FORMS].concat(),
        ),
        "\n",
        END,
        after,
    ]
    .concat();
    if std::env::var("EDGETALLY_UPDATE").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    assert!(
        stored == fresh,
        "docs/not-arriving.md: EDGETALLY_UPDATE=1 rewrites it"
    );
}

#[test]
fn a_reason_that_nothing_gives_is_not_in_the_table() {
    let code: String = sources(&src())
        .iter()
        .filter(|path| !path.ends_with("reason.rs"))
        .map(|path| read(path))
        .collect();
    let given = [
        Refusal::ALL
            .iter()
            .map(|of| format!("Refusal::{of:?}"))
            .collect::<Vec<_>>(),
        Skip::ALL.iter().map(|of| format!("Skip::{of:?}")).collect(),
        Cause::ALL
            .iter()
            .map(|of| format!("Cause::{of:?}"))
            .collect(),
    ]
    .concat();
    for reason in given {
        let mut found = code
            .match_indices(&reason)
            .map(|(at, _)| &code[at + reason.len()..]);
        assert!(
            found.any(|rest| !rest.starts_with(char::is_alphanumeric)),
            "{reason}"
        );
    }
}
