//! Looks whether anything is wrong, and tells. What is, the core decides.

use edgetally_core::alerts::standing::{self, DeadLetters, Facts};
use edgetally_core::alerts::{Incident, Look, Notice, Round, follow, notices};
use edgetally_core::base::members::list_of;
use edgetally_core::base::time::UnixMillis;
use edgetally_core::delivery::OutgoingRequest;
use edgetally_core::settings::Settings;
use edgetally_core::settings::alerts::Alerts;
use serde_json::{Value, json};

use crate::admin::sums::sums;
use crate::admin::{ask, member, number, take};
use crate::runtime::{self, Env, console_warn};
use crate::state;

/// One round of looks, if somebody is to be told and no other round is under way.
pub(crate) async fn watch(env: &Env) {
    let Ok(settings) = state::settings(env) else {
        return;
    };
    let Some(rules) = &settings.alerts else {
        return;
    };
    let token = state::new_id();
    let Ok(mut known) = ask(env, "/watch", &json!({"round": token})).await else {
        console_warn!(
            "the ledger did not say which incidents there are; asked again at the next run"
        );
        return;
    };
    if known.get("taken").is_some() {
        return;
    }
    let kept: Vec<Incident> = take(&mut known, "incidents")
        .into_iter()
        .filter_map(Incident::read)
        .collect();
    let now = runtime::now();
    let (round, looked) = looks(env, settings, rules, known, &kept, now).await;
    let mut book = Book {
        env,
        token,
        failure: None,
    };
    let mut incidents = follow(kept, round, now);
    let is_fresh = |incident: &&Incident| incident.over.is_none_or(|over| over >= now);
    let fresh: Vec<&Incident> = incidents.iter().filter(is_fresh).collect();
    // Before anything is sent: whoever comes later knows of it.
    if !book.keep(&fresh, &looked, false).await {
        return;
    }
    for notice in notices(&incidents, rules, runtime::now()) {
        if let Err(code) = send(settings, rules, &notice).await {
            console_warn!("an alert could not be sent ({code}); sent again at the next run");
            book.failure = Some(code);
            break;
        }
        for (at, news) in &notice.of {
            if let Some(incident) = incidents.get_mut(*at) {
                incident.tell(*news, runtime::now());
            }
        }
        let places = notice.of.iter();
        let told: Vec<&Incident> = places.filter_map(|(at, _)| incidents.get(*at)).collect();
        // At once: a round that is cut off tells nothing again.
        if !book.keep(&told, &[], false).await {
            return;
        }
        book.failure = Some(String::new());
    }
    book.keep(&[], &[], true).await;
}

/// What a round has come to, as the ledger keeps it.
struct Book<'e> {
    env: &'e Env,
    token: String,
    /// What became of the last message; empty where it was taken, and nothing where there was none.
    failure: Option<String>,
}

impl Book<'_> {
    /// Whether it was kept, and the round is still ours.
    async fn keep(
        &self,
        incidents: &[&Incident],
        looked: &[(String, UnixMillis)],
        over: bool,
    ) -> bool {
        let incidents: Vec<String> = incidents.iter().map(|one| one.kept()).collect();
        let sent = self.failure.as_ref().filter(|_| over);
        let sent = sent.map(|failure| json!({"at": runtime::now(), "failure": failure}));
        let body = json!({"round": self.token, "incidents": incidents, "looked": looked, "over": over, "sent": sent});
        let answer = ask(self.env, "/watched", &body).await;
        let kept =
            answer.is_ok_and(|answer| answer.get("kept").and_then(Value::as_bool) == Some(true));
        if !kept {
            console_warn!(
                "the ledger did not keep what is to be told; looked again at the next run"
            );
        }
        kept
    }
}

/// Looks at everything. What the ledger does not answer for is not looked at, and so neither begins nor ends.
async fn looks(
    env: &Env,
    settings: &Settings,
    rules: &Alerts,
    mut known: Value,
    incidents: &[Incident],
    now: UnixMillis,
) -> (Round, Vec<(String, UnixMillis)>) {
    let judged = take(&mut known, "looked");
    let judged = |source: &str| {
        let row = judged.iter().find(|row| member(row, "source") == source);
        row.map(|row| UnixMillis(number(row, "until")))
    };
    let mut round = Round::default();
    let letters = known
        .get_mut("letters")
        .map(Value::take)
        .unwrap_or_default();
    if let Some(answers) = sums(env, &standing::queries(now)).await {
        let facts = Facts {
            answers,
            letters: list_of(letters, DeadLetters::read).unwrap_or_default(),
            paused: paused(now),
        };
        round.conditions = standing::conditions(settings, rules, facts, now);
        round.standing = true;
    }
    let mut looked = Vec::new();
    for source in &settings.sources {
        round.sources.push(source.name.clone());
        let look = Look::new(&source.name, now, judged(&source.name), rules);
        let Some(answers) = sums(env, &look.queries()).await else {
            console_warn!(
                "the ledger did not answer for a source; looked at again at the next run"
            );
            continue;
        };
        let is_open = incidents
            .iter()
            .any(|one| one.over.is_none() && one.condition.source == source.name);
        round.conditions.extend(look.conditions(answers, is_open));
        round
            .looked
            .push((source.name.clone(), look.judges().is_some()));
        looked.extend(look.judges().map(|end| (source.name.clone(), end)));
    }
    (round, looked)
}

/// The destinations that are paused in this isolate, with the code of why.
fn paused(now: UnixMillis) -> Vec<(String, String)> {
    state::gates(|gates| {
        let closed = gates
            .iter()
            .filter(|(_, gate)| gate.closed_for(now).is_some());
        closed
            .map(|(name, gate)| (name.clone(), gate.code().to_owned()))
            .collect()
    })
}

/// Sends a message. What the receiver says beside its status is read by nobody.
pub(crate) async fn send(
    settings: &Settings,
    rules: &Alerts,
    notice: &Notice,
) -> Result<(), String> {
    let request = notice
        .request(rules, runtime::now())
        .ok_or_else(|| "address_invalid".to_owned())?;
    let outgoing = OutgoingRequest {
        ticket: 0,
        destination: String::new(),
        address: settings.address(request.uri()),
        request,
        signing: None,
        timeout_ms: settings.timeout_ms,
    };
    match runtime::exchange(&outgoing).await {
        Ok(reply) if (200..300).contains(&reply.status) => Ok(()),
        Ok(reply) => Err(format!("http_{}", reply.status)),
        Err(failure) => Err(failure.cause().code().to_owned()),
    }
}
