//! `GET /v1/health`.

use edgetally_core::base::table::Table;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::destinations::versions;
use edgetally_core::destinations::versions::VERSION_WARNING_DAYS;
use edgetally_core::ledger::Shortage;
use serde_json::{Value, json};

use crate::admin::{Attention, ask, put};
use crate::claiming;
use crate::dashboard::SIGN_IN_LIMIT;
use crate::routes;
use crate::runtime::{self, Env, Response};
use crate::state;

/// What the worker has to be bound to.
const BINDINGS: &[&str] = &["CLAIMS", "EVENTS", "LEDGER", "SLOW"];
/// And where claims are exact.
const CLAIMS_OBJECT: &str = "CLAIMS_OBJECT";
/// `GET /v1/health`: whether it could work, and if not, what is wrong and where.
pub(crate) async fn health(env: &Env) -> Response {
    let now = runtime::now();
    let settings = state::settings(env);
    let mut names = BINDINGS.to_vec();
    // Without them nobody is limited, which nobody would notice.
    let sources = settings.iter().flat_map(|settings| &settings.sources);
    names.extend(sources.filter_map(|source| source.rate_limit.as_deref()));
    let layout = settings
        .as_ref()
        .ok()
        .and_then(|settings| settings.dedup.exact);
    if layout.is_some() {
        names.push(CLAIMS_OBJECT);
    }
    let bound = runtime::bindings(env, &names);
    let bindings: Table<_, _> = names.iter().copied().zip(bound.iter().copied()).collect();
    let healthy = settings.is_ok() && bound.iter().all(|bound| *bound);
    let versions = versions(now);
    let mut warnings: Vec<String> = versions
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
    let mut attention = json!({});
    let mut alerts =
        json!({"configured": settings.as_ref().is_ok_and(|settings| settings.alerts.is_some())});
    let mut unreported = json!({});
    match attention_of(env, now).await {
        None => warnings.push("the ledger does not answer".to_owned()),
        Some(found) => {
            warnings.extend(sentences(&found));
            if found.incidents > 0 {
                warnings.push(format!(
                    "incidents that are open: {}; /v1/alerts lists them",
                    found.incidents
                ));
            }
            put(&mut alerts, "open", found.incidents.into());
            if !found.alert_failure.is_empty() {
                put(&mut alerts, "failure", json!(found.alert_failure));
            }
            found.put(&mut attention);
            unreported = json!(reports_unavailable(env, &found));
        }
    }
    let source = settings
        .iter()
        .flat_map(|settings| &settings.sources)
        .next();
    if let (Some(layout), Some(source)) = (&layout, source)
        && !claiming::answers(env, layout, &source.name).await
    {
        warnings.push("what keeps the claims does not answer".to_owned());
    }
    let body = json!({
        "status": if healthy { "ok" } else { "unhealthy" },
        "release": env!("CARGO_PKG_VERSION"),
        "version": runtime::version(env),
        "settings": settings.err().unwrap_or_default(),
        "sign_in_limit": if bound_limit(env) { "binding" } else { "isolate" },
        "bindings": bindings,
        "dedup": if layout.is_some() { "exact" } else { "kv" },
        "versions": versions,
        "warnings": warnings,
        "attention": attention,
        "alerts": alerts,
        "paused_here": paused,
        "reports_unavailable": unreported,
    });
    routes::json(if healthy { 200 } else { 503 }, runtime::json(&body))
}

/// Which destinations' platforms said nothing about quality when they were last asked, with the code of why. It is no
/// warning: nothing that is sent depends on it.
pub(crate) fn reports_unavailable(env: &Env, found: &Attention) -> Table<String, String> {
    let settings = state::settings(env).ok();
    let reports = |name: &str| {
        let configured = settings.and_then(|settings| settings.destination(name));
        configured.is_some_and(|one| one.destination.reporting().is_some())
    };
    let all = found.unreported.iter().cloned();
    all.filter(|(name, _)| reports(name)).collect()
}

/// Whether a binding counts who tries to sign in to the dashboard; else each isolate does for itself.
fn bound_limit(env: &Env) -> bool {
    runtime::bindings(env, &[SIGN_IN_LIMIT]).contains(&true)
}

/// What a person is to do.
pub(crate) fn sentences(found: &Attention) -> Vec<String> {
    let mut sentences = Vec::new();
    if found.quarantined > 0 {
        sentences.push(format!(
            "messages in quarantine: {}; /v1/dead-letters lists them, to be replayed or dismissed",
            found.quarantined
        ));
    }
    for (name, n) in found.removed.iter() {
        sentences.push(format!(
            "events for {name}, which the settings no longer have: {n}; put it back and replay them, or dismiss them"
        ));
    }
    if !found.alert_failure.is_empty() {
        sentences.push(format!(
            "the last alert was not taken ({}); it is sent again, and POST /v1/alerts/test tries it at once",
            found.alert_failure
        ));
    }
    if let Some(since) = found.outcomes_waiting {
        sentences.push(format!(
            "outcomes have been waiting for the bucket since {}; is OUTCOMES bound to one that takes them, and does the cron trigger run? After seven days they are dropped",
            since.to_rfc3339()
        ));
    }
    for (source, n) in found.folded.iter() {
        sentences.push(format!(
            "{source}: {n} names of events, releases or versions of today and yesterday have no lines of their own and are counted as other; folded_names in /v1/ledger has them by day"
        ));
    }
    for shortage in Shortage::ALL {
        for (source, n) in found
            .shortages
            .get(shortage.as_str())
            .into_iter()
            .flat_map(Table::iter)
        {
            sentences.push(format!("{source}: {n} {}", shortage.sentence()));
        }
    }
    sentences
}

/// For how long the ledger's answer is told again, in milliseconds: anybody may ask for the health.
const FRESH_MS: i64 = 10_000;

/// What the ledger says that a person has to see to; nothing where it does not answer.
async fn attention_of(env: &Env, now: UnixMillis) -> Option<Attention> {
    let mut answer = state::attention(now.0 - FRESH_MS);
    if answer.is_none() {
        answer = Some(ask(env, "/attention", &json!({})).await.ok());
        state::keep_attention(now.0, answer.clone().flatten());
    }
    answer.flatten().as_ref().map(Attention::read)
}
