//! `GET /v1/health`.

use edgetally_core::base::table::Table;
use edgetally_core::destinations::versions;
use edgetally_core::destinations::versions::VERSION_WARNING_DAYS;
use serde_json::{Value, json};

use crate::routes;
use crate::runtime::{self, Env, Response};
use crate::state;

/// What the worker has to be bound to.
const BINDINGS: &[&str] = &["CLAIMS", "EVENTS", "LEDGER", "SLOW"];
/// `GET /v1/health`: whether it could work, and if not, what is wrong and where.
pub(crate) fn health(env: &Env) -> Response {
    let now = runtime::now();
    let settings = state::settings(env);
    let mut names = BINDINGS.to_vec();
    // Without them nobody is limited, which nobody would notice.
    let sources = settings.iter().flat_map(|settings| &settings.sources);
    names.extend(sources.filter_map(|source| source.rate_limit.as_deref()));
    let bound = runtime::bindings(env, &names);
    let bindings: Table<_, _> = names.iter().copied().zip(bound.iter().copied()).collect();
    let healthy = settings.is_ok() && bound.iter().all(|bound| *bound);
    let versions = versions(now);
    let warnings: Vec<String> = versions
        .iter()
        .filter(|version| {
            version
                .days_left
                .is_some_and(|days| days <= VERSION_WARNING_DAYS)
        })
        .map(|version| {
            format!(
                "{} {} ends on {}",
                version.platform,
                version.api_version,
                version.ends.unwrap_or("")
            )
        })
        .collect();
    let paused: Table<String, Value> = state::gates(|gates| {
        gates
            .iter()
            .filter_map(|(name, gate)| {
                Some((
                    name.clone(),
                    json!({"seconds": gate.closed_for(now)?, "code": gate.code()}),
                ))
            })
            .collect()
    });
    let body = json!({
        "status": if healthy { "ok" } else { "unhealthy" },
        "release": env!("CARGO_PKG_VERSION"),
        "settings": settings.err().unwrap_or_default(),
        "bindings": bindings,
        "versions": versions,
        "warnings": warnings,
        "paused_here": paused,
    });
    routes::json(if healthy { 200 } else { 503 }, runtime::json(&body))
}
