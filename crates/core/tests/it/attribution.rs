//! Cookies, click ids and signals against the reference rows that may lie beside the repository.
//!
//! They lie in `../shared/vectors` or where `EDGETALLY_VECTORS` points; without them this says so and passes, since
//! every rule is tested by rows of our own elsewhere.

#![expect(
    clippy::disallowed_methods,
    reason = "the rows are a file, and a variable may say where"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use edgetally_core::attribution::{
    click_ids_from_url, client_id_from_ga, fb_cookie_payload, fbc, session_id_from_ga,
};
use edgetally_core::auth::{Credentials, recognise, sign};
use edgetally_core::consent::{gpc_header, us_privacy_opt_out};
use edgetally_core::settings::{Secret, Settings};
use edgetally_core::time::UnixMillis;
use serde_json::Value;

fn rows() -> Option<Vec<Value>> {
    let folder = std::env::var_os("EDGETALLY_VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors"),
        PathBuf::from,
    );
    let file = folder.join("consent-intake-utm.json");
    match std::fs::read_to_string(&file) {
        Ok(text) => Some(serde_json::from_str(&text).unwrap()),
        Err(error) => {
            println!("skipped: {} cannot be read ({error})", file.display());
            None
        }
    }
}

/// What a row says, by our functions; `None` for kinds that are tested elsewhere or not built yet.
fn read(row: &Value) -> Option<(Value, Value)> {
    let (input, expected) = (&row["input"], &row["expected"]);
    let text = input.as_str().unwrap_or_default();
    Some(match row["kind"].as_str().unwrap() {
        "fbc_parse" | "fbp_parse" => (fb_cookie_payload(text).into(), expected["payload"].clone()),
        "fbc_build" => {
            let now = UnixMillis(input["now_ms"].as_i64().unwrap());
            (
                fbc(
                    None,
                    input["fbclid"].as_str(),
                    input["registrable_domain"].as_str(),
                    now,
                )
                .into(),
                expected["fbc"].clone(),
            )
        }
        "fbc_update" => {
            let now = UnixMillis(input["now_ms"].as_i64().unwrap());
            let built = fbc(
                input["existing"].as_str(),
                input["fbclid"].as_str(),
                None,
                now,
            );
            (
                (built.as_deref() != input["existing"].as_str()).into(),
                expected["rewrite"].clone(),
            )
        }
        "ga_cookie" => (
            client_id_from_ga(text).into(),
            expected["client_id"].clone(),
        ),
        "ga_stream_cookie" => (
            session_id_from_ga(text).into(),
            expected["session_id"].clone(),
        ),
        "click_ids_from_query" => {
            let url = format!("https://shop.example/?{text}");
            let found: BTreeMap<&str, String> = click_ids_from_url(&url)
                .map(|(name, value)| (name, value.as_str().to_owned()))
                .collect();
            (serde_json::to_value(found).unwrap(), expected.clone())
        }
        "sec_gpc" => (
            input["header"].as_str().is_some_and(gpc_header).into(),
            expected["gpc"].clone(),
        ),
        "us_privacy" => {
            let expected = match &expected["opt_out_sale"] {
                _ if !expected["error"].is_null() => Value::Null,
                // "Does not apply" is no opt-out.
                Value::Null => false.into(),
                opt_out => opt_out.clone(),
            };
            (us_privacy_opt_out(text).into(), expected)
        }
        "standard_webhook_signature" => {
            let text = |key: &str| input[key].as_str().unwrap();
            let signed = sign(
                &Secret::new(text("secret")),
                text("webhook-id"),
                text("webhook-timestamp"),
                text("body").as_bytes(),
            );
            (signed.into(), expected["webhook-signature"].clone())
        }
        "standard_webhook_verify" => {
            let text = |key: &str| input[key].as_str().unwrap();
            let settings = Settings::load(
                r#"{"sources": {"shop": {"secret": "SHOP_SECRET"}}}"#,
                &|name| {
                    Some(
                        if name == "SHOP_SECRET" {
                            text("secret")
                        } else {
                            "0123456789abcdef0123456789abcdef"
                        }
                        .to_owned(),
                    )
                },
            )
            .unwrap();
            let credentials = Credentials {
                webhook_id: Some(text("webhook-id")),
                webhook_timestamp: Some(text("webhook-timestamp")),
                webhook_signature: Some(text("webhook-signature")),
                ..Credentials::default()
            };
            let now = UnixMillis(input["now"].as_i64().unwrap() * 1000);
            (
                recognise(&settings, &credentials, text("body").as_bytes(), now)
                    .is_ok()
                    .into(),
                expected["valid"].clone(),
            )
        }
        _ => return None,
    })
}

#[test]
fn the_reference_rows_beside_the_repository_are_read_as_they_say() {
    let Some(rows) = rows() else { return };
    let mut wrong = Vec::new();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &rows {
        if let Some((read, expected)) = read(row) {
            *kinds.entry(row["kind"].as_str().unwrap()).or_default() += 1;
            if read != expected {
                wrong.push(format!("{row}: {read}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(
        kinds.len() == 11 && kinds.values().sum::<usize>() >= 40,
        "{kinds:?}"
    );
}
