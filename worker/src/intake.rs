//! `POST /v1/events`: from a request to durable messages and an answer.

use std::time::Duration;

use edgetally_core::auth::{Caller, Credentials, Proof, recognise};
use edgetally_core::consent::gpc_header;
use edgetally_core::dedup::{ClaimKey, Known, Recent};
use edgetally_core::error::{Code, ParseError};
use edgetally_core::event::LARGEST_BODY;
use edgetally_core::intake::{Batch, Visit, error_of, refusal};
use edgetally_core::settings::Settings;
use edgetally_core::table::Table;
use worker::{Context, Delay, Env, web_sys};

use crate::edge::{self, Field, Fields, respond};
use crate::state;

/// Signed requests are remembered for twice the time that their signature is good for.
const SIGNATURE_TTL_SECONDS: i64 = 600;
/// How often to look whether another request has made an event durable.
const PATIENCE: Duration = Duration::from_millis(20);

/// The headers of an answer that a page of that origin may read.
fn cors<'a>(settings: &Settings, fields: &Fields<'a>) -> Vec<&'a str> {
    let Some(origin) = fields.get(Field::Origin) else {
        return Vec::new();
    };
    let known = settings
        .sources
        .iter()
        .any(|source| edgetally_core::auth::origin_allowed(source, origin));
    if known {
        vec!["access-control-allow-origin", origin, "vary", "Origin"]
    } else {
        vec!["vary", "Origin"]
    }
}

/// `OPTIONS /v1/events`. Whether the key and the origin belong together is seen when the events come.
pub(crate) fn preflight(env: &Env, fields: &Fields<'_>) -> web_sys::Response {
    let Ok(settings) = state::settings(env) else {
        return respond(204, "", &[]);
    };
    let mut headers = cors(settings, fields);
    headers.extend([
        "access-control-allow-methods",
        "POST",
        "access-control-allow-headers",
        "content-type, x-edgetally-key",
        "access-control-max-age",
        "7200",
    ]);
    respond(204, "", &headers)
}

/// The parameter `key`, as browsers without headers (beacons) send it.
fn key_parameter(query: &str) -> Option<&str> {
    query
        .split('&')
        .find_map(|pair| pair.strip_prefix("key="))
        .filter(|key| !key.is_empty())
}

/// Why a request cannot be read, seen from its headers alone.
fn unreadable(fields: &Fields<'_>) -> Option<Code> {
    let media = fields.get(Field::ContentType).unwrap_or("application/json");
    let media = media.split(';').next().unwrap_or(media).trim();
    if !media.eq_ignore_ascii_case("application/json") && !media.eq_ignore_ascii_case("text/plain")
    {
        return Some(Code::UnsupportedMediaType);
    }
    if fields
        .get(Field::ContentEncoding)
        .is_some_and(|coding| !coding.eq_ignore_ascii_case("identity"))
    {
        return Some(Code::UnsupportedMediaType);
    }
    let announced = fields
        .get(Field::ContentLength)
        .and_then(|length| length.parse::<usize>().ok());
    announced
        .filter(|length| *length > LARGEST_BODY)
        .map(|_| Code::BodyTooLarge)
}

pub(crate) async fn events(
    request: &web_sys::Request,
    fields: &Fields<'_>,
    query: &str,
    env: Env,
    context: &Context,
) -> web_sys::Response {
    // Senders keep what they have and come back.
    let Ok(settings) = state::settings(&env) else {
        let body = refusal(&error_of(Code::SettingsInvalid));
        return respond(503, &body, &["retry-after", "30"]);
    };
    let mut headers = cors(settings, fields);
    match take(settings, request, fields, query, env, context).await {
        Ok((status, answer)) => respond(status, &answer, &headers),
        Err(error) => {
            if error.code.status() == 503 {
                headers.extend(["retry-after", "2"]);
            }
            respond(error.code.status(), &refusal(&error), &headers)
        }
    }
}

async fn take(
    settings: &'static Settings,
    request: &web_sys::Request,
    fields: &Fields<'_>,
    query: &str,
    env: Env,
    context: &Context,
) -> Result<(u16, String), ParseError> {
    if let Some(code) = unreadable(fields) {
        return Err(error_of(code));
    }
    let body = edge::body(request, LARGEST_BODY).await;
    // A sender that went away in the middle gets no answer anyway.
    let body = body
        .map_err(|_| error_of(Code::MalformedJson))?
        .ok_or_else(|| error_of(Code::BodyTooLarge))?;
    let now = edge::now();
    let credentials = Credentials {
        key: fields.get(Field::Key).or_else(|| key_parameter(query)),
        origin: fields.get(Field::Origin),
        authorization: fields.get(Field::Authorization),
        webhook_id: fields.get(Field::WebhookId),
        webhook_timestamp: fields.get(Field::WebhookTimestamp),
        webhook_signature: fields.get(Field::WebhookSignature),
    };
    let caller = recognise(settings, &credentials, &body, now).map_err(error_of)?;
    let visit = caller.is_page().then(|| Visit {
        ip: fields.get(Field::Ip),
        user_agent: fields.get(Field::UserAgent),
        referer: fields.get(Field::Referer),
        cookies: fields.get(Field::Cookie),
        gpc: fields.get(Field::SecGpc).is_some_and(gpc_header),
        country: fields.get(Field::Country),
        region: fields.get(Field::Region),
    });
    let batch = Batch::read(settings, caller.source, visit.as_ref(), &body, now)?;
    let keys: Vec<ClaimKey> = batch.keys().collect();
    let signature = signature_key(settings, &caller);
    wait_for_others(&keys, settings).await;

    let (mut taken, asked) = look(&keys, signature, settings);
    let held = Held(
        asked
            .iter()
            .copied()
            .filter(|key| Some(*key) != signature)
            .collect(),
    );
    if !asked.is_empty() {
        let names: Vec<String> = asked.iter().map(|key| key.to_hex()).collect();
        // A store that does not answer costs a repeated copy at worst, which the platforms recognise.
        let found = edge::claimed(&env, &names).await.unwrap_or_default();
        for (key, _) in asked.iter().zip(found).filter(|(_, found)| *found) {
            taken.insert(*key, ());
            state::recent(|recent| recent.claim(*key, now));
        }
    }
    if signature.is_some_and(|key| taken.contains(&key)) {
        return Err(error_of(Code::SignatureReplayed));
    }
    let plan = batch.finish(|key| taken.contains(&key), &state::new_id());
    if edge::send_all(&env, &plan.messages).await.is_err() {
        // Once more, a little later; after that the sender has to come again. Nothing is marked, so nothing is lost.
        Delay::from(Duration::from_millis(50 + now.0.unsigned_abs() % 100)).await;
        edge::send_all(&env, &plan.messages)
            .await
            .map_err(|_| error_of(Code::QueueUnavailable))?;
    }
    // Durable first, marked second: a crash in between repeats a copy and cannot lose one.
    held.keep();
    let signed = signature.filter(|_| plan.status == 202);
    state::recent(|recent| {
        for key in plan.claims.iter().copied().chain(signed) {
            recent.claim(key, now);
        }
    });
    mark(context, env, settings, &plan.claims, signed);
    Ok((plan.status, plan.answer))
}

fn signature_key(settings: &Settings, caller: &Caller<'_>) -> Option<ClaimKey> {
    match caller.proof {
        Proof::Signature { id, signature } => Some(settings.claims.signature(
            &caller.source.name,
            id,
            signature,
        )),
        Proof::Page | Proof::Bearer => None,
    }
}

/// Waits while another request of this isolate has one of the events in hand, so that the answer "duplicate" is only
/// ever given when the event is durable.
async fn wait_for_others(keys: &[ClaimKey], settings: &Settings) {
    let started = edge::now();
    loop {
        let now = edge::now();
        let in_flight = state::recent(|recent| {
            keys.iter()
                .any(|key| recent.look(*key, now, settings.window_ms) == Known::InFlight)
        });
        if !in_flight || now.0 - started.0 > Recent::IN_FLIGHT_MS {
            return;
        }
        Delay::from(PATIENCE).await;
    }
}

/// Sorts the keys into those that are known to be claimed and those that the store has to be asked for, and takes the
/// latter in hand.
fn look(
    keys: &[ClaimKey],
    signature: Option<ClaimKey>,
    settings: &Settings,
) -> (Table<ClaimKey, ()>, Vec<ClaimKey>) {
    let now = edge::now();
    let mut taken = Table::new();
    let mut asked = Vec::new();
    let mut seen = Table::new();
    state::recent(|recent| {
        for key in keys.iter().copied().chain(signature) {
            if !seen.insert(key, ()) {
                continue;
            }
            if recent.look(key, now, settings.window_ms) == Known::Claimed {
                taken.insert(key, ());
            } else {
                asked.push(key);
                if Some(key) != signature {
                    recent.start(key, now);
                }
            }
        }
    });
    (taken, asked)
}

/// Keys in hand; let go when the request ends without having made its events durable.
struct Held(Vec<ClaimKey>);

impl Held {
    fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.0.is_empty() {
            state::recent(|recent| self.0.iter().for_each(|key| recent.release(*key)));
        }
    }
}

/// Marks the claims in the store, after the answer.
fn mark(
    context: &Context,
    env: Env,
    settings: &'static Settings,
    claims: &[ClaimKey],
    signed: Option<ClaimKey>,
) {
    let keys: Vec<String> = claims.iter().map(|key| key.to_hex()).collect();
    let signed: Vec<String> = signed.iter().map(|key| key.to_hex()).collect();
    if keys.is_empty() && signed.is_empty() {
        return;
    }
    context.wait_until(async move {
        let mut failed = false;
        if !keys.is_empty() {
            failed |= edge::claim(&env, &keys, settings.window_ms / 1000)
                .await
                .is_err();
        }
        if !signed.is_empty() {
            failed |= edge::claim(&env, &signed, SIGNATURE_TTL_SECONDS)
                .await
                .is_err();
        }
        if failed {
            worker::console_warn!("claims were not stored; a later copy may pass");
        }
    });
}
