//! `docs/not-arriving.md` holds the table of reasons as the code has it.

use edgetally_core::base::reason::{Cause, FORMS, Reason, Refusal, Skip};
use edgetally_core::base::remarks;

use crate::architecture::{sources, src};
use crate::support::{generated, read};

fn table(title: &str, head: &str, rows: &[Reason]) -> String {
    let mut text = format!("\n### {title}\n\n| {head} | it means |\n|---|---|\n");
    for Reason { code, meaning } in rows {
        text.push_str(&format!("| `{code}` | {meaning} |\n"));
    }
    text
}

#[test]
fn the_page_explains_every_code_in_the_words_of_the_table() {
    let tables = [
        table("Consent", "`blocked:…`", Refusal::ROWS),
        table("No use for the event", "`skipped:…`", Skip::ROWS),
        table(
            "Not delivered, not at once, or not whole",
            "`rejected:…`, `retrying:…`, `dead:…`, `delivered:…`",
            &[Cause::ROWS, FORMS].concat(),
        ),
    ];
    generated("not-arriving.md", "codes", &tables.concat());
}

#[test]
fn what_is_left_out_or_changed_is_explained_in_the_words_of_the_table() {
    let mut text = "| code | means |\n|---|---|\n".to_owned();
    for Reason { code, meaning } in remarks::MEANINGS {
        text.push_str(&format!("| `{code}` | {meaning} |\n"));
    }
    generated("events.md", "remarks", &text);
    assert!(remarks::MEANINGS.is_sorted_by_key(|reason| reason.code));
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
